using System.Net;
using System.Net.Sockets;

namespace Monitor.SystemTests.Probers.Wire;

/// <summary>A listening port whose queue is full: the kernel drops every further wish to connect, and who asks hears nothing. It can be widened, and closed.</summary>
internal sealed class FullListener : IDisposable
{
    private readonly Socket _listener;
    private readonly List<Socket> _fillers = [];

    public FullListener(IPAddress address, bool full = true)
    {
        _listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(new IPEndPoint(address, 0));
        _listener.Listen(full ? 0 : 512);
        for (var i = 0; full && i < 3; i++)
        {
            // The first one is let in; those after it wait as well as any other.
            var filler = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
            _fillers.Add(filler);
            try
            {
                filler.Connect(Place);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.InProgress or SocketError.WouldBlock)
            {
                // Begun, which is all that is wanted.
            }
        }
    }

    public IPEndPoint Place => (IPEndPoint)_listener.LocalEndPoint!;

    public Task<Socket> AcceptAsync(CancellationToken cancellationToken) => _listener.AcceptAsync(cancellationToken).AsTask();

    /// <summary>Lets in whoever asks again.</summary>
    public void Widen() => _listener.Listen(4096);

    public void Dispose()
    {
        _listener.Dispose();
        _fillers.ForEach(filler => filler.Dispose());
    }
}
