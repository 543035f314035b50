using Monitor.Core.Probing;
using Monitor.Storage.Codecs;

namespace Monitor.Storage.Sqlite.Tables;

/// <summary>Results of targets out of open rows and blocks, as one sequence in time. Lives for one read.</summary>
internal sealed class ResultReading(SqliteSession session)
{
    /// <summary>
    /// The slots that have rows, between @1 and @2, newest first; each found from the one before, because the rows of one target lie apart and a gap in time
    /// (a clock that was wrong for a while) may be years.
    /// </summary>
    public const string Slots =
        """
        WITH RECURSIVE present (slot) AS (
            SELECT max(slot) FROM probe_results WHERE slot BETWEEN @1 AND @2
            UNION ALL
            SELECT (SELECT max(slot) FROM probe_results WHERE slot < present.slot AND slot >= @1) FROM present WHERE present.slot IS NOT NULL)
        """;

    public const long LastSlot = long.MaxValue / ResultTable.SlotMicros;

    private const int BlocksAtOnce = 64;
    private const int RowsAtOnce = 4096;

    private readonly Dictionary<long, (string Silo, string Zone)> _origins = [];

    public CheckRecord? Newest(long targetId) => NewestStored(targetId) is { } result ? Record(targetId, result) : null;

    /// <summary>The time of the newest result that says something about the target; looks back over a bounded number.</summary>
    public DateTimeOffset? NewestConclusive(long targetId)
    {
        if (NewestStored(targetId) is not { } newest)
        {
            return null;
        }

        if (newest.IsConclusive)
        {
            return Micros.ToTime(newest.At);
        }

        foreach (var result in Descending(targetId, 0, long.MaxValue).Take(5_000))
        {
            if (result.IsConclusive)
            {
                return Micros.ToTime(result.At);
            }
        }

        return null;
    }

    /// <summary>The time of the oldest open row; null when there is none.</summary>
    public long? OldestOpen(long targetId) => IsOpen(targetId)
        ? session.Number($"{Slots} SELECT min(r.checked_at) FROM present CROSS JOIN probe_results r ON r.slot = present.slot AND r.target_id = @3", 0, LastSlot, targetId)
        : null;

    /// <summary>Newest first, <paramref name="from"/> inclusive, <paramref name="to"/> exclusive.</summary>
    public IEnumerable<StoredResult> Descending(long targetId, long from, long to)
    {
        using var open = Open(targetId, from, to).GetEnumerator();
        var more = open.MoveNext();
        foreach (var packed in Packed(targetId, from, to))
        {
            while (more && open.Current.At > packed.At)
            {
                yield return open.Current;
                more = open.MoveNext();
            }

            // A replay of what had been packed already: the block's is the one that counts.
            if (more && open.Current.At == packed.At)
            {
                more = open.MoveNext();
            }

            yield return packed;
        }

        while (more)
        {
            yield return open.Current;
            more = open.MoveNext();
        }
    }

    /// <summary>Open rows that no block holds yet, oldest first: what a rollup does not know.</summary>
    public IEnumerable<StoredResult> NotPacked(long targetId, long from, long to)
    {
        var known = new Dictionary<long, HashSet<long>>();
        foreach (var row in Open(targetId, from, to).Reverse())
        {
            var window = BlockKey.WindowOf(row.At);
            if (!known.TryGetValue(window, out var times))
            {
                times = [.. Packed(targetId, BlockKey.StartOf(window), BlockKey.StartOf(window + 1)).Select(packed => packed.At)];
                known.Add(window, times);
            }

            if (!times.Contains(row.At))
            {
                yield return row;
            }
        }
    }

    public CheckRecord Record(long targetId, in StoredResult result)
    {
        if (!_origins.TryGetValue(result.Origin, out var origin))
        {
            origin = OriginTable.Find(session, result.Origin);
            _origins.Add(result.Origin, origin);
        }

        return result.ToRecord(targetId, origin);
    }

    private bool IsOpen(long targetId) => session.OpenSlots is not { } known || known.NewestOf(targetId) is not null;

    private StoredResult? NewestStored(long targetId)
    {
        StoredResult? open = session.OpenSlots?.NewestOf(targetId) is { } slot && NewestIn(slot, targetId) is { } hinted
            ? hinted
            : Open(targetId, 0, long.MaxValue).Select(row => (StoredResult?)row).FirstOrDefault();
        foreach (var packed in Packed(targetId, 0, long.MaxValue))
        {
            return open is { } row && row.At > packed.At ? row : packed;
        }

        return open;
    }

    private StoredResult? NewestIn(long slot, long targetId)
    {
        var rows = session.Rows(
            ResultTable.Read,
            $"SELECT {ResultTable.Columns} FROM probe_results WHERE slot = @1 AND target_id = @2 ORDER BY checked_at DESC LIMIT 1", slot, targetId);
        return rows.Count > 0 ? rows[0] : null;
    }

    private IEnumerable<StoredResult> Open(long targetId, long from, long to)
    {
        while (IsOpen(targetId) && from < to)
        {
            var rows = session.Rows(
                ResultTable.Read,
                $"""
                {Slots} SELECT {ResultTable.Columns} FROM present CROSS JOIN probe_results r ON r.slot = present.slot AND r.target_id = @3
                WHERE r.checked_at >= @4 AND r.checked_at < @5 ORDER BY r.checked_at DESC LIMIT @6
                """,
                ResultTable.SlotOf(Math.Max(0, from)), ResultTable.SlotOf(to), targetId, from, to, RowsAtOnce);
            foreach (var row in rows)
            {
                yield return row;
            }

            if (rows.Count < RowsAtOnce)
            {
                yield break;
            }

            to = rows[^1].At;
        }
    }

    /// <summary>A damaged block is a gap in what can be shown; the rest is not hidden with it. Upkeep tells of it.</summary>
    private static StoredResult[] Decoded(byte[] data)
    {
        try
        {
            return ResultBlock.Decode(data);
        }
        catch (FormatException)
        {
            return [];
        }
    }

    private IEnumerable<StoredResult> Packed(long targetId, long from, long to)
    {
        var first = BlockKey.Of(targetId, BlockKey.WindowOf(from));
        var last = BlockKey.Of(targetId, BlockKey.WindowOf(to));
        var atOnce = 1;
        while (true)
        {
            var blocks = session.Rows(
                row => (Id: row.GetInt64(0), Data: row.GetFieldValue<byte[]>(1)),
                "SELECT id, data FROM result_blocks WHERE id >= @1 AND id <= @2 ORDER BY id DESC LIMIT @3", first, last, atOnce);
            foreach (var (_, data) in blocks)
            {
                var rows = Decoded(data);
                for (var i = rows.Length - 1; i >= 0; i--)
                {
                    if (rows[i].At >= from && rows[i].At < to)
                    {
                        yield return rows[i];
                    }
                }
            }

            if (blocks.Count < atOnce)
            {
                yield break;
            }

            last = blocks[^1].Id - 1;
            atOnce = Math.Min(atOnce * 4, BlocksAtOnce);
        }
    }
}
