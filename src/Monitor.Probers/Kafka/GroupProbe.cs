using Monitor.Core.Configs.Kafka;
using Monitor.Core.Probing;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Kafka;

/// <summary>The steps for one group: its coordinator, its topics, their leaders, the verdict.</summary>
public sealed class GroupProbe(ProbeRun run, BrokerDoor door, KafkaConfig config, Seed seed, Findings findings)
{
    private readonly LagSteps _lag = new(run, door, config, seed);

    public async ValueTask<ProbeResult> RunAsync(ReadOnlyMemory<byte> stored, CancellationToken cancellationToken)
    {
        if (KafkaProber.TopicFault(config, seed.Cluster) is { } hidden)
        {
            return run.Failed(hidden);
        }

        var about = KafkaMemory.About(config.ConsumerGroup!, config.Topics);
        var memory = KafkaMemory.Read(stored.Span, about);
        var named = config.Topics.Count > 0 ? seed.Cluster.Topics.Where(topic => topic.Error == KafkaError.None && config.Topics.Contains(topic.Name, StringComparer.Ordinal)).ToArray() : null;
        var asked = await new GroupSteps(run, door, config, seed).AskAsync(named, cancellationToken);
        if (asked.Fault is { } away)
        {
            return run.Failed(away);
        }

        var group = asked.Value!;
        if (group.Description is { IsDead: true } && group.Kind is { } kind && kind is not ("classic" or "consumer"))
        {
            return run.Failed(new WireFault(FailureStage.Assertion, $"{config.ConsumerGroup} is a {kind} group, not a consumer group: it has no committed offsets to judge"));
        }

        var topics = Topics(group, memory);
        if (named is null && topics.Count > 0 && await _lag.AskTopicsAsync(topics, cancellationToken) is { Fault: { } silent })
        {
            return run.Failed(silent);
        }

        var partitions = Partitions(group.Offsets, out var missingPartitions);
        if (Hidden(group.Offsets) is { } denied)
        {
            return run.Failed(denied);
        }

        var fault = await _lag.AskAsync(partitions, topics, cancellationToken);
        return fault is not null
            ? run.Failed(fault, StateOf(group.Description))
            : Judged(group.Description, partitions, missingPartitions, memory, about);
    }

    private ProbeResult Judged(GroupDescription? description, List<PartitionState> partitions, List<string> missingPartitions, KafkaMemory memory, ulong about)
    {
        // Deleted between metadata and offsets.
        missingPartitions.AddRange(partitions.Where(partition => partition.Error == KafkaError.UnknownTopicOrPartition).Select(partition => partition.ToString()));
        partitions.RemoveAll(partition => partition.Error == KafkaError.UnknownTopicOrPartition);
        var cluster = _lag.Cluster;
        var sight = new GroupSight
        {
            Description = description,
            Partitions = partitions,
            MissingPartitions = missingPartitions,
            MissingTopics = [.. cluster.Topics.Where(topic => topic.Error == KafkaError.UnknownTopicOrPartition).Select(topic => topic.Name)],
            HiddenTopics = [.. cluster.Topics.Where(topic => topic.Error == KafkaError.TopicAuthorizationFailed).Select(topic => topic.Name)],
        };
        var next = new GroupJudge(config, sight, memory, findings).Judge();
        ClusterJudge.Judge(config, cluster, new Dictionary<int, string>(0), cluster.Topics, findings);
        return KafkaProber.Verdict(run, findings) with { Memory = next?.Write(about) };
    }

    /// <summary>What matters to the group: what it has committed to, what its members read, and what it had committed to when it was last looked at.</summary>
    private IReadOnlyList<string> Topics(GroupAnswer group, KafkaMemory memory) => config.Topics.Count > 0
        ? config.Topics
        : [.. group.Offsets.Topics.Select(topic => topic.Name).Concat(group.Description?.Assigned.Keys ?? []).Concat(memory.Topics.Keys).Distinct(StringComparer.Ordinal)];

    /// <summary>Every partition of those topics, with what was committed to it.</summary>
    private List<PartitionState> Partitions(CommittedOffsets offsets, out List<string> missing)
    {
        var committed = new Dictionary<(string, int), long>();
        foreach (var topic in offsets.Topics)
        {
            foreach (var partition in topic.Partitions)
            {
                if (partition.Offset >= 0)
                {
                    committed[(topic.Name, partition.Id)] = partition.Offset;
                }
            }
        }

        var partitions = new List<PartitionState>();
        foreach (var topic in _lag.Cluster.Topics.OrderBy(topic => topic.Name, StringComparer.Ordinal))
        {
            foreach (var partition in topic.Partitions)
            {
                var offset = committed.Remove((topic.Name, partition.Id), out var known) ? known : -1;
                partitions.Add(new PartitionState(topic.Name, partition.Id) { Leader = partition.Leader, Committed = offset });
            }
        }

        var gone = _lag.Cluster.Topics.Where(topic => topic.Error != KafkaError.None).Select(topic => topic.Name).ToHashSet(StringComparer.Ordinal);
        missing = [.. committed.Keys.Where(key => !gone.Contains(key.Item1)).Select(key => new PartitionState(key.Item1, key.Item2).ToString()).Order(StringComparer.Ordinal)];
        return partitions;
    }

    private WireFault? Hidden(CommittedOffsets offsets)
    {
        foreach (var topic in offsets.Topics)
        {
            foreach (var partition in topic.Partitions)
            {
                if (partition.Error == KafkaError.TopicAuthorizationFailed)
                {
                    return new WireFault(FailureStage.Authentication, $"not allowed to see topic {topic.Name}: Describe on it is not granted to {config.Login?.Username ?? "this user"} (TOPIC_AUTHORIZATION_FAILED)");
                }

                if (partition.Error is not (KafkaError.None or KafkaError.UnknownTopicOrPartition))
                {
                    return WireFault.Protocol($"the coordinator did not tell what is committed to {topic.Name}/{partition.Id}: {KafkaError.Words(partition.Error)}");
                }
            }
        }

        return null;
    }

    private static IReadOnlyList<Metric>? StateOf(GroupDescription? description) =>
        description is null ? null : [new Metric("group_state", description.State), new Metric("members", description.Members)];
}
