using System.Security.Authentication;

namespace Monitor.Probers.Wire;

/// <summary>What a handshake showed.</summary>
/// <param name="Version"><c>1.3</c>, <c>1.2</c>.</param>
/// <param name="DaysLeft">Until the first certificate of the chain (the root aside) ends; rounded down to a tenth. Negative: expired.</param>
public sealed record TlsFacts(string Version, double DaysLeft)
{
    public static string VersionText(SslProtocols protocol) => protocol switch
    {
        SslProtocols.Tls13 => "1.3",
        SslProtocols.Tls12 => "1.2",
#pragma warning disable SYSLIB0039, CA5397 // named to tell that a server still speaks them
        SslProtocols.Tls11 => "1.1",
        SslProtocols.Tls => "1.0",
#pragma warning restore SYSLIB0039, CA5397
        _ => protocol.ToString(),
    };
}
