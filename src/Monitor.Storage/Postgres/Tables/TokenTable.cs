using Monitor.Core.Ports;
using Monitor.Core.Text;
using Monitor.Storage.Codecs;
using Npgsql;

namespace Monitor.Storage.Postgres.Tables;

internal static class TokenTable
{
    private const string Kind = "token";
    private const string Columns = "id, name, role, hash, expires_at, created_at, last_used_at";

    public static Task<List<ApiToken>> PageAfterAsync(PgSession session, long after, int limit) =>
        session.RowsAsync(Read, $"SELECT {Columns} FROM tokens WHERE id > $1 ORDER BY id LIMIT $2", after, limit);

    public static async Task<long> CountAsync(PgSession session) => await session.NumberAsync("SELECT count(*) FROM tokens") ?? 0;

    public static async Task<IReadOnlyList<ApiToken>> AllAsync(PgSession session) => await session.RowsAsync(Read, $"SELECT {Columns} FROM tokens ORDER BY id");

    public static Task<ApiToken?> FindAsync(PgSession session, long id) => session.FirstAsync(Read, $"SELECT {Columns} FROM tokens WHERE id = $1", id);

    public static async Task<EditOutcome<ApiToken>> CreateAsync(PgSession session, string name, Role role, string hash, DateTimeOffset? expiresAt, Edit edit)
    {
        if (await IdempotencyTable.FindAsync(session, edit, Kind) is { } known)
        {
            return new EditOutcome<ApiToken>(known.Problem, known.Problem == EditProblem.Replayed ? await FindAsync(session, known.Made) : null, []);
        }

        // The same hash again is the same call again: its first outcome was unknown.
        await session.ExecuteAsync([PgStatement.Begin, .. PgStatement.Limits(PgLimits.EditMilliseconds)]);
        var id = await session.NumberAsync(
            """
            INSERT INTO tokens (name, role, hash, expires_at, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (hash) DO UPDATE SET name = excluded.name, role = excluded.role, expires_at = excluded.expires_at RETURNING id
            """,
            name, role.Name(), hash, Micros.Of(expiresAt), Micros.Of(edit.At), edit.By);
        await session.ExecuteAsync([.. IdempotencyTable.Remember(edit, Kind, id!.Value), PgStatement.Commit]);
        return EditOutcome<ApiToken>.Done((await FindAsync(session, id.Value))!);
    }

    public static async Task<bool> DeleteAsync(PgSession session, long id) => await session.ExecuteAsync("DELETE FROM tokens WHERE id = $1", id) > 0;

    public static Task TouchAsync(PgSession session, IReadOnlyDictionary<long, DateTimeOffset> lastUsed)
    {
        var ordered = lastUsed.OrderBy(pair => pair.Key).ToArray();
        return session.ExecuteAsync(
            """
            UPDATE tokens t SET last_used_at = g.at FROM unnest($1::bigint[], $2::bigint[]) AS g (id, at)
            WHERE t.id = g.id AND coalesce(t.last_used_at, 0) < g.at
            """,
            ordered.Select(pair => pair.Key).ToArray(), ordered.Select(pair => Micros.Of(pair.Value)).ToArray());
    }

    private static ApiToken Read(NpgsqlDataReader row) => new(
        row.GetInt64(0),
        row.GetString(1),
        EnumNames.Parse<Role>(row.GetString(2)) ?? throw new FormatException("a stored token has an unknown role"),
        row.GetString(3),
        row.TimeOrNull(4),
        row.Time(5),
        row.TimeOrNull(6));
}
