using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;
using Monitor.Core.Ports;
using Monitor.Core.Text;
using Monitor.Gateway.Api;

namespace Monitor.Gateway.Access;

/// <summary>Lets a call under <c>/api</c> in with a valid token of a sufficient role; what names no role is for administrators only.</summary>
internal sealed class AccessGate(RequestDelegate next, GatewayOptions options, CallerFinder callers)
{
    private const string Scheme = "Bearer ";

    private static readonly LocalizedText NoToken = new(
        "send a valid token: Authorization: Bearer TOKEN", "请提供有效的令牌：Authorization: Bearer 令牌");

    public async Task InvokeAsync(HttpContext context)
    {
        if (Needed(context) is not { } needed)
        {
            await next(context);
            return;
        }

        var caller = await CallerAsync(context);
        if (caller is null)
        {
            context.Response.Headers[HeaderNames.WWWAuthenticate] = "Bearer realm=\"monitor\"";
            await new Problem(StatusCodes.Status401Unauthorized, NoToken).WriteAsync(context);
        }
        else if (caller.Role < needed)
        {
            var (has, asks) = (caller.Role.Name(), needed.Name());
            var detail = new LocalizedText($"this token's role is {has}; this call needs {asks}", $"此令牌的角色是 {has}，该操作需要 {asks}");
            await new Problem(StatusCodes.Status403Forbidden, detail).WriteAsync(context);
        }
        else
        {
            caller.Enter(context);
            await next(context);
        }
    }

    private static Role? Needed(HttpContext context)
    {
        var endpoint = context.GetEndpoint();
        if (endpoint?.Metadata.GetMetadata<RequiredRole>() is { } required)
        {
            return required.Role;
        }

        if (!context.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        // Routing has put in an endpoint of its own for 404 and 405: those say nothing that a reader may not know.
        return endpoint is RouteEndpoint ? Role.Admin : Role.Viewer;
    }

    private async ValueTask<Caller?> CallerAsync(HttpContext context)
    {
        if (options.Access == AccessMode.Open)
        {
            return Caller.Anybody;
        }

        var header = context.Request.Headers.Authorization;
        if (header.Count != 1 || header[0] is not { } given || !given.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        return await callers.FindAsync(TokenText.Hash(given[Scheme.Length..].Trim()), context.RequestAborted);
    }
}
