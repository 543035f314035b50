using System.Globalization;

namespace Monitor.Gateway.Access;

/// <summary>Whose token it is: the same answer for a call with a bearer token and for a session that was opened with it.</summary>
internal sealed class CallerFinder(GatewayOptions options, TokenCache tokens, TimeProvider time)
{
    /// <param name="hash">Of the token, as <see cref="TokenText.Hash"/> makes it.</param>
    /// <returns>Null for an unknown, revoked or expired token.</returns>
    public async ValueTask<Caller?> FindAsync(string hash, CancellationToken cancellationToken)
    {
        if (hash == options.AdminTokenHash)
        {
            return Caller.Configured;
        }

        var now = time.GetUtcNow();
        if (await tokens.FindAsync(hash, cancellationToken) is not { } token || token.ExpiresAt <= now)
        {
            return null;
        }

        tokens.Touch(token.Id, now);
        return new Caller(token.Id.ToString(CultureInfo.InvariantCulture), token.Name, token.Role);
    }
}
