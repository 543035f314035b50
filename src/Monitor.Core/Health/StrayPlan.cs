using Monitor.Core.Alerts;

namespace Monitor.Core.Health;

/// <summary>
/// What becomes of a <see cref="StrayEpisode"/>, pure. The same number at overlapping times is the same episode: nothing is to be done. Else it becomes an episode of its own; where its
/// number has been given to another, it remembers the one that was told. An alert that nobody has ended is over when its target is well: then whoever heard the firing hears that.
/// While the target may be down it waits: by then the owner has made the same episode of it, or it is over. Well is what was seen so since the alert fired: what is stored of the target may be from
/// before the outage, and said "recovered" of one that was down, which its owner then told as a second episode.
/// </summary>
/// <param name="Outcome">What to do.</param>
/// <param name="Record">To be inserted.</param>
/// <param name="Deliveries">To be inserted with it.</param>
public sealed record StrayPlan(StrayOutcome Outcome, AlertRecord? Record = null, IReadOnlyList<Delivery>? Deliveries = null)
{
    /// <param name="state">The target's, as its owner has stored it; null when the target is gone.</param>
    /// <param name="seenWell">The last check since the alert fired that is stored went well.</param>
    /// <param name="known">All alert records of the target.</param>
    public static StrayPlan Of(StrayEpisode stray, HealthState? state, bool seenWell, IReadOnlyCollection<AlertRecord> known, DateTimeOffset now)
    {
        var alert = stray.Alert;
        var told = alert.ToldAs ?? alert.Episode;
        if (known.Any(other => (other.ToldAs ?? other.Episode) == told && other.Severity == alert.Severity && Overlap(alert, other)))
        {
            return new StrayPlan(StrayOutcome.Known);
        }

        if (alert.IsOpen)
        {
            if (state is not null && state.Status != HealthStatus.Disabled && (!seenWell || MayBeBad(state, alert.Severity)))
            {
                return new StrayPlan(StrayOutcome.Waits);
            }

            alert = alert with { ResolvedAt = now, ResolvedReason = Reason(state) };
        }

        var last = Math.Max(state?.LastEpisode ?? 0, known.Select(other => other.Episode).DefaultIfEmpty().Max());
        var number = told > last ? told : last + 1;
        return new StrayPlan(
            StrayOutcome.Own, alert with { Episode = number, ToldAs = number == told ? null : told }, [.. Rows(stray, number, now)]);
    }

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

    private static bool Overlap(AlertRecord one, AlertRecord other) =>
        one.StartedAt <= (other.ResolvedAt ?? DateTimeOffset.MaxValue) && other.StartedAt <= (one.ResolvedAt ?? DateTimeOffset.MaxValue);
}

public enum StrayOutcome
{
    /// <summary>The store has it already.</summary>
    Known,

    /// <summary>To be asked again.</summary>
    Waits,

    /// <summary>It becomes an episode of its own.</summary>
    Own,
}
