using Monitor.Core.Ports;
using Monitor.Storage.Codecs;

namespace Monitor.Storage.Sqlite.Tables;

/// <summary>Forgets what is older than it is kept, a bounded number of rows at a time; runs on the writer.</summary>
internal static class Expiry
{
    private const int MostTargets = 100;
    private const int MostRows = 500;

    private static readonly TimeSpan SendsKept = TimeSpan.FromHours(1);

    /// <summary>The start of the hour from which on results are kept.</summary>
    public static long OldestResult(DateTimeOffset now, Retention retention) => HourStart(now - retention.Results);

    /// <summary>Blocks and rollups of some targets; open rows become blocks within minutes, also those of targets that are gone.</summary>
    /// <returns>The target to go on after; null when all have had their turn.</returns>
    public static long? ForgetResults(SqliteSession session, long after, DateTimeOffset now, Retention retention)
    {
        var window = BlockKey.WindowOf(OldestResult(now, retention));
        var hour = HourStart(now - retention.Rollups) / RollupTable.HourMicros;
        var rows = 0;
        for (var i = 0; i < MostTargets && rows < MostRows; i++)
        {
            if (NextTarget(session, after) is not { } target)
            {
                return null;
            }

            var gone = session.Number("SELECT 1 FROM probe_targets WHERE id = @1", target) is null;
            rows += Blocks(session, target, gone ? BlockKey.Span : window)
                + Rollups(session, target, gone ? long.MaxValue : hour);
            // A target with more left keeps its turn.
            after = rows < MostRows ? target : target - 1;
        }

        return after;
    }

    /// <summary>Alerts that are over, sends, idempotency keys.</summary>
    /// <returns>Whether there is more.</returns>
    public static bool ForgetAlerts(SqliteSession session, DateTimeOffset now, Retention retention)
    {
        var old = session.Rows(
            row => (Id: row.GetInt64(0), Target: row.GetInt64(1), Episode: row.GetInt64(2)),
            "SELECT id, target_id, episode FROM alert_records WHERE fired_at < @1 AND resolved_at < @1 ORDER BY fired_at LIMIT @2",
            Micros.Of(now - retention.Alerts), MostRows);
        foreach (var (id, target, episode) in old)
        {
            session.Execute("DELETE FROM deliveries WHERE target_id = @1 AND episode = @2", target, episode);
            session.Execute("DELETE FROM alert_records WHERE id = @1", id);
        }

        var sends = session.Execute(
            "DELETE FROM sends WHERE message_id IN (SELECT message_id FROM sends WHERE started_at < @1 LIMIT @2)", Micros.Of(now - SendsKept), MostRows);
        var keys = IdempotencyTable.Forget(session, now, MostRows);
        return old.Count == MostRows || sends == MostRows || keys;
    }

    private static long HourStart(DateTimeOffset time) => Micros.Of(time) / RollupTable.HourMicros * RollupTable.HourMicros;

    private static long? NextTarget(SqliteSession session, long after)
    {
        var block = session.Number("SELECT id FROM result_blocks WHERE id >= @1 ORDER BY id LIMIT 1", BlockKey.Of(after + 1, 0));
        var rollup = session.Number("SELECT target_id FROM rollups WHERE target_id > @1 ORDER BY target_id LIMIT 1", after);
        var next = Math.Min(block is { } id ? BlockKey.TargetOf(id) : long.MaxValue, rollup ?? long.MaxValue);
        return next == long.MaxValue ? null : next;
    }

    private static int Blocks(SqliteSession session, long target, long window) => session.Execute(
        "DELETE FROM result_blocks WHERE id IN (SELECT id FROM result_blocks WHERE id >= @1 AND id < @2 ORDER BY id LIMIT @3)",
        BlockKey.Of(target, 0), BlockKey.Of(target, window), MostRows);

    private static int Rollups(SqliteSession session, long target, long hour) => session.Execute(
        "DELETE FROM rollups WHERE target_id = @1 AND hour IN (SELECT hour FROM rollups WHERE target_id = @1 AND hour < @2 ORDER BY hour LIMIT @3)",
        target, hour, MostRows);
}
