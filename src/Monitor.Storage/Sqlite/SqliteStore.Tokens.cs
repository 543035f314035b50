using Monitor.Core.Ports;
using Monitor.Storage.Sqlite.Tables;

namespace Monitor.Storage.Sqlite;

public sealed partial class SqliteStore
{
    public Task<Page<ApiToken>> ListTokensAsync(int limit, PageKey? after, CancellationToken cancellationToken) => Readers.ReadAsync(
        session => PageOf(TokenTable.PageAfter(session, after?.Id ?? 0, limit + 1), limit, TokenTable.Count(session), token => token.Id), cancellationToken);

    public Task<IReadOnlyList<ApiToken>> LoadTokensAsync(CancellationToken cancellationToken) =>
        Readers.ReadAsync<IReadOnlyList<ApiToken>>(TokenTable.All, cancellationToken);

    public Task<ApiToken?> FindTokenAsync(long id, CancellationToken cancellationToken) =>
        Readers.ReadAsync(session => TokenTable.Find(session, id), cancellationToken);

    public Task<EditOutcome<ApiToken>> CreateTokenAsync(
        string name, Role role, string hash, DateTimeOffset? expiresAt, Edit edit, CancellationToken cancellationToken) =>
        Writer.RunAsync(session => TokenTable.Create(session, name, role, hash, expiresAt, edit), cancellationToken);

    public Task<bool> DeleteTokenAsync(long id, CancellationToken cancellationToken) =>
        Writer.RunAsync(session => TokenTable.Delete(session, id), cancellationToken);

    public Task TouchTokensAsync(IReadOnlyDictionary<long, DateTimeOffset> lastUsed, CancellationToken cancellationToken) =>
        Writer.RunAsync(session => TokenTable.Touch(session, lastUsed), cancellationToken);
}
