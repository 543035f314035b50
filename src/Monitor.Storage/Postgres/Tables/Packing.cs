using Monitor.Core.History;
using Monitor.Storage.Codecs;

namespace Monitor.Storage.Postgres.Tables;

/// <summary>
/// Moves results whose ten minutes are over from rows into blocks, and counts their hours anew: one bounded round, inside one snapshot, so that a row which comes
/// meanwhile is neither read nor deleted.
/// </summary>
internal sealed class Packing(PgSession session, long cutoff, long oldest, Action<string> damaged)
{
    /// <summary>More than the densest target has in one window.</summary>
    private const int MostRows = 8_000;

    /// <summary>The days that the round's blocks are of.</summary>
    public IReadOnlyCollection<long> Days { get; private set; } = [];

    /// <param name="after">The target after which to go on.</param>
    /// <returns>What is to be written, and the target after which to go on; null when that was the last.</returns>
    public async Task<(List<PgStatement> Writes, long? After)> ReadAsync(long after)
    {
        var rows = await session.RowsAsync(
            row => (Target: row.GetInt64(7), Row: ResultTable.Read(row)),
            $"SELECT {ResultTable.Columns}, target_id FROM probe_results WHERE target_id > $1 AND checked_at < $2 ORDER BY target_id, checked_at LIMIT {MostRows}",
            after, cutoff);
        if (rows.Count == 0)
        {
            return ([], null);
        }

        long? next = null;
        if (rows.Count == MostRows)
        {
            // The last target may have more; where it is the only one, its last window may.
            var last = rows[^1];
            if (rows[0].Target != last.Target)
            {
                rows.RemoveAll(row => row.Target == last.Target);
            }
            else
            {
                rows.RemoveAll(row => BlockKey.WindowOf(row.Row.At) == BlockKey.WindowOf(last.Row.At));
            }

            next = last.Target - 1;
        }

        return (await WritesAsync(rows), next);
    }

    private async Task<List<PgStatement>> WritesAsync(List<(long Target, StoredResult Row)> rows)
    {
        var reach = (await session.RowsAsync(
                row => (Id: row.GetInt64(0), Reach: UptimeReading.ReachOf(row.GetInt32(1), row.GetInt32(2))),
                "SELECT id, interval_seconds, timeout_seconds FROM probe_targets WHERE id = ANY($1)", rows.Select(row => row.Target).Distinct().ToArray()))
            .ToDictionary(row => row.Id, row => row.Reach);

        // What is older than it is kept, or of a target that is gone, is dropped.
        var fresh = rows.Where(row => row.Row.At >= oldest && reach.ContainsKey(row.Target))
            .GroupBy(row => (row.Target, Window: BlockKey.WindowOf(row.Row.At)))
            .ToDictionary(group => group.Key, group => group.Select(row => row.Row).ToArray());
        var hours = fresh.Keys.Select(key => (key.Target, Hour: BlockKey.StartOf(key.Window) / RollupTable.HourMicros)).Distinct().ToArray();
        var stored = await StoredAsync(hours);
        foreach (var (key, results) in fresh)
        {
            stored[key] = ResultBlock.Merge(stored.GetValueOrDefault(key, []), results);
        }

        Days = [.. fresh.Keys.Select(key => Partitions.DayOf(BlockKey.StartOf(key.Window))).Distinct()];
        var writes = new List<PgStatement>();
        if (fresh.Count > 0)
        {
            writes.Add(WriteBlocks([.. fresh.Keys.Select(key => (key.Target, key.Window, ResultBlock.Encode(stored[key])))]));
            writes.Add(RollupTable.Write([.. hours.Select(hour => (hour.Target, hour.Hour, Summary(hour.Target, hour.Hour, stored, reach[hour.Target])))]));
        }

        var ends = rows.GroupBy(row => row.Target).Select(group => (Target: group.Key, Last: group.Max(row => row.Row.At))).ToArray();
        writes.Add(new PgStatement(
            """
            DELETE FROM probe_results r USING unnest($1::bigint[], $2::bigint[]) AS g (target_id, last)
            WHERE r.target_id = g.target_id AND r.checked_at <= g.last AND r.checked_at < $3
            """,
            ends.Select(end => end.Target).ToArray(), ends.Select(end => end.Last).ToArray(), cutoff));
        return writes;
    }

    /// <summary>What is packed already of the hours that change.</summary>
    private async Task<Dictionary<(long Target, long Window), IReadOnlyList<StoredResult>>> StoredAsync((long Target, long Hour)[] hours)
    {
        var stored = new Dictionary<(long Target, long Window), IReadOnlyList<StoredResult>>();
        if (hours.Length == 0)
        {
            return stored;
        }

        var first = hours.Select(hour => FirstWindow(hour.Hour)).ToArray();
        var blocks = await session.RowsAsync(
            row => (Target: row.GetInt64(0), Window: (long)row.GetInt32(1), Data: row.GetFieldValue<byte[]>(2)),
            """
            SELECT b.target_id, b.ten_minutes, b.data FROM unnest($1::bigint[], $2::integer[]) AS g (target_id, first)
            JOIN result_blocks b ON b.target_id = g.target_id AND b.ten_minutes BETWEEN g.first AND g.first + 5
            WHERE b.ten_minutes BETWEEN $3 AND $4
            """,
            hours.Select(hour => hour.Target).ToArray(), first, first.Min(), first.Max() + 5);
        foreach (var (target, window, data) in blocks)
        {
            try
            {
                stored[(target, window)] = ResultBlock.Decode(data);
            }
            catch (FormatException e)
            {
                damaged(e.Message);
            }
        }

        return stored;
    }

    private static ResultSummary Summary(long target, long hour, Dictionary<(long Target, long Window), IReadOnlyList<StoredResult>> stored, long reach)
    {
        var summary = new ResultSummary();
        for (var window = FirstWindow(hour); window < FirstWindow(hour + 1); window++)
        {
            foreach (var row in stored.GetValueOrDefault((target, window), []))
            {
                summary.Add(row.At, row.Outcome, row.HasWarnings, row.LatencyMicros, reach);
            }
        }

        return summary;
    }

    private static int FirstWindow(long hour) => (int)(hour * (RollupTable.HourMicros / BlockKey.WindowMicros));

    private static PgStatement WriteBlocks(IReadOnlyList<(long Target, long Window, byte[] Data)> blocks) => new(
        """
        INSERT INTO result_blocks (target_id, ten_minutes, data) SELECT * FROM unnest($1::bigint[], $2::integer[], $3::bytea[])
        ON CONFLICT (target_id, ten_minutes) DO UPDATE SET data = excluded.data
        """,
        blocks.Select(block => block.Target).ToArray(), blocks.Select(block => (int)block.Window).ToArray(), blocks.Select(block => block.Data).ToArray());
}
