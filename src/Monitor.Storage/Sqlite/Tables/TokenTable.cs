using Microsoft.Data.Sqlite;
using Monitor.Core.Ports;
using Monitor.Core.Text;
using Monitor.Storage.Codecs;

namespace Monitor.Storage.Sqlite.Tables;

internal static class TokenTable
{
    private const string Kind = "token";
    private const string Columns = "id, name, role, hash, expires_at, created_at, last_used_at";

    public static List<ApiToken> PageAfter(SqliteSession session, long after, int limit) =>
        session.Rows(Read, $"SELECT {Columns} FROM tokens WHERE id > @1 ORDER BY id LIMIT @2", after, limit);

    public static long Count(SqliteSession session) => session.Number("SELECT count(*) FROM tokens") ?? 0;

    public static List<ApiToken> All(SqliteSession session) => session.Rows(Read, $"SELECT {Columns} FROM tokens ORDER BY id");

    public static ApiToken? Find(SqliteSession session, long id) => session.First(Read, $"SELECT {Columns} FROM tokens WHERE id = @1", id);

    public static EditOutcome<ApiToken> Create(SqliteSession session, string name, Role role, string hash, DateTimeOffset? expiresAt, Edit edit)
    {
        if (IdempotencyTable.Find(session, edit, Kind) is { } known)
        {
            return new EditOutcome<ApiToken>(known.Problem, known.Problem == EditProblem.Replayed ? Find(session, known.Made) : null, []);
        }

        // The same hash again is the same call again: its first outcome was unknown.
        var id = session.Number(
            """
            INSERT INTO tokens (name, role, hash, expires_at, created_at, created_by) VALUES (@1, @2, @3, @4, @5, @6)
            ON CONFLICT (hash) DO UPDATE SET name = excluded.name, role = excluded.role, expires_at = excluded.expires_at RETURNING id
            """,
            name, role.Name(), hash, Micros.Of(expiresAt), Micros.Of(edit.At), edit.By)!.Value;
        IdempotencyTable.Remember(session, edit, Kind, id);
        return EditOutcome<ApiToken>.Done(Find(session, id)!);
    }

    public static bool Delete(SqliteSession session, long id) => session.Execute("DELETE FROM tokens WHERE id = @1", id) > 0;

    public static bool Touch(SqliteSession session, IReadOnlyDictionary<long, DateTimeOffset> lastUsed)
    {
        foreach (var (id, at) in lastUsed)
        {
            session.Execute("UPDATE tokens SET last_used_at = max(coalesce(last_used_at, 0), @1) WHERE id = @2", Micros.Of(at), id);
        }

        return true;
    }

    private static ApiToken Read(SqliteDataReader row) => new(
        row.GetInt64(0),
        row.GetString(1),
        EnumNames.Parse<Role>(row.GetString(2)) ?? throw new FormatException("a stored token has an unknown role"),
        row.GetString(3),
        row.TimeOrNull(4),
        row.Time(5),
        row.TimeOrNull(6));
}
