using Monitor.Storage.Secrets;

namespace Monitor.Storage.Postgres;

public sealed partial class PostgresStore
{
    /// <summary>The key ring, for whoever fills the store.</summary>
    internal SecretBox Box => Secrets;

    /// <summary>Fills the store in one transaction, as long as that takes; no upkeep runs meanwhile.</summary>
    /// <param name="days">Of which there will be results.</param>
    internal async Task<T> FillAsync<T>(IReadOnlyCollection<long> days, Func<PgSession, Task<T>> body, CancellationToken cancellationToken)
    {
        foreach (var some in days.Chunk(32))
        {
            await MakeDaysAsync(some, cancellationToken);
        }

        return await WriteAsync(
            async session =>
            {
                session.TimeoutSeconds = 0;
                await session.ExecuteAsync([PgStatement.Begin, .. PgStatement.Limits(0), new PgStatement("SELECT 1 FROM upkeep WHERE id = 1 FOR UPDATE")]);
                var result = await body(session);
                await session.ExecuteAsync([PgStatement.Commit]);
                return result;
            },
            cancellationToken);
    }
}
