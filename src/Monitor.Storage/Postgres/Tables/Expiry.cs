using Monitor.Core.Ports;
using Monitor.Storage.Codecs;

namespace Monitor.Storage.Postgres.Tables;

/// <summary>Forgets what is older than it is kept, a bounded number of rows at a time; each step inside the transaction of upkeep's claim.</summary>
internal static class Expiry
{
    /// <summary>Where a turn goes on after the targets: with what is left of those that are gone, then with alerts.</summary>
    public const long AtRemoved = long.MaxValue - 1;
    public const long AtAlerts = long.MaxValue;

    private const int MostTargets = 500;
    private const int MostRows = 500;

    private static readonly TimeSpan SendsKept = TimeSpan.FromHours(1);

    /// <summary>The start of the hour from which on results are kept.</summary>
    public static long OldestResult(DateTimeOffset now, Retention retention) => Micros.Of(now - retention.Results) / RollupTable.HourMicros * RollupTable.HourMicros;

    /// <summary>One step.</summary>
    /// <returns>Where to go on; null when all is done.</returns>
    public static async Task<long?> StepAsync(PgSession session, long at, DateTimeOffset now, Retention retention) => at switch
    {
        AtAlerts => await ForgetAlertsAsync(session, now, retention) ? AtAlerts : null,
        AtRemoved => await ForgetRemovedAsync(session) ? AtRemoved : AtAlerts,
        _ => await ForgetRollupsAsync(session, at, now, retention),
    };

    private static async Task<long> ForgetRollupsAsync(PgSession session, long after, DateTimeOffset now, Retention retention)
    {
        var targets = await session.RowsAsync(row => row.GetInt64(0), $"SELECT id FROM probe_targets WHERE id > $1 ORDER BY id LIMIT {MostTargets}", after);
        if (targets.Count == 0)
        {
            return AtRemoved;
        }

        var rows = await session.ExecuteAsync(
            $"DELETE FROM rollups WHERE ctid = ANY(ARRAY(SELECT ctid FROM rollups WHERE target_id = ANY($1) AND hour < $2 LIMIT {MostRows}))",
            targets.ToArray(), (int)(Micros.Of(now - retention.Rollups) / RollupTable.HourMicros));

        // Targets with more left keep their turn.
        return rows < MostRows ? targets[^1] : after;
    }

    /// <summary>One target at a time: it may have hundreds of days.</summary>
    private static async Task<bool> ForgetRemovedAsync(PgSession session)
    {
        if (await session.NumberAsync("SELECT target_id FROM removed_targets ORDER BY 1 LIMIT 1") is not { } target)
        {
            return false;
        }

        await session.ExecuteAsync(
        [
            new PgStatement("DELETE FROM probe_results WHERE target_id = $1", target),
            new PgStatement("DELETE FROM result_blocks WHERE target_id = $1", target),
            new PgStatement("DELETE FROM rollups WHERE target_id = $1", target),
            new PgStatement("DELETE FROM removed_targets WHERE target_id = $1", target),
        ]);
        return true;
    }

    /// <summary>Alerts that are over, sends, idempotency keys.</summary>
    private static async Task<bool> ForgetAlertsAsync(PgSession session, DateTimeOffset now, Retention retention)
    {
        var old = await session.RowsAsync(
            row => row.GetInt64(0),
            $"""
             WITH old AS MATERIALIZED (
                 SELECT id, target_id, episode FROM alert_records WHERE fired_at < $1 AND resolved_at < $1 ORDER BY fired_at LIMIT {MostRows}
             ), notices AS (
                 DELETE FROM deliveries d USING old WHERE d.target_id = old.target_id AND d.episode IN (old.episode, -old.episode)
             )
             DELETE FROM alert_records a USING old WHERE a.id = old.id RETURNING a.id
             """,
            Micros.Of(now - retention.Alerts));
        var sends = await session.ExecuteAsync(
            $"DELETE FROM sends WHERE message_id IN (SELECT message_id FROM sends WHERE started_at < $1 LIMIT {MostRows})", Micros.Of(now - SendsKept));
        var keys = await IdempotencyTable.ForgetAsync(session, now, MostRows);
        return old.Count == MostRows || sends == MostRows || keys;
    }
}
