using Monitor.Core.Ports;

namespace Monitor.Core.History;

/// <summary>Time unhealthy over time observed.</summary>
public static class UptimeMath
{
    private const double MicrosPerSecond = 1_000_000;

    /// <summary>How long a result may speak for its target: two intervals and the time that the next run may take.</summary>
    public static TimeSpan Reach(int intervalSeconds, int timeoutSeconds) => TimeSpan.FromSeconds((2L * intervalSeconds) + timeoutSeconds);

    /// <param name="outages">From an outage's first bad check to its end (or <paramref name="to"/>), in microseconds, in any order.</param>
    public static Uptime Of(ResultSummary summary, IEnumerable<(long Start, long End)> outages, long from, long to)
    {
        var observed = summary.Observed.Within(from, to);
        var length = ObservedTime.Length(observed);
        var down = ObservedTime.Overlap(observed, ObservedTime.Joined(outages, from, to));
        return new Uptime(
            length == 0 ? null : 100 * (1 - (down / (double)length)),
            length / MicrosPerSecond,
            summary.Checks,
            summary.Failures,
            summary.Latencies.Quantile(0.50),
            summary.Latencies.Quantile(0.95),
            summary.Latencies.Quantile(0.99));
    }
}
