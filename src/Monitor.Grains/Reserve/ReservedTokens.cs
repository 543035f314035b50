using Monitor.Core.Ports;

namespace Monitor.Grains.Reserve;

/// <summary>API tokens, whose hashes are kept for a start without the store.</summary>
public sealed class ReservedTokens(ITokenStore store, ReserveQueue queue) : ITokenStore
{
    private volatile ReserveState? _standIn;
    private IReadOnlyList<ApiToken> _kept = [];

    public Task<Page<ApiToken>> ListTokensAsync(int limit, PageKey? after, CancellationToken cancellationToken) => store.ListTokensAsync(limit, after, cancellationToken);

    public async Task<IReadOnlyList<ApiToken>> LoadTokensAsync(CancellationToken cancellationToken)
    {
        if (_standIn is { } standIn)
        {
            return standIn.Tokens;
        }

        var tokens = await store.LoadTokensAsync(cancellationToken);
        if (!tokens.Select(token => (token.Id, token.Hash, token.ExpiresAt)).SequenceEqual(_kept.Select(token => (token.Id, token.Hash, token.ExpiresAt))))
        {
            _kept = tokens;
            queue.Add(new ReserveRecord { Tokens = tokens });
        }

        return tokens;
    }

    public Task<ApiToken?> FindTokenAsync(long id, CancellationToken cancellationToken) => store.FindTokenAsync(id, cancellationToken);

    public Task<EditOutcome<ApiToken>> CreateTokenAsync(string name, Role role, string hash, DateTimeOffset? expiresAt, Edit edit, CancellationToken cancellationToken) =>
        store.CreateTokenAsync(name, role, hash, expiresAt, edit, cancellationToken);

    public Task<bool> DeleteTokenAsync(long id, CancellationToken cancellationToken) => store.DeleteTokenAsync(id, cancellationToken);

    public Task TouchTokensAsync(IReadOnlyDictionary<long, DateTimeOffset> lastUsed, CancellationToken cancellationToken) => store.TouchTokensAsync(lastUsed, cancellationToken);

    internal void StandIn(ReserveState? state) => _standIn = state;
}
