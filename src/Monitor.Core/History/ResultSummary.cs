using Monitor.Core.Probing;

namespace Monitor.Core.History;

/// <summary>What results add up to: of an hour (a rollup), of a step, of a window. Late and skipped runs are no checks. Times in microseconds.</summary>
public sealed class ResultSummary
{
    public long Checks { get; set; }
    public long Failures { get; set; }
    public long Warnings { get; set; }

    /// <summary>Checks that were timed: what the latencies are about.</summary>
    public long Timed { get; set; }
    public long SumMicros { get; set; }
    public long MaxMicros { get; set; }
    public LatencySketch Latencies { get; } = new();
    public ObservedTime Observed { get; } = new();

    /// <summary>The next result in time.</summary>
    /// <param name="reach">How long it may speak for, if no other comes.</param>
    public void Add(long at, ProbeOutcome outcome, bool warned, long latencyMicros, long reach)
    {
        if (outcome == ProbeOutcome.Skipped)
        {
            Observed.Cut(at);
        }

        if (outcome is ProbeOutcome.Late or ProbeOutcome.Skipped)
        {
            return;
        }

        Observed.Saw(at, reach);
        Count(outcome, warned, latencyMicros);
    }

    /// <summary>A result that counts, without its time.</summary>
    public void Count(ProbeOutcome outcome, bool warned, long latencyMicros)
    {
        Checks++;
        Failures += outcome == ProbeOutcome.Failed ? 1 : 0;
        Warnings += outcome == ProbeOutcome.Ok && warned ? 1 : 0;
        if (latencyMicros > 0)
        {
            Timed++;
            SumMicros += latencyMicros;
            MaxMicros = Math.Max(MaxMicros, latencyMicros);
            Latencies.Add(latencyMicros);
        }
    }

    /// <summary>Adds a later one.</summary>
    public void Add(ResultSummary later)
    {
        Checks += later.Checks;
        Failures += later.Failures;
        Warnings += later.Warnings;
        Timed += later.Timed;
        SumMicros += later.SumMicros;
        MaxMicros = Math.Max(MaxMicros, later.MaxMicros);
        foreach (var (bucket, count) in later.Latencies.Filled())
        {
            Latencies.Add(bucket, count);
        }

        Observed.Append(later.Observed);
    }
}
