using Monitor.Core.Ports;

namespace Monitor.Gateway.Web.Charts;

/// <summary>A stretch of time cut into equal bars: what was seen in each.</summary>
public static class UptimeBars
{
    public static IReadOnlyList<UptimeBar> Of(IReadOnlyList<HistoryPoint> points, DateTimeOffset to, TimeSpan length, TimeSpan bar)
    {
        var last = to.UtcTicks / bar.Ticks;
        var count = (int)(length / bar);
        var sums = new (long Checks, long Failures, long Warnings)[count];
        foreach (var point in points)
        {
            var at = count - 1 - (int)(last - (point.At.UtcTicks / bar.Ticks));
            if (at >= 0 && at < count)
            {
                sums[at] = (sums[at].Checks + point.Checks, sums[at].Failures + point.Failures, sums[at].Warnings + point.Warnings);
            }
        }

        return [.. sums.Select((sum, index) => new UptimeBar(new DateTimeOffset((last - count + 1 + index) * bar.Ticks, TimeSpan.Zero), sum.Checks, sum.Failures, sum.Warnings))];
    }
}

/// <param name="At">Where the bar begins.</param>
public sealed record UptimeBar(DateTimeOffset At, long Checks, long Failures, long Warnings)
{
    /// <summary>How it is drawn: the worse the taller.</summary>
    public string Kind => this switch { { Checks: 0 } => "none", { Failures: > 0 } => Failures * 2 >= Checks ? "down" : "part", { Warnings: > 0 } => "warn", _ => "ok" };
}
