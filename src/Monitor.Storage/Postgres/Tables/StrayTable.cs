using Monitor.Core.Alerts;
using Monitor.Core.Health;
using Monitor.Core.Ports;
using Monitor.Core.Text;
using Monitor.Storage.Codecs;

namespace Monitor.Storage.Postgres.Tables;

/// <summary>Episodes that were decided elsewhere while their shard moved on. Judged under the lock of the target's state, which its owner writes under, too.</summary>
internal static class StrayTable
{
    private const string InsertAlert =
        """
        INSERT INTO alert_records (target_id, episode, target_name, target_type, endpoint, group_name, severity, message, started_at, fired_at, resolved_at,
            resolved_reason, into_degraded, failure_count, told_as)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT (target_id, episode) DO NOTHING
        """;

    /// <summary>Of the newest check that says something; a warning is over where there was none.</summary>
    private const string SeenWell =
        """
        SELECT flags & 3 = 0 AND ($3 OR flags & 256 = 0) FROM probe_results
        WHERE target_id = $1 AND checked_at > $2 AND (flags & 3) IN (0, 1) ORDER BY checked_at DESC LIMIT 1
        """;

    public static async Task<bool> AdoptAsync(PgSession session, StrayEpisode stray, DateTimeOffset now)
    {
        await session.ExecuteAsync([PgStatement.Begin, .. PgStatement.Limits(PgLimits.TransitionMilliseconds)]);
        var target = stray.Alert.TargetId;
        var state = await session.FirstAsync(
            row => HealthStateCodec.Decode(row.GetString(0)), "SELECT state FROM target_states WHERE target_id = $1 AND location = $2 FOR UPDATE", target, stray.Location);
        var known = await session.RowsAsync(AlertTable.Read, $"SELECT {AlertTable.Columns} FROM alert_records a WHERE a.target_id = $1", target);
        var last = await session.RowsAsync(row => row.GetBoolean(0), SeenWell, target, Micros.Of(stray.Alert.FiredAt), stray.Alert.Severity == AlertSeverity.Critical);
        var plan = StrayPlan.Of(stray, state, last is [true], known, now);
        if (plan is not { Record: { } record, Deliveries: { } deliveries })
        {
            await session.ExecuteAsync([PgStatement.RollBack]);
            return plan.Outcome == StrayOutcome.Known;
        }

        // An owner that makes an episode of this number at this moment has no row to be locked yet: then nothing is inserted, and the next try sees it.
        if (await session.ExecuteAsync([Insert(record)]) == 0)
        {
            await session.ExecuteAsync([PgStatement.RollBack]);
            return false;
        }

        await session.ExecuteAsync(
        [
            .. state is null ? (PgStatement[])[] : [Number(state, record, stray.Location)],
            .. DeliveryTable.Writes([new DeliveryWrite([.. deliveries.Where(row => row.Status != DeliveryStatus.Pending)], [])]),
            .. DeliveryTable.Insert([.. deliveries.Where(row => row.Status == DeliveryStatus.Pending)]),
            PgStatement.Commit,
        ]);
        return true;
    }

    private static PgStatement Number(HealthState state, AlertRecord record, string location) => new(
        "UPDATE target_states SET state = $1, version = version + 1 WHERE target_id = $2 AND location = $3",
        HealthStateCodec.Encode(state with { LastEpisode = Math.Max(state.LastEpisode, record.Episode) }),
        record.TargetId,
        location);

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
        alert.ToldAs);
}
