using System.Buffers.Binary;
using Microsoft.AspNetCore.Http;
using Monitor.Gateway.Access;

namespace Monitor.Gateway.Web.Sessions;

/// <summary>
/// A signed-in browser. Its cookie holds the token's hash and when it was made, sealed: no token, and nothing that another silo could not read.
/// Every request asks again whose token that is, so that a revoked one ends its sessions at once. The API does not look at it.
/// </summary>
internal sealed class BrowserSessions(InstallationKeys keys, CallerFinder callers, GatewayOptions options, TimeProvider time)
{
    public const string CookieName = "monitor_session";

    private const string Purpose = "session";
    private const byte Version = 1;
    private const int HashBytes = 32;

    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(14);
    private static readonly TimeSpan Renewal = TimeSpan.FromDays(1);

    public bool AreNeeded => options.Access != AccessMode.Open;

    /// <summary>Null when nobody is signed in.</summary>
    public async ValueTask<Caller?> CallerAsync(HttpContext context)
    {
        if (!AreNeeded)
        {
            return Caller.Anybody;
        }

        if (Read(context) is not { } session || await callers.FindAsync(session.Hash, context.RequestAborted) is not { } caller)
        {
            return null;
        }

        if (time.GetUtcNow() - session.Since > Renewal && !context.Response.HasStarted)
        {
            Write(context, session.Hash);
        }

        return caller;
    }

    /// <summary>Opens a session; null when the token is none.</summary>
    public async Task<Caller?> OpenAsync(HttpContext context, string token)
    {
        var hash = TokenText.Hash(token.Trim());
        if (await callers.FindAsync(hash, context.RequestAborted) is not { } caller)
        {
            return null;
        }

        Write(context, hash);
        return caller;
    }

    public static void Close(HttpContext context) => context.Response.Cookies.Delete(CookieName, Cookie(context));

    private void Write(HttpContext context, string hash)
    {
        Span<byte> plain = stackalloc byte[1 + sizeof(long) + HashBytes];
        plain[0] = Version;
        BinaryPrimitives.WriteInt64BigEndian(plain[1..], time.GetUtcNow().ToUnixTimeSeconds());
        Convert.FromHexString(hash).CopyTo(plain[(1 + sizeof(long))..]);
        var cookie = Cookie(context);
        cookie.MaxAge = Lifetime;
        context.Response.Cookies.Append(CookieName, keys.Seal(Purpose, plain), cookie);
    }

    private (string Hash, DateTimeOffset Since)? Read(HttpContext context)
    {
        if (context.Request.Cookies[CookieName] is not { } text || keys.Open(Purpose, text) is not { Length: 1 + sizeof(long) + HashBytes } plain || plain[0] != Version)
        {
            return null;
        }

        var since = DateTimeOffset.FromUnixTimeSeconds(BinaryPrimitives.ReadInt64BigEndian(plain.AsSpan(1)));
        return time.GetUtcNow() - since < Lifetime ? (Convert.ToHexStringLower(plain.AsSpan(1 + sizeof(long))), since) : null;
    }

    private static CookieOptions Cookie(HttpContext context) =>
        new() { HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = IsHttps(context), Path = "/", IsEssential = true };

    /// <summary>A balancer in front ends TLS and says so. Who lies about it only makes a stricter cookie.</summary>
    internal static bool IsHttps(HttpContext context) =>
        context.Request.IsHttps || context.Request.Headers["X-Forwarded-Proto"].ToString().StartsWith("https", StringComparison.OrdinalIgnoreCase);
}
