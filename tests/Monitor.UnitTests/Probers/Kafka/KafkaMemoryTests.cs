using FsCheck;
using FsCheck.Fluent;
using Monitor.Probers.Kafka;
using Xunit;

namespace Monitor.UnitTests.Probers.Kafka;

public sealed class KafkaMemoryTests
{
    private static readonly ulong About = KafkaMemory.About("billing", []);

    [Fact]
    public void What_is_written_is_read()
    {
        var read = KafkaMemory.Read(Sample().Write(About), About);
        Assert.Equal((42UL, 7, 2), (read.Fingerprint, read.Unmoved, read.Rebalancing));
        Assert.Equal([0, 8, 49], read.Topics["orders"].Partitions);
        Assert.Equal(3, read.Topics["orders"].Gone);
        Assert.Empty(read.Topics["gone"].Partitions);
    }

    [Fact]
    public void It_belongs_to_its_group_and_topics()
    {
        Assert.Same(KafkaMemory.Nothing, KafkaMemory.Read(Sample().Write(About), KafkaMemory.About("other", [])));
        Assert.NotEqual(About, KafkaMemory.About("billing", ["orders"]));
        Assert.NotEqual(KafkaMemory.About("a", ["bc"]), KafkaMemory.About("ab", ["c"]));
    }

    [Fact]
    public void No_other_bytes_throw()
    {
        var written = Sample().Write(About);
        Assert.All(Enumerable.Range(0, written.Length - 1), length => KafkaMemory.Read(written.AsSpan(0, length), About));
        Assert.Same(KafkaMemory.Nothing, KafkaMemory.Read([2, .. written.AsSpan(1)], About));
        Check.QuickThrowOnFailure(Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), tail => KafkaMemory.Read([.. written.AsSpan(0, 25), .. tail], About) is not null));
    }

    [Fact]
    public void It_stays_small_however_many_topics_there_are()
    {
        var topics = Enumerable.Range(0, 5000).ToDictionary(i => $"a-topic-with-a-long-name-{i}", _ => new RememberedTopic([0, 1, 2], 0), StringComparer.Ordinal);
        var written = new KafkaMemory { Fingerprint = 1, Topics = topics }.Write(About);
        Assert.InRange(written.Length, 1000, 8192);
        Assert.True(KafkaMemory.Read(written, About).Topics.Count > 100);
    }

    private static KafkaMemory Sample() => new()
    {
        Fingerprint = 42,
        Unmoved = 7,
        Rebalancing = 2,
        Topics = new Dictionary<string, RememberedTopic>(StringComparer.Ordinal) { ["orders"] = new([0, 8, 49], 3), ["gone"] = new([], 1) },
    };
}
