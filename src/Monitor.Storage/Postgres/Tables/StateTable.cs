using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Storage.Secrets;
using Npgsql;

namespace Monitor.Storage.Postgres.Tables;

/// <summary>States of targets, read with their targets. How they are written: <see cref="StateCommit"/>.</summary>
internal static class StateTable
{
    private const string Loading =
        $"SELECT {TargetRows.Columns}, s.state, s.version, s.memory FROM probe_targets t LEFT JOIN target_states s ON s.target_id = t.id AND s.location = t.location";

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
    /// After a commit whose outcome is unknown that commit may be under way still: the shard's row is held by it, and waiting for that row is waiting for its end.
    /// Nothing is written, so the transaction is rolled back.
    /// </summary>
    public static async Task<StoredTarget?> FindAsync(PgSession session, SecretBox secrets, long id)
    {
        await session.ExecuteAsync(
        [
            PgStatement.Begin,
            .. PgStatement.Limits(PgLimits.EditMilliseconds),
            new PgStatement("SELECT 1 FROM shards WHERE shard = $1 FOR NO KEY UPDATE", ShardMap.Of(id)),
            PgStatement.RollBack,
        ]);
        var stored = await session.FirstAsync(row => Read(row, secrets), Loading + " WHERE t.id = $1", id);
        if (stored is null)
        {
            return null;
        }

        var checkedAt = await new ResultReading(session).NewestConclusiveAsync([id]);
        return stored with
        {
            Target = TargetRows.WithChannels(stored.Target, await TargetRows.ChannelsAsync(session, [id])),
            LastCheckedAt = checkedAt.TryGetValue(id, out var at) ? at : null,
        };
    }

    private static StoredTarget Read(NpgsqlDataReader row, SecretBox secrets) => new(
        TargetRows.Read(row, secrets),
        TargetRows.ReadState(row, TargetRows.ColumnCount),
        row.LongOrNull(TargetRows.ColumnCount + 1) ?? 0,
        row.BytesOrNull(TargetRows.ColumnCount + 2),
        null,
        TargetRows.IsDeleted(row));
}
