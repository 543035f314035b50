using FsCheck;
using FsCheck.Fluent;
using Monitor.Probers.Kafka;
using Xunit;

namespace Monitor.UnitTests.Probers.Kafka;

/// <summary>Whatever a broker sends, a decoder ends, does not throw, and holds no more than the bytes could.</summary>
public sealed class CodecFuzzTests
{
    private static readonly string[] Real =
    [
        "0000000000000001000000010002623100002384ffff00036162630000000100000001000000066f72646572730000000001000000000000000000010000000100000001000000010000000100000000",
        "000000000000000100066f726465727300000001000000000000000000000007000000000000",
        "000000000000000100066f726465727300000001000000000000ffffffffffffffff000000000000000a",
        "00000000000000010000000267310006537461626c650008636f6e73756d6572000572616e6765000000010003632d31ffff000163000a2f3132372e302e302e31000000000000000000000000",
        "000000000002000000096e657770726f746f07537461626c65000000010000000108756e69666f726d0217455243613355692d537a53756a33674a7772632d456700000000000111636f6e736f6c652d636f6e73756d65720b2f3132372e302e302e3102076f726465727301028558797ac6ac4c8c878781c71dd2d456076f7264657273070000000000000001000000020000000300000004000000050000028558797ac6ac4c8c878781c71dd2d456076f726465727307000000000000000100000002000000030000000400000005000000800000000000",
        "000000000000000203673109636f6e73756d657207537461626c6509636f6e73756d65720000",
    ];

    [Fact]
    public void Random_bytes_never_throw_and_never_allocate_more_than_they_could_hold() =>
        Check.QuickThrowOnFailure(Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes => Bounded(bytes)));

    [Fact]
    public void Neither_do_real_answers_with_bytes_changed()
    {
        var changed =
            from real in Gen.Elements(Real)
            from places in Gen.Choose(0, (real.Length / 2) - 1).ListOf(4)
            from values in Gen.Elements<byte>(0, 1, 2, 0x7f, 0x80, 0xff).ListOf(4)
            select Changed(Convert.FromHexString(real), places, values);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll(changed.ToArbitrary(), bytes => Bounded(bytes)));
    }

    private static byte[] Changed(byte[] bytes, IEnumerable<int> places, IEnumerable<byte> values)
    {
        foreach (var (place, value) in places.Zip(values))
        {
            bytes[place] = value;
        }

        return bytes;
    }

    private static bool Bounded(byte[] bytes)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        ApiRanges.Read(bytes);
        CoordinatorAnswer.Read(bytes);
        CommittedOffsets.Read(bytes);
        LogOffsets.Read(bytes);
        GroupDescription.ReadConsumer(bytes);
        GroupKind.Find(bytes, "g1");
        QuorumAnswer.Read(bytes);
        for (short version = 0; version <= 5; version++)
        {
            ClusterMetadata.Read(bytes, version);
            GroupDescription.ReadClassic(bytes, version);
        }

        // A record or text of the least size costs some tens of bytes for each byte of it.
        return GC.GetAllocatedBytesForCurrentThread() - before < 20_000 + (bytes.Length * 2_000L);
    }
}
