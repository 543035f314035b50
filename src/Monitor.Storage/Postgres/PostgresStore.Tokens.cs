using Monitor.Core.Ports;
using Monitor.Storage.Postgres.Tables;

namespace Monitor.Storage.Postgres;

public sealed partial class PostgresStore
{
    public Task<Page<ApiToken>> ListTokensAsync(int limit, PageKey? after, CancellationToken cancellationToken) => SnapshotAsync(
        async session => PageOf(
            await TokenTable.PageAfterAsync(session, after?.Id ?? 0, limit + 1), limit, await TokenTable.CountAsync(session), token => token.Id),
        cancellationToken);

    public Task<IReadOnlyList<ApiToken>> LoadTokensAsync(CancellationToken cancellationToken) => ReadAsync(TokenTable.AllAsync, cancellationToken);

    public Task<ApiToken?> FindTokenAsync(long id, CancellationToken cancellationToken) => ReadAsync(session => TokenTable.FindAsync(session, id), cancellationToken);

    public Task<EditOutcome<ApiToken>> CreateTokenAsync(
        string name, Role role, string hash, DateTimeOffset? expiresAt, Edit edit, CancellationToken cancellationToken) =>
        EditAsync(session => TokenTable.CreateAsync(session, name, role, hash, expiresAt, edit), cancellationToken);

    public Task<bool> DeleteTokenAsync(long id, CancellationToken cancellationToken) => WriteAsync(session => TokenTable.DeleteAsync(session, id), cancellationToken);

    public Task TouchTokensAsync(IReadOnlyDictionary<long, DateTimeOffset> lastUsed, CancellationToken cancellationToken) => WriteAsync(
        async session =>
        {
            await TokenTable.TouchAsync(session, lastUsed);
            return true;
        },
        cancellationToken);
}
