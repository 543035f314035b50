using Monitor.Core.Alerts;

namespace Monitor.Core.Health;

/// <summary>What follows from a step. It is stored in the step's own transaction; sending happens afterwards, from what is stored.</summary>
public abstract record HealthEffect(OpenEpisode Episode, AlertSeverity Severity)
{
    /// <summary>An episode opens: one alert record, one firing delivery a channel.</summary>
    public sealed record Fired(OpenEpisode Episode, AlertSeverity Severity) : HealthEffect(Episode, Severity);

    /// <summary>It is over: one recovery delivery for each channel of <see cref="OpenEpisode.ChannelIds"/>.</summary>
    public sealed record Resolved(OpenEpisode Episode, AlertSeverity Severity, ResolvedReason Reason, DateTimeOffset At, bool IntoDegraded)
        : HealthEffect(Episode, Severity);

    /// <summary>Channels that came to the target while the episode was open: they get the firing now.</summary>
    public sealed record Joined(OpenEpisode Episode, AlertSeverity Severity, IReadOnlyList<long> ChannelIds) : HealthEffect(Episode, Severity);
}

/// <summary>How soon a new state must be stored.</summary>
public enum StateChange
{
    /// <summary>Nothing is written: the steady case, good or bad.</summary>
    None,

    /// <summary>Only the number of failures beyond the threshold: once a minute is enough.</summary>
    Lazy,

    /// <summary>As soon as the writer is free; with effects, in one transaction with them.</summary>
    Now,
}

/// <summary>The outcome of a step: the next state, what follows, and how soon it must be stored.</summary>
public readonly record struct HealthStep(HealthState State, StateChange Change, IReadOnlyList<HealthEffect> Effects);

/// <summary>What a step looks at of one finished run.</summary>
/// <param name="CheckedAt">When it started: the beginning of an outage is the start of its first bad check.</param>
/// <param name="OwnTrouble">A run that ended as skipped because this monitor could not make it.</param>
public readonly record struct CheckFact(DateTimeOffset CheckedAt, Probing.ProbeOutcome Outcome, bool HasWarnings, bool Manual, bool OwnTrouble = false);
