using Monitor.Core.Configs.Ping;
using Monitor.Core.Probing;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Ping;

/// <summary>What was sent and what came back.</summary>
public sealed class EchoCount
{
    private readonly List<TimeSpan> _roundTrips = [];

    public int Sent { get; set; }
    public int Answered => _roundTrips.Count;
    public int? Ttl { get; private set; }

    /// <summary>What the network reported meanwhile (host unreachable), or null.</summary>
    public string? Report { get; set; }

    public double LossPercent => Sent == 0 ? 100 : 100.0 * (Sent - Answered) / Sent;
    public TimeSpan Average => TimeSpan.FromTicks((long)_roundTrips.Average(span => span.Ticks));

    public void Add(TimeSpan roundTrip, int? ttl)
    {
        _roundTrips.Add(roundTrip);
        Ttl = ttl ?? Ttl;
    }

    public List<Metric> Metrics()
    {
        var metrics = new List<Metric>(5) { new("loss_percent", Math.Round(LossPercent, 3)) };
        if (Answered > 0)
        {
            metrics.Add(new Metric("rtt_min_ms", ProbeRun.Milliseconds(_roundTrips.Min())));
            metrics.Add(new Metric("rtt_avg_ms", ProbeRun.Milliseconds(Average)));
            metrics.Add(new Metric("rtt_max_ms", ProbeRun.Milliseconds(_roundTrips.Max())));
        }

        if (Ttl is { } ttl)
        {
            metrics.Add(new Metric("ttl", ttl));
        }

        return metrics;
    }

    /// <summary>
    /// Null when it is up; warnings go to <paramref name="run"/>. No answer at all is a timeout (so that a stall of our own can be told apart) or, where the
    /// network said why, a failure to connect; a loss beyond the limit is an assertion.
    /// </summary>
    public WireFault? Judge(ProbeRun run, PingConfig config, string address)
    {
        var loss = $"loss {ProbeRun.Text(LossPercent)}% > max_loss_percent {ProbeRun.Text(config.MaxLossPercent)} ({Answered} of {Sent} packets answered)";
        if (LossPercent > config.MaxLossPercent)
        {
            return Answered > 0
                ? new WireFault(FailureStage.Assertion, loss)
                : Report is not null
                    ? new WireFault(FailureStage.Connect, $"{Report} ({address}); {loss}")
                    : new WireFault(FailureStage.Timeout, $"no answer from {address}; {loss}");
        }

        if (LossPercent > config.WarnLossPercent)
        {
            run.Warnings.Add($"loss {ProbeRun.Text(LossPercent)}% > warn_loss_percent {ProbeRun.Text(config.WarnLossPercent)} ({Answered} of {Sent} packets answered)");
        }

        return Answered > 0 && run.JudgeLatency(Average, config.MaxLatencyMs, config.WarnLatencyMs, "average round trip") is { } slow
            ? new WireFault(FailureStage.Assertion, slow)
            : null;
    }
}
