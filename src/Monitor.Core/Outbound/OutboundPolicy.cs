using System.Net;

namespace Monitor.Core.Outbound;

/// <summary>
/// Where probes and webhooks may connect to. Judged on the resolved address, at every redirect; the address that was judged is the one that is connected to.
/// Without lists: everything but link-local and cloud metadata, multicast and 0.0.0.0/8. An allow list, when set, is all that is allowed (also of the
/// addresses denied by default); a deny entry wins over all.
/// </summary>
public sealed class OutboundPolicy(IReadOnlyList<IPNetwork> allow, IReadOnlyList<IPNetwork> deny)
{
    private static readonly IPNetwork[] DeniedByDefault =
    [
        IPNetwork.Parse("0.0.0.0/8"),
        IPNetwork.Parse("169.254.0.0/16"),
        IPNetwork.Parse("224.0.0.0/4"),
        IPNetwork.Parse("255.255.255.255/32"),
        IPNetwork.Parse("::/128"),
        IPNetwork.Parse("fe80::/10"),
        IPNetwork.Parse("ff00::/8"),
        IPNetwork.Parse("fd00:ec2::254/128"),
    ];

    public static readonly OutboundPolicy Default = new([], []);

    /// <summary>Null when the address may be connected to; else why not.</summary>
    public string? Refusal(IPAddress address)
    {
        // ::ffff:169.254.169.254 is the same machine as 169.254.169.254.
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        if (Contains(deny, plain))
        {
            return $"{plain} is denied by Outbound:Deny";
        }

        if (Contains(allow, plain))
        {
            return null;
        }

        if (allow.Count > 0)
        {
            return $"{plain} is not in Outbound:Allow";
        }

        return Contains(DeniedByDefault, plain) ? $"{plain} is denied by default (link-local, metadata, multicast or 0.0.0.0/8); allow it with Outbound:Allow" : null;
    }

    private static bool Contains(IReadOnlyList<IPNetwork> networks, IPAddress address)
    {
        foreach (var network in networks)
        {
            if (network.BaseAddress.AddressFamily == address.AddressFamily && network.Contains(address))
            {
                return true;
            }
        }

        return false;
    }
}
