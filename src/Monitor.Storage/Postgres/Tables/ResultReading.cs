using System.Runtime.CompilerServices;
using Monitor.Core.Probing;
using Monitor.Storage.Codecs;

namespace Monitor.Storage.Postgres.Tables;

/// <summary>
/// Results of targets out of open rows and blocks, as one sequence in time. Lives for one read. Upkeep moves rows into blocks meanwhile: what reads both
/// reads one snapshot, or rows before blocks.
/// </summary>
internal sealed class ResultReading(PgSession session)
{
    private const int BlocksAtOnce = 64;

    private readonly Dictionary<long, (string Silo, string Zone)> _origins = [];

    /// <summary>The newest result of each target that has any.</summary>
    public async Task<Dictionary<long, CheckRecord>> NewestAsync(IReadOnlyCollection<long> targets)
    {
        var newest = new Dictionary<long, CheckRecord>();
        if (targets.Count == 0)
        {
            return newest;
        }

        var open = await session.RowsAsync(
            row => (Target: row.GetInt64(7), Result: ResultTable.Read(row)),
            $"""
             SELECT r.*, g.id FROM unnest($1::bigint[]) AS g (id)
             CROSS JOIN LATERAL (SELECT {ResultTable.Columns} FROM probe_results p WHERE p.target_id = g.id ORDER BY p.checked_at DESC LIMIT 1) r
             """,
            targets.ToArray());
        foreach (var (target, result) in open)
        {
            newest.Add(target, await RecordAsync(target, result));
        }

        foreach (var target in targets.Where(target => !newest.ContainsKey(target)))
        {
            await foreach (var result in DescendingAsync(target, 0, long.MaxValue, openRows: 1, session.CancellationToken))
            {
                newest.Add(target, await RecordAsync(target, result));
                break;
            }
        }

        return newest;
    }

    /// <summary>The time of the newest result of each target that says something about it; looks back over a bounded number.</summary>
    public async Task<Dictionary<long, DateTimeOffset>> NewestConclusiveAsync(IReadOnlyCollection<long> targets)
    {
        var open = await session.RowsAsync(
            row => (Target: row.GetInt64(0), At: row.GetInt64(1)),
            """
            SELECT g.id, r.checked_at FROM unnest($1::bigint[]) AS g (id)
            CROSS JOIN LATERAL (SELECT p.checked_at FROM probe_results p WHERE p.target_id = g.id AND (p.flags & 3) IN (0, 1) ORDER BY p.checked_at DESC LIMIT 1) r
            """,
            targets.ToArray());
        var newest = open.ToDictionary(row => row.Target, row => Micros.ToTime(row.At));
        var blocks = await session.RowsAsync(
            row => (Target: row.GetInt64(0), Data: row.GetFieldValue<byte[]>(1)),
            """
            SELECT g.id, b.data FROM unnest($1::bigint[]) AS g (id)
            CROSS JOIN LATERAL (SELECT k.data FROM result_blocks k WHERE k.target_id = g.id ORDER BY k.ten_minutes DESC LIMIT 1) b
            """,
            targets.Where(target => !newest.ContainsKey(target)).ToArray());
        foreach (var (target, data) in blocks)
        {
            if (Decoded(data).LastOrDefault(row => row.IsConclusive) is { At: > 0 } found)
            {
                newest.Add(target, Micros.ToTime(found.At));
                continue;
            }

            await foreach (var result in DescendingAsync(target, 0, long.MaxValue, cancellationToken: session.CancellationToken).Take(5_000))
            {
                if (result.IsConclusive)
                {
                    newest.Add(target, Micros.ToTime(result.At));
                    break;
                }
            }
        }

        return newest;
    }

    /// <summary>Newest first, <paramref name="from"/> inclusive, <paramref name="to"/> exclusive.</summary>
    public async IAsyncEnumerable<StoredResult> DescendingAsync(
        long targetId, long from, long to, int openRows = 256, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await using var open = OpenAsync(targetId, from, to, openRows, cancellationToken).GetAsyncEnumerator(cancellationToken);
        var more = await open.MoveNextAsync();
        await foreach (var packed in PackedAsync(targetId, from, to, cancellationToken))
        {
            while (more && open.Current.At > packed.At)
            {
                yield return open.Current;
                more = await open.MoveNextAsync();
            }

            // A replay of what had been packed already: the block's is the one that counts.
            if (more && open.Current.At == packed.At)
            {
                more = await open.MoveNextAsync();
            }

            yield return packed;
        }

        while (more)
        {
            yield return open.Current;
            more = await open.MoveNextAsync();
        }
    }

    /// <summary>Open rows that no block holds yet, oldest first: what a rollup does not know.</summary>
    public async Task<List<StoredResult>> NotPackedAsync(long targetId, long from, long to)
    {
        var known = new Dictionary<long, HashSet<long>>();
        var rows = await OpenAsync(targetId, from, to, 1_000, session.CancellationToken).ToListAsync(session.CancellationToken);
        var unknown = new List<StoredResult>(rows.Count);
        foreach (var row in rows)
        {
            var window = BlockKey.WindowOf(row.At);
            if (!known.TryGetValue(window, out var times))
            {
                times = await PackedAsync(targetId, BlockKey.StartOf(window), BlockKey.StartOf(window + 1), session.CancellationToken).Select(packed => packed.At)
                    .ToHashSetAsync(comparer: null, session.CancellationToken);
                known.Add(window, times);
            }

            if (!times.Contains(row.At))
            {
                unknown.Add(row);
            }
        }

        unknown.Reverse();
        return unknown;
    }

    public async Task<CheckRecord> RecordAsync(long targetId, StoredResult result)
    {
        if (!_origins.TryGetValue(result.Origin, out var origin))
        {
            var (silo, zone) = await session.FirstAsync(row => (row.GetString(0), row.GetString(1)), "SELECT silo, zone FROM origins WHERE id = $1", (int)result.Origin);
            origin = (silo ?? "", zone ?? "");
            _origins.Add(result.Origin, origin);
        }

        return result.ToRecord(targetId, origin);
    }

    private async IAsyncEnumerable<StoredResult> OpenAsync(
        long targetId, long from, long to, int atOnce, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var rows = await session.RowsAsync(
                ResultTable.Read,
                $"SELECT {ResultTable.Columns} FROM probe_results WHERE target_id = $1 AND checked_at >= $2 AND checked_at < $3 ORDER BY checked_at DESC LIMIT $4",
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

    private async IAsyncEnumerable<StoredResult> PackedAsync(long targetId, long from, long to, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var last = (int)BlockKey.WindowOf(to);
        var atOnce = 1;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var blocks = await session.RowsAsync(
                row => (Window: row.GetInt32(0), Data: row.GetFieldValue<byte[]>(1)),
                "SELECT ten_minutes, data FROM result_blocks WHERE target_id = $1 AND ten_minutes >= $2 AND ten_minutes <= $3 ORDER BY ten_minutes DESC LIMIT $4",
                targetId, (int)BlockKey.WindowOf(from), last, atOnce);
            foreach (var row in blocks.SelectMany(block => Decoded(block.Data).Reverse()).Where(row => row.At >= from && row.At < to))
            {
                yield return row;
            }

            if (blocks.Count < atOnce)
            {
                yield break;
            }

            last = blocks[^1].Window - 1;
            atOnce = Math.Min(atOnce * 4, BlocksAtOnce);
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
}
