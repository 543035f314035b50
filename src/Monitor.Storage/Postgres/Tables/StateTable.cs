using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Storage.Secrets;
using Npgsql;

namespace Monitor.Storage.Postgres.Tables;

/// <summary>States of targets, read with their targets. How they are written: <see cref="StateCommit"/>.</summary>
internal static class StateTable
{
    private const string Columns = $"SELECT {TargetRows.Columns}, s.state, s.version, s.memory";

    private const string Loading =
        $"{Columns} FROM probe_targets t LEFT JOIN target_states s ON s.target_id = t.id AND s.location = t.location";

    /// <summary>Targets whose secrets cannot be opened are left out: a probe without its password would report an outage that is ours.</summary>
    public static async Task<IReadOnlyList<StoredTarget>> LoadAsync(PgSession session, SecretBox secrets, IReadOnlyCollection<int> shards)
    {
        var loaded = await session.RowsAsync(row => Read(row, secrets), Loading + " WHERE t.shard = ANY($1) ORDER BY t.id", shards.ToArray());
        loaded.RemoveAll(stored => !stored.Deleted && TargetRows.IsUnreadable(stored.Target));
        var ids = loaded.Select(stored => stored.Target.Id).ToArray();
        var channels = await TargetRows.ChannelsAsync(session, ids);
        var checkedAt = await new ResultReading(session).NewestConclusiveAsync(ids);
        return
        [
            .. loaded.Select(stored => stored with
            {
                Target = TargetRows.WithChannels(stored.Target, channels),
                LastCheckedAt = checkedAt.TryGetValue(stored.Target.Id, out var at) ? at : null,
            }),
        ];
    }

    /// <summary>
    /// Some targets as they are now; null for one that has no row. After a commit whose outcome is unknown that commit may be under way still: the shard's row is held by it, and waiting for
    /// that row is waiting for its end. Nothing is written, so the transaction is rolled back, and what follows sees what was committed by then.
    /// </summary>
    public static async Task<IReadOnlyList<StoredTarget?>> FindAsync(PgSession session, SecretBox secrets, IReadOnlyList<long> ids)
    {
        var answers = await session.RowsAsync(
            [
                PgStatement.Begin,
                .. PgStatement.Limits(PgLimits.EditMilliseconds),
                new PgStatement("SELECT 1 FROM shards WHERE shard = ANY($1) ORDER BY shard FOR NO KEY UPDATE", ids.Select(ShardMap.Of).Distinct().ToArray()),
                PgStatement.RollBack,
                new PgStatement(Columns + TargetRows.FromIds, ids.ToArray()),
            ],
            row => row.FieldCount == 1 ? null : Read(row, secrets));
        var found = answers[^1].ToDictionary(stored => stored!.Target.Id, stored => stored!);
        var channels = await TargetRows.ChannelsAsync(session, found.Keys);
        var checkedAt = await new ResultReading(session).NewestConclusiveAsync(found.Keys);
        return
        [
            .. ids.Select(id => found.TryGetValue(id, out var stored)
                ? stored with { Target = TargetRows.WithChannels(stored.Target, channels), LastCheckedAt = checkedAt.TryGetValue(id, out var at) ? at : null }
                : null),
        ];
    }

    /// <summary>Some that nobody has run yet: no commit of theirs can be under way, and nothing has been seen of them.</summary>
    public static async Task<IReadOnlyList<StoredTarget>> FindNewAsync(PgSession session, SecretBox secrets, IReadOnlyCollection<long> ids)
    {
        var found = await session.RowsAsync(row => Read(row, secrets), Columns + TargetRows.FromIds, ids.ToArray());
        var channels = await TargetRows.ChannelsAsync(session, found.Select(stored => stored.Target.Id));
        return [.. found.Select(stored => stored with { Target = TargetRows.WithChannels(stored.Target, channels) })];
    }

    private static StoredTarget Read(NpgsqlDataReader row, SecretBox secrets) => new(
        TargetRows.Read(row, secrets),
        TargetRows.ReadState(row, TargetRows.ColumnCount),
        row.LongOrNull(TargetRows.ColumnCount + 1) ?? 0,
        row.BytesOrNull(TargetRows.ColumnCount + 2),
        null,
        TargetRows.IsDeleted(row));
}
