using Monitor.Core.Configs.Kafka;
using Monitor.Probers.Kafka;
using Xunit;

namespace Monitor.UnitTests.Probers.Kafka;

/// <summary>Verdicts on a group from what was seen of it, probe after probe.</summary>
public sealed class GroupJudgeTests
{
    private static readonly KafkaConfig Config = new() { BootstrapServers = [], ConsumerGroup = "billing" };

    [Theory]
    [InlineData(10, 0, 10, 10, 0)]
    [InlineData(4, 0, 10, 10, 6)]
    [InlineData(4, 7, 10, 10, 3)]
    [InlineData(12, 0, 10, 10, 0)]
    [InlineData(12, 0, 10, 15, 0)]
    [InlineData(-1, 0, 10, 10, 0)]
    public void Lag_is_what_is_there_and_not_read(long committed, long start, long end, long highWatermark, long lag) =>
        Assert.Equal(lag, Part(0, committed, end, start, highWatermark).Lag);

    [Fact]
    public void A_limit_that_is_reached_is_kept_and_one_that_is_passed_is_broken()
    {
        var config = Config with { MaxLag = 10, WarnLag = 5, MaxPartitionLag = 8 };
        Assert.Empty(Judge(config, [Part(0, 0, 5)]).Findings.Warnings);
        Assert.Equal(["lag 6 > warn_lag 5 (orders/0: 6)"], Judge(config, [Part(0, 0, 6)]).Findings.Warnings);
        Assert.Empty(Judge(config, [Part(0, 0, 8), Part(1, 0, 2)]).Findings.Failures);
        Assert.Equal(
            ["lag 11 > max_lag 10 (orders/0: 9, orders/1: 2)", "partition lag 9 > max_partition_lag 8 (orders/0: 9)"],
            Judge(config, [Part(0, 0, 9), Part(1, 0, 2)]).Findings.Failures);
    }

    [Fact]
    public void Stalled_is_no_offset_moved_in_as_many_probes_with_lag_in_all_of_them()
    {
        var config = Config with { StalledAfterProbes = 2 };
        Assert.Equal("..!!.", Run(config, [4, 10], [4, 10], [4, 12], [4, 12], [5, 12]));
        Assert.Equal(".....", Run(config, [4, 10], [4, 10], [5, 10], [5, 10], [6, 10]));
        Assert.Equal(".....", Run(config, [4, 10], [4, 10], [10, 10], [10, 11], [10, 10]));
        Assert.Equal("....", Run(config, [4, 10], [4, 10], [3, 10], [3, 10]));
        Assert.Equal(".....", Run(config with { StalledAfterProbes = 0 }, [4, 10], [4, 10], [4, 10], [4, 10], [4, 10]));
        Assert.Equal(".!", Run(config with { StalledAfterProbes = 1 }, [4, 10], [4, 10]));
    }

    [Fact]
    public void One_partition_that_moves_is_enough()
    {
        var config = Config with { StalledAfterProbes = 1 };
        var first = Judge(config, [Part(0, 4, 10), Part(1, 4, 10)]);
        Assert.Empty(Judge(config, [Part(0, 4, 10), Part(1, 5, 10)], memory: first.Next).Findings.Failures);
    }

    [Fact]
    public void A_partition_that_is_not_known_leaves_the_sum_out_and_the_memory_as_it_was()
    {
        var (findings, next) = Judge(Config with { MaxLag = 0 }, [Part(0, 4, 10), new PartitionState("orders", 1) { Committed = 5 }]);
        Assert.DoesNotContain(findings.Metrics, metric => metric.Name is "lag" or "max_partition_lag" or "lag_by_topic");
        Assert.Contains(findings.Metrics, metric => metric.Name == "partitions" && metric.Value.Number == 2);
        Assert.Null(next);
    }

    [Fact]
    public void A_group_without_members_and_offsets_does_not_exist()
    {
        var (findings, _) = Judge(Config, [Part(0, -1, 10)], Described("Dead", 0));
        Assert.Equal(["consumer group billing does not exist: it has neither members nor committed offsets"], findings.Failures);
    }

    [Theory]
    [InlineData(false, 5, 10, 0, 1)]
    [InlineData(false, 10, 10, 0, 0)]
    [InlineData(true, 5, 10, 1, 0)]
    [InlineData(true, 10, 10, 1, 0)]
    public void No_members_warn_with_lag_and_fail_where_members_are_expected(bool expected, long committed, long end, int failures, int warnings)
    {
        var (findings, _) = Judge(Config with { ExpectMembers = expected }, [Part(0, committed, end)], Described("Empty", 0));
        Assert.Equal((failures, warnings), (findings.Failures.Count, findings.Warnings.Count));
    }

    [Fact]
    public void A_topic_that_is_gone_is_told_for_ten_probes()
    {
        var memory = Judge(Config, [Part(0, 1, 1)]).Next!;
        var told = 0;
        for (var i = 0; i < 20 && memory.Topics.ContainsKey("orders"); i++)
        {
            var (findings, next) = Judge(Config, [new PartitionState("other", 0) { Committed = 0, Start = 0, End = 0, HighWatermark = 0 }], memory: memory, missing: ["orders"]);
            told += findings.Warnings.Count(warning => warning.Contains("does not exist any more", StringComparison.Ordinal));
            memory = next!;
        }

        Assert.Equal(KafkaMemory.ToldFor, told);
    }

    [Fact]
    public void A_named_topic_that_is_missing_is_a_failure() =>
        Assert.Equal(["topic orders does not exist"], Judge(Config with { Topics = ["orders"] }, [], missing: ["orders"]).Findings.Failures);

    [Fact]
    public void What_may_not_be_seen_is_a_note() =>
        Assert.Equal(["not seen, Describe is not granted: secret"], Judge(Config, [Part(0, 1, 1)], hidden: ["secret"]).Findings.Notes);

    private static string Run(KafkaConfig config, params long[][] probes)
    {
        var (memory, verdicts) = (KafkaMemory.Nothing, "");
        foreach (var probe in probes)
        {
            var (findings, next) = Judge(config, [Part(0, probe[0], probe[1])], memory: memory);
            verdicts += findings.Failures.Count > 0 ? '!' : '.';

            // As it is stored and read again, by whichever silo comes next.
            memory = KafkaMemory.Read(next!.Write(1), 1);
        }

        return verdicts;
    }

    private static (Findings Findings, KafkaMemory? Next) Judge(
        KafkaConfig config, PartitionState[] partitions, GroupDescription? description = null, KafkaMemory? memory = null, string[]? missing = null, string[]? hidden = null)
    {
        var findings = new Findings();
        var sight = new GroupSight { Description = description ?? Described("Stable", 1), Partitions = partitions, MissingTopics = missing ?? [], HiddenTopics = hidden ?? [] };
        return (findings, new GroupJudge(config, sight, memory ?? KafkaMemory.Nothing, findings).Judge());
    }

    private static PartitionState Part(int id, long committed, long end, long start = 0, long? highWatermark = null) =>
        new("orders", id) { Leader = 0, Committed = committed, Start = start, End = end, HighWatermark = highWatermark ?? end };

    private static GroupDescription Described(string state, int members) => new(0, state, members, new Dictionary<string, SortedSet<int>>());
}
