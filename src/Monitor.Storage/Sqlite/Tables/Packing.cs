using Monitor.Core.History;
using Monitor.Storage.Codecs;

namespace Monitor.Storage.Sqlite.Tables;

/// <summary>
/// Moves results whose ten minutes are over from rows into blocks, and counts their hours anew. Read and packed beside the writer;
/// the writer only puts it in place, and not where a row came meanwhile: that target's turn comes again.
/// </summary>
internal static class Packing
{
    private const int MostLooks = 2_000;
    private const int MostRows = 2_000;

    /// <summary>One bounded round.</summary>
    /// <param name="after">The target after which to go on.</param>
    /// <param name="cutoff">Rows before it are packed; the start of a window.</param>
    /// <param name="oldest">Rows before it are older than results are kept: dropped; the start of an hour.</param>
    /// <param name="damaged">Told what is wrong with a block that cannot be read.</param>
    public static PackedRound Read(SqliteSession session, long after, long cutoff, long oldest, Action<string> damaged)
    {
        var packed = new List<PackedTarget>();
        var rows = 0;
        for (var looks = 0; looks < MostLooks && rows < MostRows; looks++)
        {
            var (target, first) = session.First(
                row => (row.GetInt64(0), row.GetInt64(1)),
                "SELECT target_id, checked_at FROM probe_results WHERE target_id > @1 ORDER BY target_id, checked_at LIMIT 1", after);
            if (target == 0)
            {
                return new PackedRound(packed, 0, IsLast: true);
            }

            if (first < cutoff)
            {
                var result = ReadTarget(session, target, cutoff, oldest, damaged);
                rows += result.Rows;
                packed.Add(result);
            }

            after = target;
        }

        return new PackedRound(packed, after, IsLast: false);
    }

    /// <summary>Puts a round in place; runs on the writer.</summary>
    /// <returns>Whether every target of it could be.</returns>
    public static bool Write(SqliteSession session, PackedRound round, long cutoff)
    {
        var all = true;
        foreach (var target in round.Targets)
        {
            if (session.Number("SELECT count(*) FROM probe_results WHERE target_id = @1 AND checked_at < @2", target.TargetId, cutoff) != target.Rows)
            {
                all = false;
                continue;
            }

            foreach (var (key, data) in target.Blocks)
            {
                session.Execute("INSERT OR REPLACE INTO result_blocks (id, data) VALUES (@1, @2)", key, data);
            }

            foreach (var (hour, summary) in target.Hours)
            {
                RollupTable.Write(session, target.TargetId, hour, summary);
            }

            session.Execute("DELETE FROM probe_results WHERE target_id = @1 AND checked_at < @2", target.TargetId, cutoff);
        }

        return all;
    }

    private static PackedTarget ReadTarget(SqliteSession session, long target, long cutoff, long oldest, Action<string> damaged)
    {
        var rows = session.Rows(
            ResultTable.Read,
            $"SELECT {ResultTable.Columns} FROM probe_results WHERE target_id = @1 AND checked_at < @2 ORDER BY checked_at",
            target, cutoff);
        var blocks = new SortedDictionary<long, List<StoredResult>>();
        foreach (var group in rows.Where(row => row.At >= oldest).GroupBy(row => BlockKey.WindowOf(row.At)))
        {
            blocks[group.Key] = ResultBlock.Merge(Stored(session, BlockKey.Of(target, group.Key), damaged), [.. group]);
        }

        var reach = UptimeReading.ReachOf(session, target);
        var hours = blocks.Keys.Select(HourOf).Distinct().Select(hour => (hour, Summary(session, target, hour, blocks, reach, damaged))).ToList();
        return new PackedTarget(
            target,
            rows.Count,
            [.. blocks.Select(block => (BlockKey.Of(target, block.Key), ResultBlock.Encode(block.Value)))],
            hours);
    }

    private static ResultSummary Summary(
        SqliteSession session, long target, long hour, SortedDictionary<long, List<StoredResult>> changed, long reach, Action<string> damaged)
    {
        const long Windows = RollupTable.HourMicros / BlockKey.WindowMicros;
        var summary = new ResultSummary();
        for (var window = hour * Windows; window < (hour + 1) * Windows; window++)
        {
            IReadOnlyList<StoredResult> rows = changed.TryGetValue(window, out var fresh) ? fresh : Stored(session, BlockKey.Of(target, window), damaged);
            foreach (var row in rows)
            {
                summary.Add(row.At, row.Outcome, row.HasWarnings, row.LatencyMicros, reach);
            }
        }

        return summary;
    }

    private static long HourOf(long window) => BlockKey.StartOf(window) / RollupTable.HourMicros;

    private static StoredResult[] Stored(SqliteSession session, long key, Action<string> damaged)
    {
        var data = session.First(row => row.GetFieldValue<byte[]>(0), "SELECT data FROM result_blocks WHERE id = @1", key);
        if (data is null)
        {
            return [];
        }

        try
        {
            return ResultBlock.Decode(data);
        }
        catch (FormatException e)
        {
            damaged(e.Message);
            return [];
        }
    }
}

/// <param name="After">Where to go on.</param>
internal sealed record PackedRound(IReadOnlyList<PackedTarget> Targets, long After, bool IsLast);

/// <param name="Rows">How many rows it was made of.</param>
internal sealed record PackedTarget(
    long TargetId, int Rows, IReadOnlyList<(long Key, byte[] Data)> Blocks, IReadOnlyList<(long Hour, ResultSummary Summary)> Hours);
