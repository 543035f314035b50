using Monitor.Core.Alerts;
using Monitor.Core.Probing;

namespace Monitor.Core.Health;

/// <summary>
/// The decision. Pure: time and results come in as arguments, effects go out as values.
/// Invariants, whatever the history: per track firing and resolved alternate; at most one open episode a track; both tracks take their numbers
/// from one counter; a failure neither counts nor resets the warnings track; a steady target, good or bad, changes nothing that must be stored at once.
/// </summary>
public static class HealthMachine
{
    private static readonly IReadOnlyList<HealthEffect> NoEffects = [];

    /// <summary>One finished run.</summary>
    public static HealthStep Step(HealthState state, HealthRules rules, CheckFact fact, DateTimeOffset now)
    {
        if (!rules.Enabled)
        {
            return Unchanged(state);
        }

        if (fact.OwnTrouble)
        {
            // An outage stays open: that we cannot look is no recovery.
            return state.Status == HealthStatus.Unknown ? Unchanged(state) : Changed(WithStatus(state, HealthStatus.Unknown, now));
        }

        if (fact.Outcome is ProbeOutcome.Late or ProbeOutcome.Skipped)
        {
            return Unchanged(state);
        }

        // Three clicks on "probe now" must wake nobody, but a clean success is good news at once.
        if (fact.Manual && (fact.Outcome == ProbeOutcome.Failed || fact.HasWarnings))
        {
            return Unchanged(state);
        }

        return fact.Outcome == ProbeOutcome.Failed ? Failure(state, rules, fact, now) : Success(state, rules, fact, now);
    }

    /// <summary>
    /// Brings the state into line with the settings as they are now: after an edit, and at every load, so that an edit that met a crash is not forgotten.
    /// Changed thresholds act at the next result.
    /// </summary>
    public static HealthStep Reconcile(HealthState state, HealthRules rules, DateTimeOffset now)
    {
        if (state.Type != rules.Type)
        {
            var ended = Close(state, ResolvedReason.Changed, now);
            var fresh = HealthState.New(rules.Type, now) with
            {
                LastEpisode = state.LastEpisode,
                Status = rules.Enabled ? HealthStatus.Unknown : HealthStatus.Disabled,
            };
            return new HealthStep(fresh, StateChange.Now, ended);
        }

        if (!rules.Enabled)
        {
            if (state.Status == HealthStatus.Disabled)
            {
                return Unchanged(state);
            }

            var off = HealthState.New(state.Type, now) with { LastEpisode = state.LastEpisode, Status = HealthStatus.Disabled };
            return new HealthStep(off, StateChange.Now, Close(state, ResolvedReason.Disabled, now));
        }

        if (state.Status == HealthStatus.Disabled)
        {
            return Changed(WithStatus(state, HealthStatus.Unknown, now));
        }

        return ReconcileOpen(state, rules, now);
    }

    /// <summary>The target is gone: what is open is over.</summary>
    public static IReadOnlyList<HealthEffect> Delete(HealthState state, DateTimeOffset now) => Close(state, ResolvedReason.Deleted, now);

    private static HealthStep ReconcileOpen(HealthState state, HealthRules rules, DateTimeOffset now)
    {
        var effects = new List<HealthEffect>();
        var next = state;
        if (state.Warning is { } warning && !rules.NotifyDegraded)
        {
            effects.Add(new HealthEffect.Resolved(warning, AlertSeverity.Warning, ResolvedReason.Changed, now, IntoDegraded: false));
            next = next with { Warning = null, CleanRuns = 0 };
        }

        next = next with
        {
            Outage = Join(next.Outage, AlertSeverity.Critical, rules, effects),
            Warning = Join(next.Warning, AlertSeverity.Warning, rules, effects),
        };
        return effects.Count == 0 ? Unchanged(state) : new HealthStep(next, StateChange.Now, effects);
    }

    private static OpenEpisode? Join(OpenEpisode? episode, AlertSeverity severity, HealthRules rules, List<HealthEffect> effects)
    {
        if (episode is null)
        {
            return null;
        }

        var added = rules.ChannelIds.Except(episode.ChannelIds).ToArray();
        if (added.Length == 0)
        {
            return episode;
        }

        var joined = episode with { ChannelIds = [.. episode.ChannelIds, .. added] };
        effects.Add(new HealthEffect.Joined(joined, severity, added));
        return joined;
    }

