using System.Text.Json;
using Monitor.Core.Configs.Tls;
using Monitor.Core.Schemas;
using Monitor.Core.Text;

namespace Monitor.Core.Configs.Redis;

public sealed partial record RedisConfig
{
    public static readonly ObjectSchema Schema = new(
        CommonFields.Host(directsSecrets: true) with { Required = false },
        CommonFields.Nodes("nodes", new("Several contact points instead of host: members of a cluster, sentinels, or servers.", "代替 host 的多个接入点：集群节点、哨兵或服务器。"), required: false),
        CommonFields.Port(directsSecrets: true, DefaultPort),
        CommonFields.IpFamily,
        new Field("mode", new TextRule { OneOf = ["auto", "standalone", "cluster", "sentinel"] })
        {
            Default = "\"auto\"",
            DirectsSecrets = true,
            Description = new("What is watched; auto asks the server.", "监控对象的类型；auto 表示由服务器告知。"),
        },
        new Field("username", new TextRule(1, 255)) { Description = new("User of the ACL (Redis 6 and newer).", "ACL 用户（Redis 6 及以上）。") },
        new Field("password", new TextRule(1, 4096)) { Secret = true, Description = new("Password of the servers.", "服务器密码。") },
        new Field("database", new IntegerRule(0, 1_000_000)) { Default = "0", Description = new("Database to select.", "要选择的数据库编号。") },
        new Field("master_name", new TextRule(1, 255))
        {
            DirectsSecrets = true,
            Description = new("What the sentinels call the master; not needed where they watch only one.", "哨兵中主节点的名称；只监控一个主节点时可省略。"),
        },
        new Field("sentinel_password", new TextRule(1, 4096)) { Secret = true, Description = new("Password of the sentinels themselves.", "哨兵自身的密码。") },
        TlsConfig.Field(),
        new Field("expect_role", new TextRule { OneOf = ["master", "replica"] }) { Description = new("Failure when the server has another role.", "服务器角色不符即为失败。") },
        Percent("warn_memory_percent", new("Warning when more than this of maxmemory is used.", "已用内存占 maxmemory 的百分比超过此值即为警告。")),
        Percent("warn_clients_percent", new("Warning when more than this of maxclients are connected.", "连接数占 maxclients 的百分比超过此值即为警告。")),
        new Field("warn_replication_lag_bytes", new IntegerRule(0, long.MaxValue / 2))
        {
            Description = new("Warning when a replica is behind its master by more bytes.", "副本落后主节点的字节数超过此值即为警告。"),
        },
        new Field("min_replicas", new IntegerRule(0, 1000))
        {
            Description = new("Failure when the master (in a cluster: any master with slots) has fewer working replicas.", "主节点（集群中为任一持有槽位的主节点）可用副本少于此值即为失败。"),
        },
        new Field("min_nodes", new IntegerRule(0, 1000)) { Description = new("Failure when fewer nodes are up.", "在线节点少于此值即为失败。") });

    private static Field Percent(string name, LocalizedText description) =>
        new(name, new NumberRule(0, 100)) { Default = "90", Description = description };

    /// <summary>What no single field can know. The config may not have passed its schema.</summary>
    private static void CheckTogether(JsonElement config, List<FieldError> errors)
    {
        if (config.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        if (!Given(config, "host") && !Given(config, "nodes"))
        {
            errors.Add(FieldError.At("host", "is required, or nodes", "host 与 nodes 必须填写其一"));
        }
        else if (Given(config, "host") && Given(config, "nodes"))
        {
            errors.Add(FieldError.At("nodes", "cannot be used together with host", "不能与 host 同时使用"));
        }
        else if (Given(config, "nodes") && Given(config, "port"))
        {
            errors.Add(FieldError.At("port", "belongs to host; each of nodes has its own", "仅用于 host；nodes 中每项自带端口"));
        }

        CheckMode(config, CommonFields.TextOrNull(config, "mode") ?? "auto", errors);
    }

    private static void CheckMode(JsonElement config, string mode, List<FieldError> errors)
    {
        if (mode == "cluster" && config.TryGetProperty("database", out var database) && database.ValueKind == JsonValueKind.Number
            && database.TryGetInt64(out var number) && number > 0)
        {
            errors.Add(FieldError.At("database", "a cluster has database 0 only", "集群只有 0 号数据库"));
        }

        foreach (var name in mode is "standalone" or "cluster" ? new[] { "master_name", "sentinel_password" } : [])
        {
            if (Given(config, name))
            {
                errors.Add(FieldError.At(name, $"has no meaning with mode {mode}", $"在 {mode} 模式下无效"));
            }
        }
    }

    private static bool Given(JsonElement config, string name) => config.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;
}
