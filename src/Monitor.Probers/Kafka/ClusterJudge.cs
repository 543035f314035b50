using Monitor.Core.Configs.Kafka;
using Monitor.Core.Probing;

namespace Monitor.Probers.Kafka;

/// <summary>Judges brokers, controller and partitions by what the metadata says and by who could be reached. Pure.</summary>
public static class ClusterJudge
{
    /// <param name="unreached">Brokers that the metadata lists and that could not be spoken to, with the reason.</param>
    /// <param name="topics">The topics that matter to this target.</param>
    public static void Judge(
        KafkaConfig config, ClusterMetadata cluster, IReadOnlyDictionary<int, string> unreached, IReadOnlyList<TopicMetadata> topics, Findings findings)
    {
        Brokers(config, cluster, unreached, findings);
        var (offline, lacking) = (new List<string>(), new List<string>());
        var (absent, behind) = (new SortedDictionary<int, int>(), new SortedSet<int>());
        foreach (var topic in topics.OrderBy(topic => topic.Name, StringComparer.Ordinal))
        {
            foreach (var partition in topic.Partitions)
            {
                Partition(cluster, topic, partition, offline, lacking, absent, behind);
            }
        }

        if (offline.Count > 0)
        {
            findings.Failures.Add($"{Findings.Count(offline.Count, "partition")} without leader ({Findings.List(offline, name => name)})");
        }

        foreach (var (broker, replicas) in absent)
        {
            findings.Warnings.Add($"broker {broker} is missing: it should hold replicas of {Findings.Count(replicas, "partition")}");
        }

        if (lacking.Count > 0)
        {
            findings.Warnings.Add(
                $"{Findings.Count(lacking.Count, "partition")} under-replicated ({Findings.List(lacking, name => name)}): not in sync on {Brokers(behind)}");
        }

        findings.Metrics.Add(new Metric("offline_partitions", offline.Count));
        findings.Metrics.Add(new Metric("under_replicated_partitions", lacking.Count));
    }

    private static void Brokers(KafkaConfig config, ClusterMetadata cluster, IReadOnlyDictionary<int, string> unreached, Findings findings)
    {
        var brokers = cluster.Brokers.Count - unreached.Count;
        findings.Metrics.Add(new Metric("brokers", brokers));
        if (cluster.ControllerId < 0)
        {
            findings.Failures.Add("the cluster has no controller");
        }

        if (brokers < config.MinBrokers)
        {
            findings.Failures.Add($"brokers {brokers} < min_brokers {config.MinBrokers}{Unreached(unreached)}");
        }

        if (brokers < config.ExpectedBrokers)
        {
            findings.Warnings.Add($"brokers {brokers} < expected_brokers {config.ExpectedBrokers}");
        }

        foreach (var (broker, reason) in unreached.OrderBy(broker => broker.Key).Take(10))
        {
            findings.Warnings.Add($"broker {broker} cannot be reached at its advertised address {cluster.Brokers[broker]}: {reason}");
        }

        foreach (var shared in cluster.Brokers.GroupBy(broker => broker.Value, broker => broker.Key).Where(shared => shared.Count() > 1))
        {
            findings.Warnings.Add($"brokers {string.Join(" and ", shared.Order())} advertise the same address {shared.Key}");
        }
    }

    private static void Partition(
        ClusterMetadata cluster, TopicMetadata topic, PartitionMetadata partition, List<string> offline, List<string> lacking,
        SortedDictionary<int, int> absent, SortedSet<int> behind)
    {
        foreach (var replica in partition.Replicas)
        {
            if (!cluster.Brokers.ContainsKey(replica))
            {
                absent[replica] = absent.GetValueOrDefault(replica) + 1;
            }
        }

        if (partition.Leader < 0)
        {
            offline.Add($"{topic.Name}/{partition.Id}: replicas on {Brokers(partition.Replicas)}");
        }

        if (partition.IsUnderReplicated)
        {
            lacking.Add($"{topic.Name}/{partition.Id}");
            behind.UnionWith(partition.Replicas.Except(partition.InSync));
        }
    }

    private static string Brokers(IReadOnlyCollection<int> ids) => $"{(ids.Count == 1 ? "broker" : "brokers")} {Findings.List(ids, id => Findings.Number(id))}";

    private static string Unreached(IReadOnlyDictionary<int, string> unreached) => unreached.Count == 0
        ? ""
        : $" ({Findings.List([.. unreached.OrderBy(broker => broker.Key)], broker => $"broker {broker.Key}: {broker.Value}")})";
}
