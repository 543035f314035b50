using Monitor.Core.Probing;

namespace Monitor.Grains.Probing;

/// <summary>How one run went, before it is worded and decided upon.</summary>
/// <param name="CheckedAt">Wall clock at the start, in whole microseconds.</param>
/// <param name="Waited">For a free slot.</param>
/// <param name="Abandoned">The prober's own task where it was cut off and may still hang.</param>
public sealed record ProbeRun(
    ProbeEnding Ending, ProbeResult Result, DateTimeOffset CheckedAt, TimeSpan Latency, TimeSpan Waited = default, Task? Abandoned = null);

public enum ProbeEnding
{
    /// <summary>It says something about the target.</summary>
    Conclusive,

    /// <summary>This process stood still meanwhile: run it again at once.</summary>
    Stalled,

    /// <summary>No slot became free within the target's timeout.</summary>
    NoSlot,

    /// <summary>This monitor could not make the run.</summary>
    OwnTrouble,

    /// <summary>Stopped from outside (shutdown, the caller left): nothing is known, nothing is recorded.</summary>
    Stopped,
}
