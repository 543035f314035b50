using Microsoft.AspNetCore.Http;
using Monitor.Core.Ports;

namespace Monitor.Gateway.Access;

/// <summary>Who calls: the token's name goes into <c>created_by</c>, its id keeps idempotency keys apart.</summary>
internal sealed record Caller(string TokenId, string Name, Role Role)
{
    private static readonly object Key = new();

    public static readonly Caller Configured = new("configured", "admin", Role.Admin);

    public static readonly Caller Anybody = new("open", "open", Role.Admin);

    public static Caller Of(HttpContext context) =>
        context.Items[Key] as Caller ?? throw new InvalidOperationException("the access gate has not let this call in");

    public void Enter(HttpContext context) => context.Items[Key] = this;
}

/// <summary>The role that an endpoint asks for.</summary>
internal sealed record RequiredRole(Role Role);
