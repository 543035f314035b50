using Monitor.Core.Configs;
using Monitor.Probers.Kafka;
using Xunit;

namespace Monitor.UnitTests.Probers.Kafka;

/// <summary>Frames that other clients sent and real brokers answered, byte by byte.</summary>
public sealed class GoldenFrameTests
{
    [Fact]
    public void Requests_are_the_bytes_that_other_clients_send()
    {
        Assert.Equal("0000001200120000000000070008646d2d70726f6265", Sent(ApiRanges.Ask));
        Assert.Equal("0000001700030004000000070008646d2d70726f6265ffffffff00", Sent(requests => ClusterMetadata.Ask(requests, 4, null)));
        Assert.Equal("0000001f00030004000000070008646d2d70726f62650000000100066f726465727300", Sent(requests => ClusterMetadata.Ask(requests, 4, ["orders"])));
        Assert.Equal("00000017000a0001000000070008646d2d70726f62650002673100", Sent(requests => CoordinatorAnswer.Ask(requests, "g1")));
        Assert.Equal("0000001a00090003000000070008646d2d70726f626500026731ffffffff", Sent(requests => CommittedOffsets.Ask(requests, "g1", null)));
        Assert.Equal(
            "0000003300020002000000070008646d2d70726f6265ffffffff000000000100066f72646572730000000100000000ffffffffffffffff",
            Sent(requests => LogOffsets.Ask(requests, [new PartitionState("orders", 0)], end: true, committed: false)));
        Assert.Equal(
            "0000003300020002000000070008646d2d70726f6265ffffffff010000000100066f72646572730000000100000000ffffffffffffffff",
            Sent(requests => LogOffsets.Ask(requests, [new PartitionState("orders", 0)], end: true, committed: true)));
        Assert.Equal("0000001a000f0000000000070008646d2d70726f62650000000100026731", Sent(requests => GroupDescription.AskClassic(requests, 0, "g1")));
        Assert.Equal("0000001b000f0004000000070008646d2d70726f6265000000010002673100", Sent(requests => GroupDescription.AskClassic(requests, 4, "g1")));
        Assert.Equal("0000001900450000000000070008646d2d70726f626500020367310000", Sent(requests => GroupDescription.AskConsumer(requests, "g1")));
    }

    [Fact]
    public void Before_version_4_no_topic_is_asked_for_by_its_name_because_that_may_create_it() =>
        Assert.EndsWith("ffffffff", Sent(requests => ClusterMetadata.Ask(requests, 3, ["orders"])), StringComparison.Ordinal);

    [Fact]
    public void Partitions_are_asked_for_by_topic()
    {
        var asked = Sent(requests => LogOffsets.Ask(requests, [new("a", 1), new("a", 2), new("b", 0)], end: false, committed: false));
        Assert.EndsWith("00000002" + "000161" + "00000002" + "00000001fffffffffffffffe" + "00000002fffffffffffffffe" + "000162" + "00000001" + "00000000fffffffffffffffe", asked, StringComparison.Ordinal);
    }

