using System.Text.Json;
using Monitor.Core.Configs.Tls;
using Monitor.Core.Probing;
using Monitor.Core.Schemas;

namespace Monitor.Core.Configs.Redis;

/// <summary>What <c>redis</c> is told. Percentages 0-100.</summary>
public sealed partial record RedisConfig
{
    public const int DefaultPort = 6379;

    /// <summary>The contact points, at least one: servers, members of the cluster, or sentinels.</summary>
    public required IReadOnlyList<NodeAddress> Nodes { get; init; }

    public IpFamily IpFamily { get; init; }
    public RedisMode Mode { get; init; }

    /// <summary>Of the ACL (6.0 and newer); null: the server's one password.</summary>
    public string? Username { get; init; }

    public string? Password { get; init; }
    public int Database { get; init; }

    /// <summary>What the sentinels call the master; null: the only one that they watch.</summary>
    public string? MasterName { get; init; }

    /// <summary>Of the sentinels themselves; <see cref="Password"/> is that of the servers behind them.</summary>
    public string? SentinelPassword { get; init; }

    public TlsConfig? Tls { get; init; }
    public RedisRole? ExpectRole { get; init; }
    public double WarnMemoryPercent { get; init; } = 90;
    public double WarnClientsPercent { get; init; } = 90;
    public long? WarnReplicationLagBytes { get; init; }
    public int? MinReplicas { get; init; }
    public int? MinNodes { get; init; }

    /// <summary>Texts that no message may show: a server may send back what it was sent.</summary>
    public IReadOnlyList<string> Secrets { get; init; } = [];

    public static ConfigReading Read(JsonElement config)
    {
        var errors = new List<FieldError>();
        Schema.Validate(config, "", errors);
        TlsConfig.Check(config, errors);
        CheckTogether(config, errors);
        if (errors.Count > 0)
        {
            return ConfigReading.Refused(errors);
        }

        var read = Accepted(new ConfigValues(config));
        return ConfigReading.Accepted(read, string.Join(", ", read.Nodes.Select(node => node.ToString())));
    }

    private static RedisConfig Accepted(ConfigValues values)
    {
        var (password, sentinelPassword) = (values.Text("password"), values.Text("sentinel_password"));
        return new RedisConfig
        {
            Nodes = values.Text("host") is { } host ? [new NodeAddress(host, values.Int("port") ?? DefaultPort)] : CommonFields.ReadNodes(values, "nodes"),
            IpFamily = CommonFields.ReadIpFamily(values),
            Mode = values.Text("mode") switch
            {
                "standalone" => RedisMode.Standalone,
                "cluster" => RedisMode.Cluster,
                "sentinel" => RedisMode.Sentinel,
                _ => RedisMode.Auto,
            },
            Username = values.Text("username"),
            Password = password,
            Database = values.Int("database") ?? 0,
            MasterName = values.Text("master_name"),
            SentinelPassword = sentinelPassword,
            Tls = TlsConfig.Read(values),
            ExpectRole = values.Text("expect_role") switch
            {
                "master" => RedisRole.Master,
                "replica" => RedisRole.Replica,
                _ => null,
            },
            WarnMemoryPercent = values.Number("warn_memory_percent") ?? 90,
            WarnClientsPercent = values.Number("warn_clients_percent") ?? 90,
            WarnReplicationLagBytes = values.Long("warn_replication_lag_bytes"),
            MinReplicas = values.Int("min_replicas"),
            MinNodes = values.Int("min_nodes"),
            Secrets = [.. new[] { password, sentinelPassword }.OfType<string>().OrderByDescending(secret => secret.Length)],
        };
    }
}

/// <summary>What kind of service stands behind the contact points.</summary>
public enum RedisMode
{
    /// <summary>The server is asked.</summary>
    Auto,
    Standalone,
    Cluster,
    Sentinel,
}

public enum RedisRole
{
    Master,
    Replica,
}
