using Monitor.Core.Alerts;
using Monitor.Core.Health;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Text;
using Monitor.Storage.Codecs;
using Npgsql;

namespace Monitor.Storage.Postgres.Tables;

/// <summary>Episodes that were decided elsewhere while their shard moved on. Judged under the lock of the target's state, which its owner writes under, too.</summary>
internal static class StrayTable
{
    private const string InsertAlert =
        """
        INSERT INTO alert_records (target_id, episode, target_name, target_type, endpoint, group_name, severity, message, started_at, fired_at, resolved_at,
            resolved_reason, into_degraded, failure_count, told_as, same_as)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT (target_id, episode) DO NOTHING
        """;

    private const string End =
        "UPDATE alert_records SET resolved_at = $1, resolved_reason = $2, into_degraded = $3, failure_count = $4 WHERE target_id = $5 AND episode = $6 AND resolved_at IS NULL";

    /// <summary>The newest checks that say something: more than any threshold asks for.</summary>
    private const string Seen =
        "SELECT checked_at, flags FROM probe_results WHERE target_id = $1 AND checked_at > $2 AND (flags & 3) IN (0, 1) ORDER BY checked_at DESC LIMIT 100";

    /// <summary>So long after its firing the end of an alert is looked for: it is asked for again and again while its target is down.</summary>
    private static readonly TimeSpan Sight = TimeSpan.FromHours(1);

    public static async Task<bool> AdoptAsync(PgSession session, StrayEpisode stray, DateTimeOffset now)
    {
        await session.ExecuteAsync([PgStatement.Begin, .. PgStatement.Limits(PgLimits.TransitionMilliseconds)]);
        var target = stray.Alert.TargetId;
        var state = await session.FirstAsync(
            row => HealthStateCodec.Decode(row.GetString(0)), "SELECT state FROM target_states WHERE target_id = $1 AND location = $2 FOR UPDATE", target, stray.Location);
        var known = await session.RowsAsync(AlertTable.Read, $"SELECT {AlertTable.Columns} FROM alert_records a WHERE a.target_id = $1", target);
        var seen = await session.RowsAsync(Check, Seen, target, Micros.Of(stray.Alert.FiredAt));
        var told = await session.NumberAsync("SELECT max(episode) FROM deliveries WHERE target_id = $1", target) ?? 0;
        var plan = StrayPlan.Of(
            stray with { Deliveries = Told(stray.Deliveries, await DeliveryTable.SetAsideAsync(session, target, stray.Alert.Episode)) },
            new StrayTarget(state, seen, await EndedAsync(session, stray.Alert), known, (int)told),
            now);
        if (plan is not { Record: { } record, Deliveries: { } deliveries })
        {
            await session.ExecuteAsync([PgStatement.RollBack]);
            return plan.Outcome == StrayOutcome.Known;
        }

        // An owner that makes an episode of this number at this moment has no row to be locked yet: then nothing is inserted, and the next try sees it.
        if (await session.ExecuteAsync([plan.Outcome == StrayOutcome.Ends ? Over(record) : Insert(record)]) == 0)
        {
            await session.ExecuteAsync([PgStatement.RollBack]);
            return false;
        }

        await session.ExecuteAsync(
        [
            .. plan.State is { } next ? [Write(next, target, stray.Location), .. TargetTable.Moved(target)] : (PgStatement[])[],
            .. DeliveryTable.Writes([new DeliveryWrite([.. deliveries.Where(row => row.Status != DeliveryStatus.Pending)], [])]),
            .. DeliveryTable.Insert([.. deliveries.Where(row => row.Status == DeliveryStatus.Pending)]),
            PgStatement.Commit,
        ]);
        return true;
    }

    /// <summary>What its silo never heard the end of, as the robots' owners know it: it was told once more, when that silo stood still before it had heard.</summary>
    private static Delivery[] Told(IReadOnlyList<Delivery> rows, IReadOnlyList<Delivery> ended) =>
    [
        .. from row in rows
           let end = row.Status is DeliveryStatus.Pending or DeliveryStatus.Sending ? ended.FirstOrDefault(end => end.Key.Kind == row.Key.Kind && end.Key.ChannelId == row.Key.ChannelId && Micros.Of(end.CreatedAt) == Micros.Of(row.CreatedAt)) : null
           select end is null ? row : end with { Key = row.Key },
    ];

    /// <summary>When an alert that nobody has ended was over, by what is stored of its target's checks.</summary>
    private static async Task<DateTimeOffset?> EndedAsync(PgSession session, AlertRecord alert)
    {
        if (!alert.IsOpen || await session.NumberAsync("SELECT recovery_threshold FROM probe_targets WHERE id = $1", alert.TargetId) is not { } recoveries)
        {
            return null;
        }

        var seen = await new ResultReading(session).DescendingAsync(
                alert.TargetId, Micros.Of(alert.FiredAt) + 1, Micros.Of(alert.FiredAt + Sight), cancellationToken: session.CancellationToken)
            .Where(result => result.IsConclusive)
            .Select(result => new SeenCheck(Micros.ToTime(result.At), result.Outcome == ProbeOutcome.Failed, result.HasWarnings))
            .ToListAsync(session.CancellationToken);
        seen.Reverse();
        return StrayPlan.EndOf(alert.Severity, (int)recoveries, seen);
    }

    private static SeenCheck Check(NpgsqlDataReader row) => new(Micros.ToTime(row.GetInt64(0)), (row.GetInt16(1) & 3) == 1, (row.GetInt16(1) & 256) != 0);

    private static PgStatement Write(HealthState state, long target, string location) => new(
        "UPDATE target_states SET state = $1, status = $2, status_since = $3, version = version + 1 WHERE target_id = $4 AND location = $5",
        HealthStateCodec.Encode(state),
        state.Status.Name(),
        Micros.Of(state.StatusSince),
        target,
        location);

    private static PgStatement Over(AlertRecord alert) => new(
        End, Micros.Of(alert.ResolvedAt), alert.ResolvedReason?.Name(), alert.RecoveredIntoDegraded, alert.FailureCount, alert.TargetId, alert.Episode);

    private static PgStatement Insert(AlertRecord alert) => new(
        InsertAlert,
        alert.TargetId,
        alert.Episode,
        alert.TargetName,
        alert.TargetType,
        alert.Endpoint,
        alert.Group,
        alert.Severity.Name(),
        alert.Message,
        Micros.Of(alert.StartedAt),
        Micros.Of(alert.FiredAt),
        Micros.Of(alert.ResolvedAt),
        alert.ResolvedReason?.Name(),
        alert.RecoveredIntoDegraded,
        alert.FailureCount,
        alert.ToldAs,
        alert.SameAs);
}
