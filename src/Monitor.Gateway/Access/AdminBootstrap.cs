using Monitor.Core.Ports;

namespace Monitor.Gateway.Access;

/// <summary>The first administrator's token of a fresh store.</summary>
public sealed class AdminBootstrap(ITokenStore store, TokenCache tokens, GatewayOptions options, TimeProvider time)
{
    /// <summary>Loads the tokens; where there are none and none is configured, makes one.</summary>
    /// <returns>The new token in plain, to be printed once: only its hash is kept. Null when nothing was made.</returns>
    public async Task<string?> RunAsync(CancellationToken cancellationToken)
    {
        var existing = await store.LoadTokensAsync(cancellationToken);
        string? made = null;
        if (existing.Count == 0 && options is { AdminTokenHash: null, Access: AccessMode.Tokens })
        {
            made = TokenText.Create();
            var edit = new Edit("system", time.GetUtcNow());
            await store.CreateTokenAsync("admin", Role.Admin, TokenText.Hash(made), expiresAt: null, edit, cancellationToken);
        }

        await tokens.RefreshAsync(cancellationToken);
        return made;
    }
}
