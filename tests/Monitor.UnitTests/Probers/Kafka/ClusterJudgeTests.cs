using Monitor.Core.Configs;
using Monitor.Core.Configs.Kafka;
using Monitor.Probers.Kafka;
using Xunit;

namespace Monitor.UnitTests.Probers.Kafka;

public sealed class ClusterJudgeTests
{
    private static readonly Dictionary<int, string> All = [];

    [Fact]
    public void A_whole_cluster_is_fine()
    {
        var findings = Judge(Config(expected: 3, min: 3), Cluster(3, 0, Partition(0, 0, [0, 1, 2], [0, 1, 2])), All);
        Assert.Empty(findings.Failures);
        Assert.Empty(findings.Warnings);
        Assert.Equal([("brokers", 3d), ("offline_partitions", 0d), ("under_replicated_partitions", 0d)], Numbers(findings));
    }

    [Fact]
    public void A_broker_that_has_left_is_known_by_the_replicas_it_should_hold()
    {
        var findings = Judge(Config(), Cluster(2, 0, Partition(0, 0, [0, 1, 2], [0, 1]), Partition(1, 1, [1, 2], [1])), All);
        Assert.Equal(
            ["broker 2 is missing: it should hold replicas of 2 partitions", "2 partitions under-replicated (orders/0, orders/1): not in sync on broker 2"], findings.Warnings);
    }

    [Fact]
    public void A_partition_without_leader_is_a_failure_that_says_where_it_lies()
    {
        var findings = Judge(Config(), Cluster(2, 0, Partition(0, 0, [0], [0]), Partition(1, -1, [2], [2])), All);
        Assert.Equal(["1 partition without leader (orders/1: replicas on broker 2)"], findings.Failures);
        Assert.Contains(("offline_partitions", 1d), Numbers(findings));
    }

    [Fact]
    public void No_controller_is_a_failure() => Assert.Equal(["the cluster has no controller"], Judge(Config(), Cluster(1, -1), All).Failures);

    [Fact]
    public void Fewer_brokers_than_expected_warn_and_fewer_than_the_minimum_fail()
    {
        Assert.Equal(["brokers 2 < expected_brokers 3"], Judge(Config(expected: 3), Cluster(2, 0), All).Warnings);
        Assert.Equal(["brokers 2 < min_brokers 3"], Judge(Config(min: 3), Cluster(2, 0), All).Failures);
    }

    [Fact]
    public void A_broker_that_cannot_be_reached_does_not_count_and_its_advertised_address_is_named()
    {
        var unreached = new Dictionary<int, string> { [1] = "connect: connection refused (10.0.0.1:1)" };
        var findings = Judge(Config(expected: 2, min: 2), Cluster(2, 0), unreached);
        Assert.Equal(["brokers 1 < min_brokers 2 (broker 1: connect: connection refused (10.0.0.1:1))"], findings.Failures);
        Assert.Contains("broker 1 cannot be reached at its advertised address kafka-1:9092: connect: connection refused (10.0.0.1:1)", findings.Warnings);
    }

    [Fact]
    public void Two_brokers_that_advertise_one_address_are_told()
    {
        var cluster = Cluster(2, 0) with { Brokers = new Dictionary<int, NodeAddress> { [0] = new("localhost", 9092), [1] = new("localhost", 9092) } };
        Assert.Equal(["brokers 0 and 1 advertise the same address localhost:9092"], Judge(Config(), cluster, All).Warnings);
    }

    [Fact]
    public void A_message_does_not_grow_with_the_cluster()
    {
        var findings = Judge(Config(), Cluster(1, 0, [.. Enumerable.Range(0, 1000).Select(id => Partition(id, -1, [id + 10], []))]), All);
        Assert.All(findings.Failures.Concat(findings.Warnings), text => Assert.InRange(text.Length, 1, 300));
        Assert.Contains("and 995 more", findings.Failures[0], StringComparison.Ordinal);
    }

    private static Findings Judge(KafkaConfig config, ClusterMetadata cluster, Dictionary<int, string> unreached)
    {
        var findings = new Findings();
        ClusterJudge.Judge(config, cluster, unreached, cluster.Topics, findings);
        return findings;
    }

    private static KafkaConfig Config(int? expected = null, int? min = null) => new() { BootstrapServers = [], ExpectedBrokers = expected, MinBrokers = min };

    private static ClusterMetadata Cluster(int brokers, int controller, params PartitionMetadata[] partitions) => new(
        Enumerable.Range(0, brokers).ToDictionary(id => id, id => new NodeAddress($"kafka-{id}", 9092)), controller, [new TopicMetadata("orders", 0, false, partitions)]);

    private static PartitionMetadata Partition(int id, int leader, int[] replicas, int[] inSync) => new(id, leader, replicas, inSync);

    private static IEnumerable<(string, double)> Numbers(Findings findings) => findings.Metrics.Select(metric => (metric.Name, metric.Value.Number!.Value));
}
