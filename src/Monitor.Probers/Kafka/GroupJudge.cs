using Monitor.Core.Configs.Kafka;
using Monitor.Core.Probing;

namespace Monitor.Probers.Kafka;

/// <summary>Judges a group by its members, its offsets, and what the last probe saw. Pure.</summary>
public sealed class GroupJudge(KafkaConfig config, GroupSight sight, KafkaMemory memory, Findings findings)
{
    /// <summary>A group that does not come to rest for so many probes reads little or nothing.</summary>
    private const int RebalancingFor = 3;

    private readonly string _group = config.ConsumerGroup!;

    /// <summary>What to hand to the next probe; null: keep what there was, too little was seen.</summary>
    public KafkaMemory? Judge()
    {
        var description = sight.Description;
        if (description is not null)
        {
            findings.Metrics.Add(new Metric("group_state", description.State));
            findings.Metrics.Add(new Metric("members", description.Members));
        }

        if (description is { IsDead: true } && !sight.HasCommits)
        {
            findings.Failures.Add($"consumer group {_group} does not exist: it has neither members nor committed offsets");
            return null;
        }

        var rebalancing = Rebalancing(description);
        Topics();
        var lag = Lag();
        Members(description, lag);
        return lag is null ? null : Stalled(lag.Value) with { Rebalancing = rebalancing };
    }

    private int Rebalancing(GroupDescription? description)
    {
        if (description is null)
        {
            findings.Notes.Add("the brokers do not tell the state of groups");
        }

        if (description is not { IsRebalancing: true })
        {
            return 0;
        }

        var probes = memory.Rebalancing + 1;
        if (probes >= RebalancingFor)
        {
            findings.Warnings.Add($"group {_group} has been rebalancing for {probes} probes (state {description.State})");
        }

        return probes;
    }

    private void Topics()
    {
        foreach (var topic in sight.MissingTopics.Take(10))
        {
            if (config.Topics.Contains(topic, StringComparer.Ordinal))
            {
                findings.Failures.Add($"topic {topic} does not exist");
            }
            else
            {
                findings.Warnings.Add($"topic {topic}, to which the group has committed, does not exist any more: it is left out");
            }
        }

        if (sight.MissingPartitions.Count > 0)
        {
            findings.Warnings.Add($"the group has committed to partitions that do not exist any more ({Findings.List(sight.MissingPartitions, name => name)}): they are left out");
        }

        if (sight.HiddenTopics.Count > 0)
        {
            findings.Notes.Add($"not seen, Describe is not granted: {Findings.List(sight.HiddenTopics, name => name)}");
        }
    }

    /// <summary>The sum; null where a partition's is not known, because part of a sum would be taken for the whole.</summary>
    private long? Lag()
    {
        var partitions = sight.Partitions;
        var uncommitted = partitions.Count(partition => !partition.HasCommit);
        findings.Metrics.Add(new Metric("partitions", partitions.Count));
        findings.Metrics.Add(new Metric("partitions_without_commit", uncommitted));
        Offsets(partitions);
        if (partitions.Any(partition => !partition.IsKnown))
        {
            return null;
        }

        var (sum, most) = (0L, 0L);
        var byTopic = new SortedDictionary<string, double>(StringComparer.Ordinal);
        foreach (var partition in partitions)
        {
            sum += partition.Lag;
            most = Math.Max(most, partition.Lag);
            byTopic[partition.Topic] = byTopic.GetValueOrDefault(partition.Topic) + partition.Lag;
        }

        findings.Metrics.Add(new Metric("lag", sum));
        findings.Metrics.Add(new Metric("max_partition_lag", most));
        findings.Metrics.Add(new Metric("lag_by_topic", MetricValue.Of(byTopic)));
        Limits(sum, most);
        return sum;
    }

    private void Limits(long sum, long most)
    {
        if (sum > config.MaxLag)
        {
            findings.Failures.Add($"lag {sum} > max_lag {config.MaxLag} ({Worst()})");
        }
        else if (sum > config.WarnLag)
        {
            findings.Warnings.Add($"lag {sum} > warn_lag {config.WarnLag} ({Worst()})");
        }

        if (most > config.MaxPartitionLag)
        {
            findings.Failures.Add($"partition lag {most} > max_partition_lag {config.MaxPartitionLag} ({Worst(config.MaxPartitionLag.Value)})");
        }
    }

