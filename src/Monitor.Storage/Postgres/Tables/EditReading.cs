using Monitor.Core.Ports;
using Npgsql;

namespace Monitor.Storage.Postgres.Tables;

/// <summary>What was edited: by the versions of shards, each of which the edit that made it has left on its target.</summary>
internal static class EditReading
{
    /// <summary>Beyond this a shard is read whole.</summary>
    private const int MostOfAShard = 2_000;

    /// <summary>By the index on (shard, edited), shard by shard, whatever the server's statistics say of a table that is growing.</summary>
    private static readonly string Since =
        $"""
         SELECT g.shard, e.edited, e.id, e.revision, e.gone, COALESCE(s.version, 0) FROM unnest($1::integer[], $2::bigint[]) AS g (shard, known)
         CROSS JOIN LATERAL (
             SELECT t.edited, t.id, t.revision, t.deleted_at IS NOT NULL AS gone, t.location FROM probe_targets t WHERE t.shard = g.shard AND t.edited > g.known ORDER BY t.edited LIMIT {MostOfAShard}
         ) e
         LEFT JOIN target_states s ON s.target_id = e.id AND s.location = e.location
         """;

    private const string Revisions =
        """
        SELECT t.shard, t.edited, t.id, t.revision, t.deleted_at IS NOT NULL, COALESCE(s.version, 0) FROM probe_targets t
        LEFT JOIN target_states s ON s.target_id = t.id AND s.location = t.location
        """;

    /// <param name="run">Runs one statement and answers its rows.</param>
    public static async Task<ShardEdits> ReadAsync(
        IReadOnlyCollection<MovedShard> moved, Func<PgStatement, Func<NpgsqlDataReader, VersionedEdit>, Task<List<VersionedEdit>>> run)
    {
        var found = await run(new PgStatement(Since, moved.Select(one => one.Shard).ToArray(), moved.Select(one => one.Known).ToArray()), Read);
        var (targets, unexplained) = ShardEdits.Explain(moved, found);
        return unexplained.Count == 0
            ? new ShardEdits(targets, unexplained)
            : new ShardEdits([.. targets, .. (await run(new PgStatement(Revisions + " WHERE t.shard = ANY($1)", unexplained.ToArray()), Read)).Select(edit => edit.Target)], unexplained);
    }

    public static async Task<IReadOnlyList<TargetRevision>> AllAsync(PgSession session) => [.. (await session.RowsAsync(Read, Revisions)).Select(edit => edit.Target)];

    private static VersionedEdit Read(NpgsqlDataReader row) => new(row.GetInt32(0), row.GetInt64(1), new TargetRevision(row.GetInt64(2), row.GetInt64(3), row.GetBoolean(4), row.GetInt64(5)));
}
