using Monitor.Core.Ports;
using Monitor.Storage.Codecs;

namespace Monitor.Storage.Postgres.Tables;

/// <summary>What an Idempotency-Key has made, for 24 hours a token.</summary>
internal static class IdempotencyTable
{
    public static readonly TimeSpan Kept = TimeSpan.FromHours(24);

    /// <summary>Null when the key is new; else <see cref="EditProblem.Replayed"/> with the id of what it made, or <see cref="EditProblem.IdempotencyMismatch"/>.</summary>
    public static async Task<(EditProblem Problem, long Made)?> FindAsync(PgSession session, Edit edit, string kind) =>
        await FindAsync(session, [edit], kind) is [var known] ? (known.Problem, known.Made) : null;

    /// <summary>Those of the edits whose key is not new, by place.</summary>
    public static async Task<IReadOnlyList<(int Place, EditProblem Problem, long Made)>> FindAsync(PgSession session, IReadOnlyList<Edit> edits, string kind)
    {
        var claims = edits.Select((edit, place) => (Place: place, edit.At, Claim: edit.Idempotency)).Where(one => one.Claim is not null).ToArray();
        if (claims.Length == 0)
        {
            return [];
        }

        var known = await session.RowsAsync(
            row => (Index: row.GetInt64(0) - 1, Hash: row.GetString(1), Kind: row.GetString(2), Made: row.GetInt64(3)),
            """
            SELECT g.place, k.body_hash, k.kind, k.made FROM unnest($1::text[], $2::text[], $3::bigint[]) WITH ORDINALITY AS g (token, key, since, place)
            JOIN idempotency_keys k ON k.token = g.token AND k.key = g.key AND k.at > g.since
            """,
            claims.Select(one => one.Claim!.TokenId).ToArray(), claims.Select(one => one.Claim!.Key).ToArray(), claims.Select(one => Micros.Of(one.At - Kept)).ToArray());
        return
        [
            .. known.Select(row => (claims[row.Index], row)).Select(pair => pair.row.Hash == pair.Item1.Claim!.BodyHash && pair.row.Kind == kind
                ? (pair.Item1.Place, EditProblem.Replayed, pair.row.Made)
                : (pair.Item1.Place, EditProblem.IdempotencyMismatch, 0)),
        ];
    }

    /// <summary>Of two at once with the same key the second fails on it, is undone, and then finds what the first has made.</summary>
    public static IEnumerable<PgStatement> Remember(Edit edit, string kind, long made) => Remember([(edit, made)], kind);

    public static IEnumerable<PgStatement> Remember(IReadOnlyList<(Edit Edit, long Made)> edits, string kind)
    {
        var claims = edits.Where(one => one.Edit.Idempotency is not null).Select(one => (Claim: one.Edit.Idempotency!, one.Edit.At, one.Made)).ToArray();
        if (claims.Length == 0)
        {
            return [];
        }

        var tokens = claims.Select(one => one.Claim.TokenId).ToArray();
        var keys = claims.Select(one => one.Claim.Key).ToArray();
        return
        [
            new PgStatement(
                """
                DELETE FROM idempotency_keys k USING unnest($1::text[], $2::text[], $3::bigint[]) AS g (token, key, until)
                WHERE k.token = g.token AND k.key = g.key AND k.at <= g.until
                """,
                tokens, keys, claims.Select(one => Micros.Of(one.At - Kept)).ToArray()),
            new PgStatement(
                """
                INSERT INTO idempotency_keys (token, key, body_hash, kind, made, at)
                SELECT g.token, g.key, g.hash, $6, g.made, g.at FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[]) AS g (token, key, hash, made, at)
                """,
                tokens, keys, claims.Select(one => one.Claim.BodyHash).ToArray(), claims.Select(one => one.Made).ToArray(), claims.Select(one => Micros.Of(one.At)).ToArray(), kind),
        ];
    }

    public static async Task<bool> ForgetAsync(PgSession session, DateTimeOffset now, int most) =>
        await session.ExecuteAsync(
            "DELETE FROM idempotency_keys WHERE (token, key) IN (SELECT token, key FROM idempotency_keys WHERE at <= $1 LIMIT $2)",
            Micros.Of(now - Kept), most) == most;
}
