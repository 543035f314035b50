using System.Globalization;
using System.Text.Json;
using Monitor.Core.Configs.Tls;
using Monitor.Core.Probing;
using Monitor.Core.Schemas;

namespace Monitor.Core.Configs.Kafka;

/// <summary>What <c>kafka</c> is told: a cluster, or the lag of one consumer group.</summary>
public sealed partial record KafkaConfig
{
    public required IReadOnlyList<NodeAddress> BootstrapServers { get; init; }
    public IpFamily IpFamily { get; init; }

    /// <summary>Null: the cluster itself is judged.</summary>
    public string? ConsumerGroup { get; init; }

    /// <summary>Empty: all that the group has committed to; without a group all that the user may describe.</summary>
    public IReadOnlyList<string> Topics { get; init; } = [];

    /// <summary>Of the sum, in records.</summary>
    public long? MaxLag { get; init; }

    public long? WarnLag { get; init; }
    public long? MaxPartitionLag { get; init; }

    /// <summary>0: not judged.</summary>
    public int StalledAfterProbes { get; init; } = 10;

    public bool ExpectMembers { get; init; }

    /// <summary>The end of a log is its last stable offset: an open transaction does not count.</summary>
    public bool ReadCommitted { get; init; }

    public int? ExpectedBrokers { get; init; }
    public int? MinBrokers { get; init; }

    /// <summary>Null: no login.</summary>
    public KafkaLogin? Login { get; init; }

    public TlsConfig? Tls { get; init; }

    public static ConfigReading Read(JsonElement config)
    {
        var errors = new List<FieldError>();
        Schema.Validate(config, "", errors);
        CheckTogether(config, errors);
        TlsConfig.Check(config, errors);
        if (errors.Count > 0)
        {
            return ConfigReading.Refused(errors);
        }

        var values = new ConfigValues(config);
        var read = new KafkaConfig
        {
            BootstrapServers = CommonFields.ReadNodes(values, "bootstrap_servers"),
            IpFamily = CommonFields.ReadIpFamily(values),
            ConsumerGroup = values.Text("consumer_group"),
            Topics = [.. values.TextList("topics").Distinct(StringComparer.Ordinal)],
            MaxLag = values.Long("max_lag"),
            WarnLag = values.Long("warn_lag"),
            MaxPartitionLag = values.Long("max_partition_lag"),
            StalledAfterProbes = values.Int("stalled_after_probes") ?? 10,
            ExpectMembers = values.Flag("expect_members") ?? false,
            ReadCommitted = values.Text("isolation") == "read_committed",
            ExpectedBrokers = values.Int("expected_brokers"),
            MinBrokers = values.Int("min_brokers"),
            Login = values.Text("sasl_mechanism") is { } mechanism ? new KafkaLogin(mechanism, values.Text("username")!, values.Text("password")!) : null,
            Tls = TlsConfig.Read(values),
        };
        return ConfigReading.Accepted(read, EndpointOf(read));
    }

    private static string EndpointOf(KafkaConfig config)
    {
        const int shown = 3;
        var servers = string.Join(", ", config.BootstrapServers.Take(shown));
        var more = config.BootstrapServers.Count - shown;
        return servers + (more > 0 ? string.Create(CultureInfo.InvariantCulture, $" and {more} more") : "") + (config.ConsumerGroup is { } group ? $" {group}" : "");
    }
}

/// <summary>How the probe logs in.</summary>
/// <param name="Mechanism"><c>PLAIN</c>, <c>SCRAM-SHA-256</c>, <c>SCRAM-SHA-512</c>.</param>
public sealed record KafkaLogin(string Mechanism, string Username, string Password)
{
    /// <summary>Without the password: records print all they hold.</summary>
    public override string ToString() => $"{Mechanism} {Username}";
}
