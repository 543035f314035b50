namespace Monitor.Core.Configs;

/// <summary>Where one node of a cluster is spoken to.</summary>
/// <param name="Host">A name, or an address without brackets.</param>
public sealed record NodeAddress(string Host, int Port)
{
    /// <summary><c>host:port</c>; an IPv6 address in brackets.</summary>
    public override string ToString() => CommonFields.HostAndPort(Host, Port);
}
