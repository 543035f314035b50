using System.Text.Json;
using Monitor.Core.Configs.Kafka;
using Monitor.Core.Probing;
using Monitor.Core.Schemas;
using Monitor.Core.Text;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Kafka;

/// <summary>Judges a cluster by its metadata, or the lag of one consumer group. Reads only: it joins no group, creates no topic, commits nothing.</summary>
public sealed class KafkaProber(Dialer dialer, TimeProvider time) : IProber
{
    public string Type => "kafka";

    public LocalizedText Name { get; } = new("Kafka", "Kafka");

    public ObjectSchema Schema => KafkaConfig.Schema;

    public ConfigReading Read(JsonElement config) => KafkaConfig.Read(config);

    public ValueTask<ProbeResult> ProbeAsync(ProbeRequest request, CancellationToken cancellationToken)
    {
        var config = (KafkaConfig)request.Config;
        var memory = request.Memory;
        return new ProbeRun(time, request.Timeout).GuardAsync((run, token) => StepsAsync(run, config, memory, token), cancellationToken);
    }

    private async ValueTask<ProbeResult> StepsAsync(ProbeRun run, KafkaConfig config, ReadOnlyMemory<byte> memory, CancellationToken cancellationToken)
    {
        await using var door = new BrokerDoor(dialer, config);
        var findings = new Findings();
        var seed = await Seed.FindAsync(run, door, config, findings, cancellationToken);
        if (seed.Fault is { } unanswered)
        {
            return run.Failed(unanswered);
        }

        if (config.ConsumerGroup is null)
        {
            return await new ClusterProbe(run, door, config, seed.Value!, findings).RunAsync(cancellationToken);
        }

        door.GiveBack(seed.Value!.Link);
        return await new GroupProbe(run, door, config, seed.Value, findings).RunAsync(memory, cancellationToken);
    }

    /// <summary>A named topic that cannot be judged.</summary>
    internal static WireFault? TopicFault(KafkaConfig config, ClusterMetadata cluster)
    {
        foreach (var topic in cluster.Topics.Where(topic => config.Topics.Contains(topic.Name, StringComparer.Ordinal)))
        {
            if (topic.Error == KafkaError.TopicAuthorizationFailed)
            {
                return new WireFault(
                    FailureStage.Authentication,
                    $"not allowed to see topic {topic.Name}: Describe on it is not granted to {config.Login?.Username ?? "this user"} (TOPIC_AUTHORIZATION_FAILED)");
            }

            if (config.ConsumerGroup is null && topic.Error == KafkaError.UnknownTopicOrPartition)
            {
                return new WireFault(FailureStage.Assertion, $"topic {topic.Name} does not exist");
            }
        }

        return null;
    }

    internal static ProbeResult Verdict(ProbeRun run, Findings findings)
    {
        var warnings = (IReadOnlyList<string>)[.. run.Warnings, .. findings.Warnings];
        var result = findings.Failures.Count > 0
            ? run.Failed(new WireFault(FailureStage.Assertion, string.Join("; ", findings.Failures)), findings.Metrics)
            : ProbeResult.Ok(run.Metrics(findings.Metrics), warnings);
        return result with { Notes = findings.Notes, Latency = run.Elapsed };
    }
}
