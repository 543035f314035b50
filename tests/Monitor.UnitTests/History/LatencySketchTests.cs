using FsCheck;
using FsCheck.Fluent;
using Monitor.Core.History;
using Monitor.Storage.Rollups;
using Xunit;

namespace Monitor.UnitTests.History;

public sealed class LatencySketchTests
{
    private static readonly Gen<int[]> Latencies = Gen.NonEmptyListOf(Gen.Choose(1, 60_000_000)).Select(values => values.ToArray());

    [Fact]
    public void A_quantile_is_within_two_percent_of_the_latency_at_that_rank()
    {
        Check.QuickThrowOnFailure(Prop.ForAll(Latencies.ToArbitrary(), latencies =>
        {
            var sketch = Of(latencies);
            Array.Sort(latencies);
            return new[] { 0, 0.5, 0.95, 0.99, 1 }.All(fraction =>
            {
                var truth = latencies[(int)Math.Floor(fraction * (latencies.Length - 1))] / 1_000.0;
                return Math.Abs(sketch.Quantile(fraction)!.Value - truth) <= (truth * 0.02) + 0.001;
            });
        }));
    }

    [Fact]
    public void Parts_add_up_to_the_whole_also_when_they_have_been_stored()
    {
        Check.QuickThrowOnFailure(Prop.ForAll(Latencies.ToArbitrary(), Latencies.ToArbitrary(), (first, second) =>
        {
            var sum = new LatencySketch();
            SummaryCodec.AddSketch(sum, SummaryCodec.EncodeSketch(Of(first)));
            SummaryCodec.AddSketch(sum, SummaryCodec.EncodeSketch(Of(second)));
            return sum.Filled().SequenceEqual(Of([.. first, .. second]).Filled());
        }));
    }

    [Fact]
    public void Without_latencies_there_is_no_quantile() => Assert.Null(new LatencySketch().Quantile(0.5));

    private static LatencySketch Of(IEnumerable<int> latencies)
    {
        var sketch = new LatencySketch();
        foreach (var latency in latencies)
        {
            sketch.Add(latency);
        }

        return sketch;
    }
}
