using Monitor.Core.Text;

namespace Monitor.Core.Probing;

/// <summary>What a prober found: a failure is a value named by its stage; exceptions are defects.</summary>
public sealed record ProbeResult
{
    public required ProbeOutcome Outcome { get; init; }
    public FailureStage? Stage { get; init; }

    /// <summary>
    /// Of a failure: what was measured and what was expected, without the stage before it (<see cref="Failed"/> adds it). Of a skip: the reason.
    /// Null for a success: the caller words it in the service's language.
    /// </summary>
    public string? Message { get; init; }

    public IReadOnlyList<string> Warnings { get; init; } = [];
    public IReadOnlyList<string> Notes { get; init; } = [];
    public ProbeMetrics Metrics { get; init; } = ProbeMetrics.Empty;

    /// <summary>What the prober says it took; null: the caller's own measure of the whole run.</summary>
    public TimeSpan? Latency { get; init; }

    /// <summary>What to hand to the next probe of this target; null keeps what there was. Small and opaque.</summary>
    public ReadOnlyMemory<byte>? Memory { get; init; }

    public bool IsClean => Outcome == ProbeOutcome.Ok && Warnings.Count == 0;

    public static ProbeResult Ok(ProbeMetrics metrics, IReadOnlyList<string>? warnings = null, IReadOnlyList<string>? notes = null) =>
        new() { Outcome = ProbeOutcome.Ok, Metrics = metrics, Warnings = warnings ?? [], Notes = notes ?? [] };

    public static ProbeResult Failed(FailureStage stage, string message, ProbeMetrics? metrics = null) =>
        new() { Outcome = ProbeOutcome.Failed, Stage = stage, Message = $"{stage.Name()}: {message}", Metrics = metrics ?? ProbeMetrics.Empty };

    /// <summary>This monitor's own trouble (no right to send ICMP, no free socket): nothing is counted, the status becomes unknown.</summary>
    public static ProbeResult OwnTrouble(string reason) => new() { Outcome = ProbeOutcome.Skipped, Message = reason };
}

/// <summary>How a scheduled run ended. Every one ends as exactly one of these, and is counted.</summary>
public enum ProbeOutcome
{
    Ok,
    Failed,

    /// <summary>Our own process stalled meanwhile: says nothing about the target.</summary>
    Late,

    /// <summary>Not made, or could not be made by this monitor: says nothing about the target.</summary>
    Skipped,
}

/// <summary>Where a failure happened; its lower-case name begins the message.</summary>
public enum FailureStage
{
    Dns,
    Connect,
    Tls,
    Authentication,
    Protocol,
    Timeout,
    Assertion,
}

/// <summary>Why a run was made.</summary>
public enum ProbeTrigger
{
    Schedule,

    /// <summary>After a first failure, sooner than the interval.</summary>
    Retry,

    /// <summary>A person or client asked: only a clean success counts.</summary>
    Manual,
}
