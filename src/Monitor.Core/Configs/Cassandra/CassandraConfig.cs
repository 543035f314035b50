using System.Text.Json;
using Monitor.Core.Configs.Tls;
using Monitor.Core.Probing;
using Monitor.Core.Schemas;
using Monitor.Core.Text;

namespace Monitor.Core.Configs.Cassandra;

/// <summary>What <c>cassandra</c> is told.</summary>
public sealed record CassandraConfig
{
    public required IReadOnlyList<NodeAddress> ContactPoints { get; init; }
    public IpFamily IpFamily { get; init; }

    /// <summary>Null: no login; a server that asks for one is then a failure.</summary>
    public string? Username { get; init; }

    public string? Password { get; init; }
    public TlsConfig? Tls { get; init; }

    /// <summary>Whether every node of the ring is asked itself, not only the contact points.</summary>
    public bool CheckPeers { get; init; } = true;

    /// <summary>Fewer nodes up is a failure; null: a majority of those ever reached from here.</summary>
    public int? MinNodesUp { get; init; }

    /// <summary>One SELECT; null: none.</summary>
    public string? Query { get; init; }

    public CqlConsistency Consistency { get; init; } = CqlConsistency.One;

    /// <summary>A release, or how it begins: <c>4.1</c> stands for every 4.1.x.</summary>
    public string? ExpectVersion { get; init; }

    public static readonly ObjectSchema Schema = new(
        CommonFields.Nodes("contact_points", new("Nodes to begin with, as host:port; the first that answers tells of the others.", "起始节点，格式 主机:端口；由最先应答者告知其余节点。")),
        CommonFields.IpFamily,
        new Field("username", new TextRule(1, 255)) { Description = new("User to log in as.", "登录用户名。") },
        new Field("password", new TextRule(0, 4096)) { Secret = true, Description = new("Password of the user.", "登录密码。") },
        TlsConfig.Field(),
        new Field("check_peers", new BooleanRule())
        {
            Default = "true",
            Description = new("Ask every node of the ring itself, over its native port.", "逐一连接环中每个节点的原生端口进行检查。"),
        },
        new Field("min_nodes_up", new IntegerRule(1, 10_000))
        {
            Description = new("Failure when fewer nodes are up; not set: a majority of the nodes ever reached from here.", "在线节点少于此数即为失败；未设置时为曾从此处连通过的节点的多数。"),
        },
        new Field("query", new TextRule(1, 4096, Multiline: true) { Check = SelectProblem })
        {
            Description = new("One SELECT in CQL that must succeed.", "必须成功的一条 CQL SELECT 语句。"),
        },
        new Field("consistency", new TextRule { OneOf = [.. ConsistencyNames.All] })
        {
            Default = "\"ONE\"",
            Description = new("Consistency level of the query.", "查询的一致性级别。"),
        },
        new Field("expect_version", new TextRule(1, 64) { Check = VersionProblem })
        {
            Description = new("Release that every node must have, or how it begins (4.1).", "每个节点必须是的版本或其开头（如 4.1）。"),
        });

    public static ConfigReading Read(JsonElement config)
    {
        var errors = new List<FieldError>();
        Schema.Validate(config, "", errors);
        TlsConfig.Check(config, errors);
        if (CommonFields.TextOrNull(config, "password") is not null && CommonFields.TextOrNull(config, "username") is null)
        {
            errors.Add(FieldError.At("username", "is required with password", "填写密码时必填"));
        }

        if (errors.Count > 0)
        {
            return ConfigReading.Refused(errors);
        }

        var values = new ConfigValues(config);
        var read = new CassandraConfig
        {
            ContactPoints = CommonFields.ReadNodes(values, "contact_points"),
            IpFamily = CommonFields.ReadIpFamily(values),
            Username = values.Text("username"),
            Password = values.Text("password"),
            Tls = TlsConfig.Read(values),
            CheckPeers = values.Flag("check_peers") ?? true,
            MinNodesUp = values.Int("min_nodes_up"),
            Query = values.Text("query")?.Trim().TrimEnd(';'),
            Consistency = ConsistencyNames.Read(values.Text("consistency") ?? "ONE"),
            ExpectVersion = values.Text("expect_version"),
        };
        return ConfigReading.Accepted(read, string.Join(", ", read.ContactPoints));
    }

    /// <summary>A probe never writes: whatever is no SELECT is refused here, before it can reach a server.</summary>
    private static LocalizedText? SelectProblem(string query)
    {
        var text = query.AsSpan().Trim();
        return text.StartsWith("SELECT", StringComparison.OrdinalIgnoreCase) && text.Length > 6 && (char.IsWhiteSpace(text[6]) || text[6] is '*' or '"' or '(')
            ? null
            : new LocalizedText("must be one SELECT statement: a probe never writes", "必须是一条 SELECT 语句：探测从不写入");
    }

    private static LocalizedText? VersionProblem(string version) =>
        char.IsAsciiDigit(version[0]) && version.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '~' or '+')
            ? null
            : new LocalizedText("must be a version like 4.1 or 5.0.6", "必须是版本号，如 4.1 或 5.0.6");
}
