using Monitor.Core.Alerts;

namespace Monitor.Core.Health;

/// <summary>
/// What becomes of a <see cref="StrayEpisode"/>, pure. Overlapping times, neither having fired after the other was over, are the same outage.
/// <para>Under the same number it is known: nothing is to be done, unless "recovered" was told of one that its owner still has open. That ends it: the owner never saw the recovery, and a target
/// that is down again after it would be an outage that nobody is told of.</para>
/// <para>Else it becomes an episode of its own; where its number has been given to another, it remembers the one that was told. What is the same outage under another number (its silo had an
/// earlier one that its owner knows nothing of) is one only in what people read: it names the record that stands for both, and whoever heard its firing hears its recovery.</para>
/// <para>An alert that nobody has ended is over when its target is well: then whoever heard the firing hears that. While the target may be down it waits: by then the owner has made the same
/// episode of it, or it is over. Well is what was seen so since the alert fired: what is stored of the target may be from before the outage, and said "recovered" of one that was down, which
/// its owner then told as a second episode. When it was over is what has been stored of the target's checks: an outage that fired after that is another.</para>
/// </summary>
/// <param name="Outcome">What to do.</param>
/// <param name="Record">To be inserted.</param>
/// <param name="Deliveries">To be inserted with it.</param>
/// <param name="State">The target's, as it becomes.</param>
public sealed record StrayPlan(StrayOutcome Outcome, AlertRecord? Record = null, IReadOnlyList<Delivery>? Deliveries = null, HealthState? State = null)
{
    public static StrayPlan Of(StrayEpisode stray, StrayTarget target, DateTimeOffset now)
    {
        var alert = stray.Alert;
        var (state, seen, ended, known, _) = target;
        var told = alert.ToldAs ?? alert.Episode;
        var span = alert with { ResolvedAt = alert.ResolvedAt ?? ended };
        var sames = known.Where(other => other.Severity == alert.Severity && IsSame(span, other)).ToArray();
        if (Array.Find(sames, other => (other.ToldAs ?? other.Episode) == told) is { } same)
        {
            return state is not null && IsStillOpen(same, alert, state)
                ? new StrayPlan(StrayOutcome.Ends, Ended(same, alert), [.. Rows(stray, same.Episode, now).Where(row => row.Key.Kind == DeliveryKind.Resolved)], WellThen(state, alert, seen))
                : new StrayPlan(StrayOutcome.Known);
        }

        var standsFor = sames.Where(other => other.SameAs is null).MinBy(other => other.FiredAt);
        if (alert.IsOpen)
        {
            if (state is not null && state.Status != HealthStatus.Disabled && (!IsWell(seen, alert.Severity) || MayBeBad(state, alert.Severity)))
            {
                return new StrayPlan(StrayOutcome.Waits);
            }

            alert = standsFor is { IsOpen: false } ? Ended(alert, standsFor) : alert with { ResolvedAt = ended ?? now, ResolvedReason = Reason(state) };
        }

        var last = Math.Max(state?.LastEpisode ?? 0, known.Select(other => other.Episode).DefaultIfEmpty().Max());
        var number = told > last ? told : Math.Max(last, target.LastTold) + 1;
        return new StrayPlan(
            StrayOutcome.Own,
            alert with { Episode = number, ToldAs = number == told ? null : told, SameAs = standsFor?.Episode },
            [.. Rows(stray, number, now)],
            state is null ? null : state with { LastEpisode = Math.Max(state.LastEpisode, number) });
    }

    /// <summary>When its target has been well for as long as ends an alert.</summary>
    /// <param name="recoveries">Checks in a row that went well.</param>
    /// <param name="seen">Since it fired; the oldest first.</param>
    public static DateTimeOffset? EndOf(AlertSeverity severity, int recoveries, IEnumerable<SeenCheck> seen)
    {
        var well = 0;
        foreach (var check in seen)
        {
            if (severity == AlertSeverity.Warning && check.Failed)
            {
                // Says nothing about warnings.
                continue;
            }

            well = check.Failed || (severity == AlertSeverity.Warning && check.Warned) ? 0 : well + 1;
            if (well == recoveries)
            {
                return check.At;
            }
        }

        return null;
    }

    private static bool IsStillOpen(AlertRecord same, AlertRecord over, HealthState state) =>
        same.IsOpen && !over.IsOpen && (same.Severity == AlertSeverity.Critical ? state.Outage : state.Warning)?.Number == same.Episode;

    private static AlertRecord Ended(AlertRecord open, AlertRecord over) =>
        open with { ResolvedAt = over.ResolvedAt, ResolvedReason = over.ResolvedReason, RecoveredIntoDegraded = over.RecoveredIntoDegraded, FailureCount = over.FailureCount };

