using System.Net;
using System.Net.Sockets;

namespace Monitor.Probers.Wire;

/// <summary>Opens TCP connections over which nothing is said, to see whether a server takes them. A port: each system has its cheapest way.</summary>
public interface IConnector
{
    /// <summary>Opens one, or says why there is none. Cancelled or failed, it leaves nothing open.</summary>
    /// <exception cref="OperationCanceledException">Of <paramref name="cancellationToken"/>.</exception>
    ValueTask<ConnectEnd> ConnectAsync(IPEndPoint place, CancellationToken cancellationToken);
}

/// <param name="Connection">Who asked for it closes it, in order: the server sees an end, no reset. Null when there is an error.</param>
/// <param name="At">When that was known, as a timestamp of the clock; who awaits it may hear of it later.</param>
public readonly record struct ConnectEnd(IDisposable? Connection, SocketError Error, long At);
