using System.Net;
using System.Net.Sockets;

namespace Monitor.Tests.Shared;

/// <summary>
/// Loopback ports for servers that are told their port. Below the range from which the kernel takes ports for outgoing connections: a port of that
/// range can be taken by any client meanwhile, and connecting to a closed one there may connect a socket to itself, so that a dead target looks alive.
/// </summary>
public static class FreePort
{
    private const int First = 12_000;
    private const int Last = 32_000;

    private static readonly Lock Gate = new();
    private static readonly HashSet<int> Given = [];

    public static int Next()
    {
        lock (Gate)
        {
            while (true)
            {
                var port = Random.Shared.Next(First, Last);
                if (!Given.Contains(port) && IsFree(port))
                {
                    Given.Add(port);
                    return port;
                }
            }
        }
    }

    /// <summary>The first of so many free ports in a row.</summary>
    public static int Range(int count)
    {
        lock (Gate)
        {
            while (true)
            {
                var first = Random.Shared.Next(First, Last - count);
                var all = Enumerable.Range(first, count).ToArray();
                if (Array.TrueForAll(all, port => !Given.Contains(port) && IsFree(port)))
                {
                    Given.UnionWith(all);
                    return first;
                }
            }
        }
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
