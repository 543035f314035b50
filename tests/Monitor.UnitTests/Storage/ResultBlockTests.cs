using FsCheck;
using FsCheck.Fluent;
using Monitor.Core.Probing;
using Monitor.Storage.Codecs;
using Xunit;

namespace Monitor.UnitTests.Storage;

public sealed class ResultBlockTests
{
    private static readonly Gen<string> Names = Gen.Elements("dns_ms", "connect_ms", "address", "lag_by_topic", "is_replica", "made_up", "version");

    private static readonly Gen<double> Numbers = Gen.OneOf(
        Gen.Choose(-5_000_000, 5_000_000).Select(value => value / 1_000.0),
        Gen.Choose(-1_000, 1_000_000).Select(value => (double)value),
        Gen.Elements(0.1 + 0.2, double.MaxValue, double.Epsilon, -0.0, double.NaN, double.PositiveInfinity, 1e15 + 0.5, 1.0 / 3));

    private static readonly Gen<string> Texts = Gen.Elements("", "HTTP 200", "运行正常", "connect: refused", "NaN", "#1", "[]", new string('x', 700));

    private static readonly Gen<MetricValue> Values = Gen.OneOf(
        Numbers.Select(MetricValue.Of),
        Texts.Select(MetricValue.Of),
        Gen.Elements(true, false).Select(MetricValue.Of),
        Gen.ListOf(Texts).Select(list => MetricValue.Of((IReadOnlyList<string>)[.. list])),
        Gen.ListOf(Numbers).Select(list => MetricValue.Of(
            (IReadOnlyDictionary<string, double>)list.Select((value, i) => KeyValuePair.Create("topic " + i, value)).ToDictionary())));

    private static readonly Gen<ProbeMetrics> Metrics =
        from names in Gen.SubListOf("dns_ms", "connect_ms", "address", "lag_by_topic", "is_replica", "made_up")
        from values in Gen.ArrayOf(Values, names.Count)
        select new ProbeMetrics([.. names.Select((name, i) => new Metric(name, values[i]))]);

    private static readonly Gen<StoredResult> Rows =
        from step in Gen.Choose(1, 600_000_000)
        from flags in Gen.Choose(0, 511)
        from latency in Gen.OneOf(Gen.Choose(0, 20_000), Gen.Choose(0, int.MaxValue))
        from origin in Gen.Choose(1, 3)
        from message in Texts
        from details in Gen.OneOf(Gen.Constant<string?>(null), Gen.Constant<string?>("""[["slow"],[]]"""))
        from metrics in Metrics
        select new StoredResult(step, flags, latency, origin, message, details, metrics);

    [Fact]
    public void Any_results_come_back_from_a_block_as_they_went_in()
    {
        var blocks = Gen.ListOf(Rows).Select(rows =>
        {
            var at = 1_700_000_000_000_000L;
            return rows.Select(row => row with { At = at += row.At }).ToArray();
        });
        Check.QuickThrowOnFailure(Prop.ForAll(blocks.ToArbitrary(), rows => Same(rows, ResultBlock.Decode(ResultBlock.Encode(rows)))));
    }

    [Fact]
    public void A_damaged_block_is_a_format_error_and_never_a_wild_read()
    {
        var whole = ResultBlock.Encode([.. Enumerable.Range(0, 50).Select(i => Row(i))]);
        Assert.Equal(50, ResultBlock.Decode(whole).Length);
        var random = new System.Random(7);
        for (var round = 0; round < 2_000; round++)
        {
            var damaged = whole.ToArray();
            damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            ReadsOrRefuses(round % 2 == 0 ? damaged : damaged[..random.Next(damaged.Length)]);
        }
    }

    [Fact]
    public void Merging_keeps_the_order_and_of_two_at_one_moment_the_first()
    {
        var stored = new[] { Row(1), Row(3), Row(5) };
        var late = new[] { Row(0), Row(3) with { Message = "again" }, Row(4), Row(9) };
        var merged = ResultBlock.Merge(stored, late);
        Assert.Equal([0, 1, 3, 4, 5, 9], merged.Select(row => row.At));
        Assert.Equal("ok", merged[2].Message);
    }

    [Fact]
    public void A_steady_target_takes_few_bytes_a_result()
    {
        var rows = Enumerable.Range(0, 20).Select(i => Row(30_000_000L * i + (i * 37 % 1_000)) with { LatencyMicros = 4_000 + (i * 61 % 900) }).ToArray();
        Assert.InRange(ResultBlock.Encode(rows).Length, 1, 20 * 7);
    }

    private static StoredResult Row(long at) => new(at, 0, 4_200, 1, "ok", null, ProbeMetrics.Empty);

    private static void ReadsOrRefuses(byte[] data)
    {
        try
        {
            ResultBlock.Decode(data);
        }
        catch (FormatException)
        {
            // What a reader of the store expects.
        }
    }

    private static bool Same(StoredResult[] wrote, StoredResult[] read) =>
        wrote.Length == read.Length && wrote.Zip(read).All(pair =>
            pair.First with { Metrics = ProbeMetrics.Empty } == pair.Second with { Metrics = ProbeMetrics.Empty }
            && pair.First.Metrics.Items.Count == pair.Second.Metrics.Items.Count
            && pair.First.Metrics.Items.All(item => Same(item.Value, pair.Second.Metrics[item.Name])));

    private static bool Same(MetricValue wrote, MetricValue? read) =>
        read is { } value
        && Equals(wrote.Number, value.Number) && wrote.Truth == value.Truth && wrote.Text == value.Text
        && (wrote.List is null ? value.List is null : value.List is not null && wrote.List.SequenceEqual(value.List))
        && (wrote.Map is null ? value.Map is null : value.Map is not null && wrote.Map.OrderBy(pair => pair.Key).SequenceEqual(value.Map.OrderBy(pair => pair.Key)));
}
