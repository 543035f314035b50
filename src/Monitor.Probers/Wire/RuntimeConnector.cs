using System.Net;
using System.Net.Sockets;

namespace Monitor.Probers.Wire;

/// <summary>By the runtime's own sockets: on every system that it runs on.</summary>
public sealed class RuntimeConnector(TimeProvider time) : IConnector
{
    public async ValueTask<ConnectEnd> ConnectAsync(IPEndPoint place, CancellationToken cancellationToken)
    {
        Socket? socket = null;
        try
        {
            socket = new Socket(place.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(place, cancellationToken);
            return new ConnectEnd(socket, SocketError.Success, time.GetTimestamp());
        }
        catch (SocketException e)
        {
            socket?.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            return new ConnectEnd(null, e.SocketErrorCode, time.GetTimestamp());
        }
        catch (OperationCanceledException)
        {
            socket?.Dispose();
            throw;
        }
    }
}
