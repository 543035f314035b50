using Monitor.Core.History;
using Monitor.Storage.Codecs;

namespace Monitor.Storage.Sqlite.Tables;

/// <summary>
/// Moves results whose ten minutes are over from rows into blocks, and counts their hours anew, some targets a round; read and packed beside the writer, which
/// only puts it in place. The rows go when all targets have been packed, by whole slots; until then readers take the block's word where both have a result.
/// </summary>
internal static class Packing
{
    /// <summary>Neighbours whose rows are looked for together: a look goes through every slot.</summary>
    private const int TargetsAtOnce = 16;

    private const int MostRows = 2_000;

    /// <summary>One bounded round.</summary>
    /// <param name="after">The target after which to go on.</param>
    /// <param name="cutoff">Rows before it are packed; the start of a window, and so of a slot.</param>
    /// <param name="oldest">Rows before it are older than results are kept: left out; the start of an hour.</param>
    /// <param name="damaged">Told what is wrong with a block that cannot be read.</param>
    public static PackedRound Read(SqliteSession session, long after, long cutoff, long oldest, Action<string> damaged)
    {
        var packed = new List<PackedTarget>();
        for (var rows = 0; rows < MostRows;)
        {
            if (NextTarget(session, after, cutoff) is not { } next)
            {
                return new PackedRound(packed, 0, IsLast: true);
            }

            after = next + TargetsAtOnce - 1;
            foreach (var target in RowsOf(session, next, after, cutoff).GroupBy(row => row.Target))
            {
                var results = target.Select(row => row.Result).ToList();
                rows += results.Count;
                packed.Add(Pack(session, target.Key, results, oldest, damaged));
            }
        }

        return new PackedRound(packed, after, IsLast: false);
    }

    /// <summary>Puts a round in place; runs on the writer.</summary>
    public static void Write(SqliteSession session, PackedRound round)
    {
        foreach (var target in round.Targets)
        {
            foreach (var (key, data) in target.Blocks)
            {
                session.Execute("INSERT OR REPLACE INTO result_blocks (id, data) VALUES (@1, @2)", key, data);
            }

            foreach (var (hour, summary) in target.Hours)
            {
                RollupTable.Write(session, target.TargetId, hour, summary);
            }
        }
    }

    /// <summary>Removes the rows of the oldest slot; runs on the writer.</summary>
    /// <returns>Whether there may be more before <paramref name="cutoff"/>.</returns>
    public static bool RemoveSlot(SqliteSession session, long cutoff)
    {
        var slot = session.Number("SELECT min(slot) FROM probe_results");
        if (slot is null || slot >= ResultTable.SlotOf(cutoff))
        {
            session.OpenSlots?.Forget(ResultTable.SlotOf(cutoff));
            return false;
        }

        session.Execute("DELETE FROM probe_results WHERE slot = @1", slot);
        return true;
    }

    private static long? NextTarget(SqliteSession session, long after, long cutoff) => session.Number(
        $"""
        {ResultReading.Slots} SELECT min((SELECT target_id FROM probe_results r WHERE r.slot = present.slot AND r.target_id > @3 ORDER BY r.target_id LIMIT 1)) FROM present
        """,
        0, ResultTable.SlotOf(cutoff) - 1, after);

    private static List<(long Target, StoredResult Result)> RowsOf(SqliteSession session, long first, long last, long cutoff) => session.Rows(
        row => (row.GetInt64(7), ResultTable.Read(row)),
        $"""
        {ResultReading.Slots} SELECT {ResultTable.Columns}, r.target_id FROM present CROSS JOIN probe_results r
        ON r.slot = present.slot AND r.target_id BETWEEN @3 AND @4 ORDER BY r.target_id, r.checked_at
        """,
        0, ResultTable.SlotOf(cutoff) - 1, first, last);

    private static PackedTarget Pack(SqliteSession session, long target, List<StoredResult> rows, long oldest, Action<string> damaged)
    {
        var blocks = new SortedDictionary<long, List<StoredResult>>();
        foreach (var group in rows.Where(row => row.At >= oldest).GroupBy(row => BlockKey.WindowOf(row.At)))
        {
            blocks[group.Key] = ResultBlock.Merge(Stored(session, BlockKey.Of(target, group.Key), damaged), [.. group]);
        }

        var reach = UptimeReading.ReachOf(session, target);
        var hours = blocks.Keys.Select(HourOf).Distinct().Select(hour => (hour, Summary(session, target, hour, blocks, reach, damaged))).ToList();
        return new PackedTarget(target, [.. blocks.Select(block => (BlockKey.Of(target, block.Key), ResultBlock.Encode(block.Value)))], hours);
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

internal sealed record PackedTarget(
    long TargetId, IReadOnlyList<(long Key, byte[] Data)> Blocks, IReadOnlyList<(long Hour, ResultSummary Summary)> Hours);
