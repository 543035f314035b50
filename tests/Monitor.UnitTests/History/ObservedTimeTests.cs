using Monitor.Core.History;
using Monitor.Core.Probing;
using Monitor.Storage.Rollups;
using Xunit;

namespace Monitor.UnitTests.History;

public sealed class ObservedTimeTests
{
    [Theory]
    [InlineData("10ok 20ok 30ok", "10-55")]
    [InlineData("10ok 20ok 60ok", "10-45 60-85")]
    [InlineData("10ok 20skipped 30ok", "10-20 30-55")]
    [InlineData("10failed 20late 30ok", "10-55")]
    [InlineData("10skipped 20ok", "20-45")]
    [InlineData("10late", "")]
    public void A_result_covers_until_the_next_but_at_most_its_reach_and_a_skip_ends_it(string results, string observed) =>
        Assert.Equal(observed, Spans(Of(results).Observed));

    [Fact]
    public void A_skip_at_the_start_of_an_hour_ends_what_the_hour_before_covered_also_when_both_were_stored()
    {
        var sum = new ObservedTime();
        SummaryCodec.AddObserved(sum, SummaryCodec.EncodeObserved(Of("10ok 20ok").Observed, 0), 0);
        SummaryCodec.AddObserved(sum, SummaryCodec.EncodeObserved(Of("30skipped 40ok").Observed, 25), 25);
        Assert.Equal("10-30 40-65", Spans(sum));
    }

    [Fact]
    public void Uptime_is_the_observed_time_outside_outages()
    {
        var uptime = UptimeMath.Of(Of("0ok 20failed 40failed 60ok"), [(20, 60), (50, 55), (200, 300)], 10, 80);
        Assert.Equal(100 * (1 - 40 / 70.0), uptime.UptimePercent!.Value, 9);
        Assert.Equal((4L, 2L), (uptime.Checks, uptime.Failures));
    }

    [Fact]
    public void Without_observed_time_there_is_no_uptime() =>
        Assert.Null(UptimeMath.Of(Of("10late 20skipped"), [(0, 100)], 0, 100).UptimePercent);

    private static ResultSummary Of(string results)
    {
        var summary = new ResultSummary();
        foreach (var part in results.Split(' '))
        {
            var digits = part.TakeWhile(char.IsAsciiDigit).Count();
            summary.Add(long.Parse(part[..digits], System.Globalization.CultureInfo.InvariantCulture), Enum.Parse<ProbeOutcome>(part[digits..], ignoreCase: true), warned: false, 5, reach: 25);
        }

        return summary;
    }

    private static string Spans(ObservedTime time) => string.Join(' ', time.Within(0, 1_000).Select(span => $"{span.Start}-{span.End}"));
}
