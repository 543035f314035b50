namespace Monitor.Core.Probing;

/// <summary>One finished run with its circumstances: what is stored, and what the API calls a result.</summary>
public sealed record CheckRecord
{
    public required long TargetId { get; init; }

    /// <summary>When the run started, by this silo's wall clock; microsecond precision. With the target's id it is the record's key.</summary>
    public required DateTimeOffset CheckedAt { get; init; }

    public required ProbeOutcome Outcome { get; init; }
    public FailureStage? Stage { get; init; }
    public required TimeSpan Latency { get; init; }
    public required string Message { get; init; }
    public IReadOnlyList<string> Warnings { get; init; } = [];
    public IReadOnlyList<string> Notes { get; init; } = [];
    public ProbeMetrics Metrics { get; init; } = ProbeMetrics.Empty;
    public required ProbeTrigger Trigger { get; init; }
    public required string Silo { get; init; }
    public required string Zone { get; init; }

    public bool Success => Outcome == ProbeOutcome.Ok;
}