    /// <summary>Offsets that cannot be right.</summary>
    private void Offsets(IReadOnlyList<PartitionState> partitions)
    {
        Tell(partitions, partition => partition.IsKnown && partition.IsBeyondEnd, "committed offset beyond the log's end, the topic was re-created or truncated",
            partition => $"{partition}: committed {partition.Committed} > end {partition.HighWatermark}");
        Tell(partitions, partition => partition.IsKnown && partition.HasLost, "data lost, records were deleted before the group had read them",
            partition => $"{partition}: committed {partition.Committed} < log start {partition.Start}");
        Tell(partitions, partition => !partition.HasCommit && HadCommit(partition), "committed offset expired or deleted, the group had one before", partition => partition.ToString());
        Tell(partitions, partition => partition.IsKnown && partition.IsUncommittedWithRecords && !HadCommit(partition),
            "no committed offset (expired, or never committed) though there are records", partition => $"{partition}: {partition.HighWatermark - partition.Start}");
        if (partitions.Count == 0 && sight.MissingTopics.Count == 0)
        {
            findings.Warnings.Add($"group {_group} has no committed offset: they have expired, or it never committed one");
        }
    }

    private void Tell(IReadOnlyList<PartitionState> partitions, Func<PartitionState, bool> isSo, string what, Func<PartitionState, string> word)
    {
        var found = partitions.Where(isSo).ToArray();
        if (found.Length > 0)
        {
            findings.Warnings.Add($"{what} ({Findings.List(found, word)})");
        }
    }

    private bool HadCommit(PartitionState partition) => memory.Topics.TryGetValue(partition.Topic, out var topic) && topic.Partitions.Contains(partition.Id);

    private void Members(GroupDescription? description, long? lag)
    {
        if (description is not { Members: 0 })
        {
            return;
        }

        var text = $"group {_group} has no members (state {description.State}){(lag is { } known ? $", lag {known}" : "")}";
        if (config.ExpectMembers)
        {
            findings.Failures.Add(text);
        }
        else if (lag > 0)
        {
            findings.Warnings.Add(text);
        }
    }

    /// <summary>Judges whether anything moved since the last probe, and remembers.</summary>
    private KafkaMemory Stalled(long lag)
    {
        var fingerprint = KafkaMemory.FingerprintOf(sight.Partitions);
        var unmoved = lag > 0 && memory.Fingerprint == fingerprint ? memory.Unmoved + 1 : 0;
        if (config.StalledAfterProbes > 0 && unmoved >= config.StalledAfterProbes)
        {
            findings.Failures.Add($"stalled: lag {lag} and no committed offset moved in {unmoved} probes (stalled_after_probes {config.StalledAfterProbes}; {Worst()})");
        }

        return new KafkaMemory { Fingerprint = fingerprint, Unmoved = unmoved, Topics = Remembered() };
    }

    /// <summary>Topics with a commit now; those without one any more for a while longer, with the partitions that had one.</summary>
    private Dictionary<string, RememberedTopic> Remembered()
    {
        var topics = new Dictionary<string, RememberedTopic>(StringComparer.Ordinal);
        foreach (var partition in sight.Partitions)
        {
            if (partition.Id >= 0 && (partition.HasCommit || HadCommit(partition)))
            {
                var known = topics.GetValueOrDefault(partition.Topic) ?? new RememberedTopic([], memory.Topics.GetValueOrDefault(partition.Topic)?.Gone + 1 ?? 0);
                known.Partitions.Add(partition.Id);
                topics[partition.Topic] = partition.HasCommit ? known with { Gone = 0 } : known;
            }
        }

        foreach (var topic in sight.MissingTopics)
        {
            var before = memory.Topics.GetValueOrDefault(topic);
            topics[topic] = new RememberedTopic(before?.Partitions ?? [], (before?.Gone ?? 0) + 1);
        }

        return topics.Where(topic => topic.Value.Gone < KafkaMemory.ToldFor).ToDictionary(StringComparer.Ordinal);
    }

    private string Worst(long above = 0) =>
        Findings.List(
            [.. sight.Partitions.Where(partition => partition.Lag > above).OrderByDescending(partition => partition.Lag)], partition => $"{partition}: {partition.Lag}");
}
