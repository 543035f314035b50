using Monitor.Core.Text;

namespace Monitor.Gateway;

/// <summary>What the gateway is told at start. All of it has been checked before.</summary>
public sealed record GatewayOptions
{
    public AccessMode Access { get; init; } = AccessMode.Tokens;

    /// <summary>SHA-256 of <c>Access:AdminToken</c>, hex (<see cref="Gateway.Access.TokenText.Hash"/>); null when none is configured.</summary>
    public string? AdminTokenHash { get; init; }

    /// <summary>Whether <c>/metrics</c> needs a token too.</summary>
    public bool ProtectMetrics { get; init; }

    /// <summary>The language of what the service itself says (<c>last_message</c>, notes). Errors follow the caller's Accept-Language.</summary>
    public Language Language { get; init; } = Language.Chinese;

    /// <summary>In which pages show times to a browser that has not told its own.</summary>
    public TimeZoneInfo TimeZone { get; init; } = TimeZoneInfo.Utc;

    /// <summary>Where people reach this service; null when it was not told.</summary>
    public Uri? PublicUrl { get; init; }

    /// <summary>
    /// Whether what the store holds is remembered, so that reads go on while it is away. A store on this machine's own disk is not away: what cannot be written there can still be read.
    /// </summary>
    public bool RemembersStore { get; init; } = true;

    /// <summary>The product's version, as the OpenAPI document names it.</summary>
    public string Version { get; init; } = "0.1.0";
}

public enum AccessMode
{
    Tokens,

    /// <summary>Everybody is an administrator: for loopback only.</summary>
    Open,
}