    private static HealthStep Failure(HealthState state, HealthRules rules, CheckFact fact, DateTimeOffset now)
    {
        var failures = state.ConsecutiveFailures + 1;
        var next = state with { ConsecutiveFailures = failures, FailingSince = state.FailingSince ?? fact.CheckedAt, Recoveries = 0 };
        if (state.Outage is { } open)
        {
            next = WithStatus(next with { Outage = open with { FailureCount = open.FailureCount + 1 } }, HealthStatus.Unhealthy, now);
            var onlyCounted = state.Status == HealthStatus.Unhealthy && state.Recoveries == 0 && state.ConsecutiveFailures >= rules.FailureThreshold;
            return new HealthStep(next, onlyCounted ? StateChange.Lazy : StateChange.Now, NoEffects);
        }

        if (failures < rules.FailureThreshold)
        {
            return Changed(next);
        }

        var episode = new OpenEpisode(state.LastEpisode + 1, next.FailingSince.Value, now, failures, rules.ChannelIds);
        next = WithStatus(next with { Outage = episode, LastEpisode = episode.Number }, HealthStatus.Unhealthy, now);
        return new HealthStep(next, StateChange.Now, [new HealthEffect.Fired(episode, AlertSeverity.Critical)]);
    }

    private static HealthStep Success(HealthState state, HealthRules rules, CheckFact fact, DateTimeOffset now)
    {
        if (IsSteadySuccess(state, rules, fact))
        {
            return Unchanged(state);
        }

        var effects = new List<HealthEffect>();
        var next = state with { ConsecutiveFailures = 0, FailingSince = null };
        next = CountRecovery(next, rules, fact, now, effects);
        next = fact.HasWarnings ? CountWarning(next, rules, fact, now, effects) : CountClean(next, rules, now, effects);
        var status = next.Outage is not null ? HealthStatus.Unhealthy : fact.HasWarnings ? HealthStatus.Degraded : HealthStatus.Healthy;
        return new HealthStep(WithStatus(next, status, now), StateChange.Now, effects);
    }

    private static bool IsSteadySuccess(HealthState state, HealthRules rules, CheckFact fact)
    {
        if (state.ConsecutiveFailures > 0 || state.Outage is not null)
        {
            return false;
        }

        return fact.HasWarnings
            ? state.Status == HealthStatus.Degraded && state.CleanRuns == 0 && state.ConsecutiveWarnings >= rules.FailureThreshold
                && (state.Warning is not null || !rules.NotifyDegraded)
            : state.Status == HealthStatus.Healthy && state.ConsecutiveWarnings == 0 && state.Warning is null;
    }

    private static HealthState CountRecovery(
        HealthState state, HealthRules rules, CheckFact fact, DateTimeOffset now, List<HealthEffect> effects)
    {
        if (state.Outage is not { } outage)
        {
            return state;
        }

        if (state.Recoveries + 1 < rules.RecoveryThreshold)
        {
            return state with { Recoveries = state.Recoveries + 1 };
        }

        effects.Add(new HealthEffect.Resolved(outage, AlertSeverity.Critical, ResolvedReason.Recovered, now, fact.HasWarnings));
        return state with { Outage = null, Recoveries = 0 };
    }

    private static HealthState CountWarning(
        HealthState state, HealthRules rules, CheckFact fact, DateTimeOffset now, List<HealthEffect> effects)
    {
        var seen = Math.Min(state.ConsecutiveWarnings + 1, rules.FailureThreshold);
        var next = state with { ConsecutiveWarnings = seen, WarningSince = state.WarningSince ?? fact.CheckedAt, CleanRuns = 0 };
        if (next.Warning is not null || !rules.NotifyDegraded || seen < rules.FailureThreshold)
        {
            return next;
        }

        var episode = new OpenEpisode(state.LastEpisode + 1, next.WarningSince.Value, now, seen, rules.ChannelIds);
        effects.Add(new HealthEffect.Fired(episode, AlertSeverity.Warning));
        return next with { Warning = episode, LastEpisode = episode.Number };
    }

    private static HealthState CountClean(HealthState state, HealthRules rules, DateTimeOffset now, List<HealthEffect> effects)
    {
        var next = state with { ConsecutiveWarnings = 0, WarningSince = null };
        if (state.Warning is not { } warning)
        {
            return next;
        }

        if (state.CleanRuns + 1 < rules.RecoveryThreshold)
        {
            return next with { CleanRuns = state.CleanRuns + 1 };
        }

        effects.Add(new HealthEffect.Resolved(warning, AlertSeverity.Warning, ResolvedReason.Recovered, now, IntoDegraded: false));
        return next with { Warning = null, CleanRuns = 0 };
    }

    private static List<HealthEffect> Close(HealthState state, ResolvedReason reason, DateTimeOffset now)
    {
        var effects = new List<HealthEffect>();
        if (state.Outage is { } outage)
        {
            effects.Add(new HealthEffect.Resolved(outage, AlertSeverity.Critical, reason, now, IntoDegraded: false));
        }

        if (state.Warning is { } warning)
        {
            effects.Add(new HealthEffect.Resolved(warning, AlertSeverity.Warning, reason, now, IntoDegraded: false));
        }

        return effects;
    }

    private static HealthState WithStatus(HealthState state, HealthStatus status, DateTimeOffset now) =>
        state.Status == status ? state : state with { Status = status, StatusSince = now };

    private static HealthStep Unchanged(HealthState state) => new(state, StateChange.None, NoEffects);

    private static HealthStep Changed(HealthState state) => new(state, StateChange.Now, NoEffects);
}
