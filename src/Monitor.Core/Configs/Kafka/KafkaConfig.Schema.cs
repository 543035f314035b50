using System.Text.Json;
using System.Text.RegularExpressions;
using Monitor.Core.Configs.Tls;
using Monitor.Core.Schemas;
using Monitor.Core.Text;

namespace Monitor.Core.Configs.Kafka;

public sealed partial record KafkaConfig
{
    private const long MostRecords = 1_000_000_000_000_000;

    public static readonly ObjectSchema Schema = new(
        CommonFields.Nodes("bootstrap_servers", new("Brokers to begin with, host:port; one that answers is enough.", "初始连接的 broker，主机:端口；有一个应答即可。")),
        new Field("consumer_group", new TextRule(1, 1000))
        {
            Description = new("Consumer group whose lag is judged; without it the cluster is.", "要检查积压的消费组；不填则检查集群本身。"),
        },
        new Field("topics", new ListRule(new TextRule(1, 249) { Check = TopicProblem }, 0, 200))
        {
            Default = "[]",
            Description = new("Only these topics; empty: all that the group has committed to.", "只检查这些主题；为空则检查消费组提交过的全部主题。"),
        },
        Limit("max_lag", new("Failure when the group's lag, summed over partitions, is above this.", "消费组总积压超过此值即为失败。")),
        Limit("warn_lag", new("Warning when the group's lag, summed over partitions, is above this.", "消费组总积压超过此值即为警告。")),
        Limit("max_partition_lag", new("Failure when the lag of one partition is above this.", "任一分区积压超过此值即为失败。")),
        new Field("stalled_after_probes", new IntegerRule(0, 10_000))
        {
            Default = "10",
            Description = new(
                "Failure when there is lag and no committed offset moved in this many probes; 0: off.", "存在积压且连续这么多次探测没有任何提交位移前进即为失败；0 表示关闭。"),
        },
        new Field("expect_members", new BooleanRule())
        {
            Default = "false",
            Description = new("Failure when the group has no members; false: warning when it lags as well.", "消费组没有成员即为失败；false 则仅在同时存在积压时警告。"),
        },
        new Field("isolation", new TextRule { OneOf = ["read_uncommitted", "read_committed"] })
        {
            Default = "\"read_uncommitted\"",
            Description = new("What counts as the end of a log: read_committed leaves out open transactions.", "日志末端的口径：read_committed 不计未完成的事务。"),
        },
        new Field("expected_brokers", new IntegerRule(1, 10_000)) { Description = new("Warning when there are fewer brokers.", "broker 数量少于此值即为警告。") },
        new Field("min_brokers", new IntegerRule(1, 10_000)) { Description = new("Failure when there are fewer brokers.", "broker 数量少于此值即为失败。") },
        new Field("sasl_mechanism", new TextRule { OneOf = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] })
        {
            DirectsSecrets = true,
            Description = new("How to log in; without it there is no login.", "登录方式；不填则不登录。"),
        },
        new Field("username", new TextRule(1, 1000)) { DirectsSecrets = true, Description = new("User to log in as.", "登录用户名。") },
        new Field("password", new TextRule(1, 4096)) { Secret = true, Description = new("Password to log in with.", "登录密码。") },
        CommonFields.IpFamily,
        TlsConfig.Field());

    /// <summary>Limits of a group that is not named would be checked by nothing: a silent one is worse than none.</summary>
    private static readonly string[] OfTheGroup = ["max_lag", "warn_lag", "max_partition_lag"];

    private static readonly string[] OfTheLogin = ["sasl_mechanism", "username", "password"];

    private static Field Limit(string name, LocalizedText description) => new(name, new IntegerRule(0, MostRecords)) { Description = description };

    private static LocalizedText? TopicProblem(string name) => name is not ("." or "..") && TopicName().IsMatch(name)
        ? null
        : new LocalizedText("is not a topic name: letters, digits, dots, dashes and underscores only", "不是有效的主题名：只能包含字母、数字、点、短横线和下划线");

    /// <summary>What no single field can know. Runs beside the schema, so that every problem is told at once.</summary>
    private static void CheckTogether(JsonElement config, List<FieldError> errors)
    {
        if (config.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        if (!IsSet(config, "consumer_group") && OfTheGroup.FirstOrDefault(name => IsSet(config, name)) is { } limit)
        {
            errors.Add(FieldError.At("consumer_group", $"is required with {limit}", $"填写 {limit} 时必填"));
        }
        else if (!IsSet(config, "consumer_group") && config.TryGetProperty("expect_members", out var members) && members.ValueKind == JsonValueKind.True)
        {
            errors.Add(FieldError.At("consumer_group", "is required with expect_members", "填写 expect_members 时必填"));
        }

        if (OfTheLogin.FirstOrDefault(name => IsSet(config, name)) is { } given)
        {
            foreach (var missing in OfTheLogin.Where(name => !IsSet(config, name)))
            {
                errors.Add(FieldError.At(missing, $"is required with {given}", $"填写 {given} 时必填"));
            }
        }
    }

    private static bool IsSet(JsonElement config, string name) => config.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;

    [GeneratedRegex("^[A-Za-z0-9._-]+$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, Timeout.Infinite)]
    private static partial Regex TopicName();
}