    [Fact]
    public void An_answer_to_ApiVersions_tells_the_versions()
    {
        var (ranges, error) = ApiRanges.Read(Answer("0000001000000007002300000001001200000004"))!.Value;
        Assert.Equal(35, error);
        Assert.Equal((short)4, ranges.Version(KafkaApi.ApiVersions, 0, 9));
        Assert.Null(ranges.Version(KafkaApi.Metadata, 0, 9));
        Assert.Contains("offers no Metadata", ranges.Lacks(KafkaApi.Metadata, 1)!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_answer_to_Metadata_tells_brokers_and_leaders()
    {
        var cluster = ClusterMetadata.Read(
            Answer("00000054000000070000000000000001000000010002623100002384ffff00036162630000000100000001000000066f72646572730000000001000000000000000000010000000100000001000000010000000100000000"), 5)!;
        Assert.Equal(new NodeAddress("b1", 9092), cluster.Brokers[1]);
        Assert.Equal(1, cluster.ControllerId);
        var topic = Assert.Single(cluster.Topics);
        Assert.Equal(("orders", (short)0, false), (topic.Name, topic.Error, topic.IsInternal));
        var partition = Assert.Single(topic.Partitions);
        Assert.Equal((0, 1, false), (partition.Id, partition.Leader, partition.IsUnderReplicated));
    }

    [Fact]
    public void Metadata_of_an_unknown_topic_names_the_brokers_and_an_error()
    {
        var cluster = ClusterMetadata.Read(
            Answer("000000690000001200000000000000030000000000093132372e302e302e3100004a94ffff0000000100093132372e302e302e3100004a95ffff0000000200093132372e302e302e3100004a96ffff00056b66616b650000000200000001000300066e6f737563680000000000"), 4)!;
        Assert.Equal(3, cluster.Brokers.Count);
        Assert.Equal(2, cluster.ControllerId);
        Assert.Equal(("nosuch", KafkaError.UnknownTopicOrPartition), (cluster.Topics[0].Name, cluster.Topics[0].Error));
    }

    [Fact]
    public void Coordinators_are_told_with_and_without_a_message()
    {
        Assert.Equal(
            new CoordinatorAnswer(0, 2, new NodeAddress("127.0.0.1", 19112)), CoordinatorAnswer.Read(Answer("000000230000000200000000000000044e4f4e450000000200093132372e302e302e3100004aa8")));
        Assert.Equal(0xb45d, CoordinatorAnswer.Read(Answer("0000001f00000002000000000000ffff0000000200093132372e302e302e310000b45d"))!.Place.Port);
        Assert.Equal(KafkaError.CoordinatorNotAvailable, CoordinatorAnswer.Read(Answer("000000160000000700000000000fffffffffffff0000ffffffff"))!.Error);
    }

    [Fact]
    public void Committed_offsets_are_told_by_partition()
    {
        var one = CommittedOffsets.Read(Answer("0000002a00000007000000000000000100066f726465727300000001000000000000000000000007000000000000"))!;
        Assert.Equal(new PartitionOffset(0, 0, 7), Assert.Single(Assert.Single(one.Topics).Partitions));
        Assert.Equal(KafkaError.NotCoordinator, CommittedOffsets.Read(Answer("0000000e0000000700000000000000000010"))!.Error);
        Assert.Empty(CommittedOffsets.Read(Answer("0000000e0000000800000000000000000000"))!.Topics);
        Assert.Empty(CommittedOffsets.Read(Answer("0000000e0000000500000000ffffffff0000"))!.Topics);
    }

    [Fact]
    public void Ends_of_logs_are_told_by_partition()
    {
        Assert.Equal(
            new PartitionOffset(0, 0, 10),
            LogOffsets.Read(Answer("0000002e00000007000000000000000100066f726465727300000001000000000000ffffffffffffffff000000000000000a"))![0].Partitions[0]);
        Assert.Equal(
            new PartitionOffset(0, KafkaError.NotLeader, -1),
            LogOffsets.Read(Answer("0000002e00000007000000000000000100066f726465727300000001000000000006ffffffffffffffffffffffffffffffff"))![0].Partitions[0]);
        Assert.Equal(
            new PartitionOffset(1, 0, 5),
            LogOffsets.Read(Answer("0000002e0000000e000000000000000100066f726465727300000001000000010000ffffffffffffffff0000000000000005"))![0].Partitions[0]);
    }

    [Fact]
    public void A_classic_group_is_told_with_its_members_or_as_dead()
    {
        var stable = GroupDescription.ReadClassic(
            Answer("000000510000000700000000000000010000000267310006537461626c650008636f6e73756d6572000572616e6765000000010003632d31ffff000163000a2f3132372e302e302e31000000000000000000000000"), 4)!;
        Assert.Equal(("Stable", 1, false), (stable.State, stable.Members, stable.IsDead));
        Assert.True(GroupDescription.ReadClassic(Answer("00000026000000070000000000000001000000046e6f7065000444656164000000000000000000000000"), 4)!.IsDead);
        Assert.True(GroupDescription.ReadClassic(Answer("000000260000000a0000000000000001000000046e6f7065000444656164000000000000000080000000"), 4)!.IsDead);
        Assert.Equal("Empty", GroupDescription.ReadClassic(Answer("0000002500000004000000010000000267310005456d7074790008636f6e73756d6572000000000000"), 0)!.State);
    }

    [Fact]
    public void A_group_of_the_newer_protocol_is_told_with_what_its_members_read()
    {
        var group = GroupDescription.ReadConsumer(Answer(
            "000000dd00000005000000000002000000096e657770726f746f07537461626c65000000010000000108756e69666f726d0217455243613355692d537a53756a33674a7772632d456700000000000111636f6e736f6c652d636f6e73756d65720b2f3132372e302e302e3102076f726465727301028558797ac6ac4c8c878781c71dd2d456076f7264657273070000000000000001000000020000000300000004000000050000028558797ac6ac4c8c878781c71dd2d456076f726465727307000000000000000100000002000000030000000400000005000000800000000000"))!;
        Assert.Equal(("Stable", 1, (short)0), (group.State, group.Members, group.Error));
        Assert.Equal([0, 1, 2, 3, 4, 5], group.Assigned["orders"]);
        Assert.Equal("Stable", GroupDescription.ReadConsumer(Answer("0000002e0000000700000000000200000003673107537461626c65000000030000000308756e69666f726d01800000000000"))!.State);
    }

    [Fact]
    public void The_kind_of_a_group_is_found_in_the_list()
    {
        var listed = Answer("0000002a00000007000000000000000203673109636f6e73756d657207537461626c6509636f6e73756d65720000");
        Assert.Equal("consumer", GroupKind.Find(listed, "g1"));
        Assert.Null(GroupKind.Find(listed, "g2"));
    }

    [Fact]
    public void The_controllers_leader_is_told()
    {
        // Captured from Kafka 4.1.1, the followers aside.
        var answer = Answer("0000000000000002" + "000000" + "02" + "135f5f636c75737465725f6d65746164617461" + "02" + "00000000" + "0000" + "00000002" + "00000004" + "0000000000000144" + "01" + "01" + "00" + "00" + "00");
        Assert.Equal(new QuorumAnswer(0, 2), QuorumAnswer.Read(answer));
        Assert.Equal(new QuorumAnswer(KafkaError.ClusterAuthorizationFailed, -1), QuorumAnswer.Read(Answer("0000000000000002" + "00001f" + "01" + "00")));
    }

    [Fact]
    public void Every_answer_that_is_cut_short_is_refused()
    {
        var metadata = Answer("00000054000000070000000000000001000000010002623100002384ffff00036162630000000100000001000000066f72646572730000000001000000000000000000010000000100000001000000010000000100000000");
        Assert.All(Enumerable.Range(0, metadata.Length), length => Assert.Null(ClusterMetadata.Read(metadata.AsSpan(0, length), 5)));
        var offsets = Answer("0000002a00000007000000000000000100066f726465727300000001000000000000000000000007000000000000");
        Assert.All(Enumerable.Range(0, offsets.Length), length => Assert.Null(CommittedOffsets.Read(offsets.AsSpan(0, length))));
        var ends = Answer("0000002e00000007000000000000000100066f726465727300000001000000000000ffffffffffffffff000000000000000a");
        Assert.All(Enumerable.Range(0, ends.Length), length => Assert.Null(LogOffsets.Read(ends.AsSpan(0, length))));
        var coordinator = Answer("000000230000000200000000000000044e4f4e450000000200093132372e302e302e3100004aa8");
        Assert.All(Enumerable.Range(0, coordinator.Length), length => Assert.Null(CoordinatorAnswer.Read(coordinator.AsSpan(0, length))));
    }

    private static string Sent(Action<RequestWriter> write)
    {
        using var requests = new RequestWriter("dm-probe", 7);
        write(requests);
        return Convert.ToHexStringLower(requests.Written.Span);
    }

    /// <summary>What a decoder is given: without length and correlation id.</summary>
    private static byte[] Answer(string frame) => Convert.FromHexString(frame)[8..];
}
