using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Monitor.Core.Probing;

namespace Monitor.Probers.Wire;

/// <summary>What the kernel's refusals mean: the target's failure, or our own trouble.</summary>
public static class SocketFaults
{
    /// <summary>Null when the error is about the target. No free socket, no port left, no right, no network: a monitor that counted these against its targets would lie.</summary>
    public static string? OwnTrouble(SocketError error, IPAddress? address = null) => error switch
    {
        SocketError.TooManyOpenSockets => "this monitor has no free socket (too many open files); raise its limit of open files",
        SocketError.NoBufferSpaceAvailable => "this monitor's system has no free socket memory",
        SocketError.AddressNotAvailable => "this monitor has no free local port or no local address for this network",
        SocketError.AccessDenied => "this monitor's system does not permit the connection (firewall or missing right)",
        SocketError.AddressFamilyNotSupported => "this monitor's system does not have this address family",
        SocketError.NetworkDown => "this monitor's network is down",
        SocketError.NetworkUnreachable when HasNoNetwork(address) => "this monitor has no network",
        _ => null,
    };

    public static WireFault OfConnect(SocketError error, string place, IPAddress? address = null) =>
        OwnTrouble(error, address) is { } own
            ? WireFault.Own($"{own} (to {place})")
            : new WireFault(FailureStage.Connect, $"{Words(error)} ({place})");

    /// <summary>Of an exchange with a server that is connected.</summary>
    public static WireFault OfExchange(Exception e, string waitingFor)
    {
        var error = (e as SocketException ?? e.InnerException as SocketException)?.SocketErrorCode;
        return error is { } code && OwnTrouble(code) is { } own
            ? WireFault.Own(own)
            : WireFault.Protocol($"{(error is { } known ? Words(known) : e is EndOfStreamException ? "connection closed by the server" : "the connection broke")} while waiting for {waitingFor}");
    }

    public static string Words(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => "connection refused",
        SocketError.TimedOut => "no answer (the system's own time-out)",
        SocketError.HostUnreachable => "host unreachable",
        SocketError.NetworkUnreachable => "network unreachable",
        SocketError.HostDown => "host down",
        SocketError.ConnectionReset => "connection reset by the server",
        SocketError.ConnectionAborted => "connection aborted",
        SocketError.Shutdown => "connection closed by the server",
        _ => $"socket error {error}",
    };

    private static bool HasNoNetwork(IPAddress? address) => address is null || (!IPAddress.IsLoopback(address) && !NetworkInterface.GetIsNetworkAvailable());
}
