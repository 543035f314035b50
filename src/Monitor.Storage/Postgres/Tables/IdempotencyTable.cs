using Monitor.Core.Ports;
using Monitor.Storage.Codecs;

namespace Monitor.Storage.Postgres.Tables;

/// <summary>What an Idempotency-Key has made, for 24 hours a token.</summary>
internal static class IdempotencyTable
{
    public static readonly TimeSpan Kept = TimeSpan.FromHours(24);

    /// <summary>Null when the key is new; else <see cref="EditProblem.Replayed"/> with the id of what it made, or <see cref="EditProblem.IdempotencyMismatch"/>.</summary>
    public static async Task<(EditProblem Problem, long Made)?> FindAsync(PgSession session, Edit edit, string kind)
    {
        if (edit.Idempotency is not { } claim)
        {
            return null;
        }

        var known = await session.FirstAsync(
            row => (Hash: row.GetString(0), Kind: row.GetString(1), Made: row.GetInt64(2)),
            "SELECT body_hash, kind, made FROM idempotency_keys WHERE token = $1 AND key = $2 AND at > $3",
            claim.TokenId, claim.Key, Micros.Of(edit.At - Kept));
        return known.Hash is null ? null
            : known.Hash == claim.BodyHash && known.Kind == kind ? (EditProblem.Replayed, known.Made)
            : (EditProblem.IdempotencyMismatch, 0);
    }

    /// <summary>Of two at once with the same key the second fails on it, is undone, and then finds what the first has made.</summary>
    public static IEnumerable<PgStatement> Remember(Edit edit, string kind, long made)
    {
        if (edit.Idempotency is not { } claim)
        {
            return [];
        }

        return
        [
            new PgStatement("DELETE FROM idempotency_keys WHERE token = $1 AND key = $2 AND at <= $3", claim.TokenId, claim.Key, Micros.Of(edit.At - Kept)),
            new PgStatement(
                "INSERT INTO idempotency_keys (token, key, body_hash, kind, made, at) VALUES ($1, $2, $3, $4, $5, $6)",
                claim.TokenId, claim.Key, claim.BodyHash, kind, made, Micros.Of(edit.At)),
        ];
    }

    public static async Task<bool> ForgetAsync(PgSession session, DateTimeOffset now, int most) =>
        await session.ExecuteAsync(
            "DELETE FROM idempotency_keys WHERE (token, key) IN (SELECT token, key FROM idempotency_keys WHERE at <= $1 LIMIT $2)",
            Micros.Of(now - Kept), most) == most;
}