    /// <summary>As the recovery left it, with what has been seen since: a target that is down again needs no more failures for that than any other.</summary>
    private static HealthState WellThen(HealthState state, AlertRecord over, IReadOnlyList<SeenCheck> seen)
    {
        var since = seen.TakeWhile(check => check.At > over.ResolvedAt);
        var critical = over.Severity == AlertSeverity.Critical;
        var bad = (critical ? since.TakeWhile(check => check.Failed) : since.Where(check => !check.Failed).TakeWhile(check => check.Warned)).ToArray();
        var first = bad.Length > 0 ? bad[^1].At : (DateTimeOffset?)null;
        state = critical
            ? state with { Outage = null, Recoveries = 0, ConsecutiveFailures = bad.Length, FailingSince = first }
            : state with { Warning = null, CleanRuns = 0, ConsecutiveWarnings = bad.Length, WarningSince = first };
        var status = state.Outage is not null ? HealthStatus.Unhealthy
            : over.ResolvedReason != ResolvedReason.Recovered ? HealthStatus.Unknown
            : state.Warning is not null || over.RecoveredIntoDegraded ? HealthStatus.Degraded
            : HealthStatus.Healthy;
        return status == state.Status ? state : state with { Status = status, StatusSince = over.ResolvedAt!.Value };
    }

    private static bool IsWell(IReadOnlyList<SeenCheck> seen, AlertSeverity severity) => seen is [{ Failed: false } last, ..] && (severity == AlertSeverity.Critical || !last.Warned);

    private static ResolvedReason Reason(HealthState? state) =>
        state is null ? ResolvedReason.Deleted : state.Status == HealthStatus.Disabled ? ResolvedReason.Disabled : ResolvedReason.Recovered;

    /// <summary>Its owner has not settled that it is well.</summary>
    private static bool MayBeBad(HealthState state, AlertSeverity severity) => state.Status switch
    {
        HealthStatus.Unknown => true,
        _ => severity == AlertSeverity.Critical
            ? state.Outage is not null || state.ConsecutiveFailures > 0
            : state.Warning is not null || state.ConsecutiveWarnings > 0,
    };

    private static IEnumerable<Delivery> Rows(StrayEpisode stray, int number, DateTimeOffset now)
    {
        foreach (var row in stray.Deliveries)
        {
            // Whether what was on its way arrived nobody knows: better twice than never.
            yield return row with { Key = row.Key with { Episode = number }, Status = row.Status == DeliveryStatus.Sending ? DeliveryStatus.Pending : row.Status };
        }

        if (!stray.Alert.IsOpen)
        {
            yield break;
        }

        foreach (var firing in stray.Deliveries.Where(row => row.Key.Kind == DeliveryKind.Firing && row.Status is not (DeliveryStatus.Dead or DeliveryStatus.Suppressed)))
        {
            yield return new Delivery { Key = firing.Key with { Episode = number, Kind = DeliveryKind.Resolved }, CreatedAt = now };
        }
    }

    /// <summary>
    /// Both began, and fired, before the other was over. When it fired, and not only when its first bad check was: an owner that saw one before the gap and the next ones after it has an outage
    /// that reaches over the whole of the other, of which people have heard that it is over.
    /// </summary>
    private static bool IsSame(AlertRecord one, AlertRecord other) => Before(one, other) && Before(other, one);

    private static bool Before(AlertRecord one, AlertRecord other) => other.ResolvedAt is not { } over || (one.StartedAt <= over && one.FiredAt <= over);
}

/// <summary>What is stored of the target of a <see cref="StrayEpisode"/>.</summary>
/// <param name="State">As its owner has stored it; null when the target is gone.</param>
/// <param name="Seen">What is stored of checks since the alert fired, of those that say something; the newest first.</param>
/// <param name="Ended">When an alert that nobody has ended was over, by <see cref="StrayPlan.EndOf"/>; null where that is not known.</param>
/// <param name="Known">All its alert records.</param>
/// <param name="LastTold">The highest number under which a notice is known: its record may be yet to come, and another under its number would have its notices for its own.</param>
public sealed record StrayTarget(HealthState? State, IReadOnlyList<SeenCheck> Seen, DateTimeOffset? Ended, IReadOnlyCollection<AlertRecord> Known, int LastTold);

public enum StrayOutcome
{
    /// <summary>The store has it already.</summary>
    Known,

    /// <summary>To be asked again.</summary>
    Waits,

    /// <summary>It becomes an episode of its own.</summary>
    Own,

    /// <summary>Its owner's episode is over, as was told.</summary>
    Ends,
}

/// <summary>A check that went well or failed.</summary>
public readonly record struct SeenCheck(DateTimeOffset At, bool Failed, bool Warned);
