using System.Net;
using System.Net.Sockets;

namespace Monitor.Probers.Ping;

/// <summary>A socket for echo packets, of the kind this process may open.</summary>
public sealed class IcmpSocket : IDisposable
{
    private readonly Socket _socket;
    private readonly bool _raw;

    private IcmpSocket(Socket socket, bool raw, bool v6)
    {
        _socket = socket;
        _raw = raw;
        V6 = v6;
        if (raw)
        {
            EchoFilter.Attach(socket, v6, Id);
        }
    }

    public bool V6 { get; }

    /// <summary>What tells our packets from those of others on a raw socket; a datagram socket has its own.</summary>
    public ushort Id { get; } = (ushort)Random.Shared.Next(1, 0x10000);

    /// <summary>On a datagram socket the kernel sets the identifier and hands over only our own answers.</summary>
    public bool MatchesId => _raw;

    public bool HasIpHeader => _raw && !V6;

    /// <summary>
    /// A datagram socket (needs <c>net.ipv4.ping_group_range</c>), else a raw one (needs CAP_NET_RAW), else null. Tried anew for each probe: rights change, and
    /// a refusal costs one system call.
    /// </summary>
    /// <exception cref="SocketException">No socket for a reason other than a missing right.</exception>
    public static IcmpSocket? Open(IPAddress address)
    {
        var v6 = address.AddressFamily == AddressFamily.InterNetworkV6;
        return Try(SocketType.Dgram, v6) ?? Try(SocketType.Raw, v6);
    }

    /// <summary>Binds to one peer: the kernel then hands over its packets only, and reports unreachable networks.</summary>
    public void Connect(IPAddress address) => _socket.Connect(new IPEndPoint(address, 0));

    public ValueTask<int> SendAsync(ReadOnlyMemory<byte> packet, CancellationToken cancellationToken) => _socket.SendAsync(packet, SocketFlags.None, cancellationToken);

    public ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken) => _socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken);

    public void Dispose() => _socket.Dispose();

    private static IcmpSocket? Try(SocketType type, bool v6)
    {
        try
        {
            var socket = new Socket(
                v6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork, type, v6 ? ProtocolType.IcmpV6 : ProtocolType.Icmp);
            return new IcmpSocket(socket, type == SocketType.Raw, v6);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.AccessDenied or SocketError.ProtocolNotSupported or SocketError.SocketNotSupported
            or SocketError.ProtocolType or SocketError.OperationNotSupported)
        {
            return null;
        }
    }
}
