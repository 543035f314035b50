using Monitor.Core.Probing;
using Monitor.Storage.Codecs;

namespace Monitor.Storage.Sqlite.Tables;

/// <summary>Results of targets out of open rows and blocks, as one sequence in time. Lives for one read.</summary>
internal sealed class ResultReading(SqliteSession session)
{
    private const int BlocksAtOnce = 64;

    private readonly Dictionary<long, (string Silo, string Zone)> _origins = [];

    public CheckRecord? Newest(long targetId)
    {
        foreach (var result in Descending(targetId, 0, long.MaxValue, openRows: 1))
        {
            return Record(targetId, result);
        }

        return null;
    }

    /// <summary>The time of the newest result that says something about the target; looks back over a bounded number.</summary>
    public DateTimeOffset? NewestConclusive(long targetId)
    {
        foreach (var result in Descending(targetId, 0, long.MaxValue, openRows: 16).Take(5_000))
        {
            if (result.IsConclusive)
            {
                return Micros.ToTime(result.At);
            }
        }

        return null;
    }

    /// <summary>Newest first, <paramref name="from"/> inclusive, <paramref name="to"/> exclusive.</summary>
    public IEnumerable<StoredResult> Descending(long targetId, long from, long to, int openRows = 256)
    {
        using var open = Open(targetId, from, to, openRows).GetEnumerator();
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
        foreach (var row in Open(targetId, from, to, 256).Reverse())
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

    private IEnumerable<StoredResult> Open(long targetId, long from, long to, int atOnce)
    {
        while (true)
        {
            var rows = session.Rows(
                ResultTable.Read,
                $"SELECT {ResultTable.Columns} FROM probe_results WHERE target_id = @1 AND checked_at >= @2 AND checked_at < @3 ORDER BY checked_at DESC LIMIT @4",
                targetId, from, to, atOnce);
            foreach (var row in rows)
            {
                yield return row;
            }

            if (rows.Count < atOnce)
            {
                yield break;
            }

            to = rows[^1].At;
            atOnce = Math.Max(atOnce, 256);
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
