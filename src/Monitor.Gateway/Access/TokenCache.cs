using System.Collections.Concurrent;
using System.Collections.Frozen;
using Monitor.Core.Ports;

namespace Monitor.Gateway.Access;

/// <summary>
/// All tokens in memory, by hash: a call is checked without the store, so that reads go on while it is away.
/// Creating and revoking reload it before they are answered, so that a revoked token is refused from that answer on; what other silos make and revoke comes in
/// with a reload every other second.
/// </summary>
public sealed class TokenCache(ITokenStore store, TimeProvider time) : IDisposable
{
    /// <summary>An unknown token may have been made through another silo a moment ago; whoever tries many must not make as many reads.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<long, DateTimeOffset> _used = new();
    private readonly SemaphoreSlim _loading = new(1);
    private FrozenDictionary<string, ApiToken>? _byHash;
    private long _loadedAt;

    /// <summary>Null for an unknown token. Expiry is the caller's to judge.</summary>
    internal async ValueTask<ApiToken?> FindAsync(string hash, CancellationToken cancellationToken)
    {
        var tokens = _byHash ?? await LoadOnceAsync(cancellationToken);
        return tokens.GetValueOrDefault(hash) ?? (await LoadAgainAsync(cancellationToken)).GetValueOrDefault(hash);
    }

    /// <summary>Reads all tokens anew.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        // Loads follow one another, so that an older one cannot overwrite a newer one and bring a revoked token back.
        await _loading.WaitAsync(cancellationToken);
        try
        {
            await LoadAsync(cancellationToken);
        }
        finally
        {
            _loading.Release();
        }
    }

    /// <summary>Takes a revoked token out at once, whatever the reload after it does.</summary>
    internal void Forget(long id)
    {
        _used.TryRemove(id, out _);
        if (_byHash is { } tokens)
        {
            _byHash = tokens.Where(pair => pair.Value.Id != id).ToFrozenDictionary(StringComparer.Ordinal);
        }
    }

    internal void Touch(long id, DateTimeOffset now) => _used[id] = now;

    /// <summary>When the token was last used, as far as this process has not stored it yet.</summary>
    internal DateTimeOffset? LastUsed(long id) => _used.TryGetValue(id, out var at) ? at : null;

    /// <summary>Stores what has been used since the last call.</summary>
    internal async Task FlushAsync(CancellationToken cancellationToken)
    {
        var batch = _used.ToDictionary();
        if (batch.Count == 0)
        {
            return;
        }

        await store.TouchTokensAsync(batch, cancellationToken);
        foreach (var pair in batch)
        {
            // Removed only as it was stored: a later use waits for the next round.
            _used.TryRemove(pair);
        }
    }

    public void Dispose() => _loading.Dispose();

    private async Task<FrozenDictionary<string, ApiToken>> LoadOnceAsync(CancellationToken cancellationToken)
    {
        await _loading.WaitAsync(cancellationToken);
        try
        {
            return _byHash ?? await LoadAsync(cancellationToken);
        }
        finally
        {
            _loading.Release();
        }
    }

    /// <summary>What is known already where that is of a moment ago, or the store is away.</summary>
    private async Task<FrozenDictionary<string, ApiToken>> LoadAgainAsync(CancellationToken cancellationToken)
    {
        await _loading.WaitAsync(cancellationToken);
        try
        {
            return _byHash is { } known && time.GetElapsedTime(_loadedAt) < LookAgain ? known : await LoadAsync(cancellationToken);
        }
        catch (StoreUnavailableException) when (_byHash is not null)
        {
            _loadedAt = time.GetTimestamp();
            return _byHash;
        }
        finally
        {
            _loading.Release();
        }
    }

    private async Task<FrozenDictionary<string, ApiToken>> LoadAsync(CancellationToken cancellationToken)
    {
        var tokens = await store.LoadTokensAsync(cancellationToken);
        _loadedAt = time.GetTimestamp();
        return _byHash = tokens.ToFrozenDictionary(token => token.Hash, StringComparer.Ordinal);
    }
}
