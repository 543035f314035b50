using System.Net;
using System.Net.Sockets;

namespace Monitor.Probers.Wire.Linux;

/// <summary>
/// A connection that the kernel has yet to decide on. It ends once, by its being decided or by its being cancelled, whichever has the lock first; that one alone
/// closes the socket or hands it on.
/// </summary>
internal sealed class ConnectAttempt(ulong id, RawSocket socket, SocketAddress place)
{
    private readonly Lock _lock = new();

    /// <summary>Who waits goes on at once: <see cref="Tell"/> and <see cref="Cancel"/> are called where that may be.</summary>
    private readonly TaskCompletionSource<ConnectEnd> _end = new();
    private ConnectEnd _decision;
    private bool _isOver;

    public ulong Id => id;

    public RawSocket Socket => socket;

    public Task<ConnectEnd> End => _end.Task;

    /// <summary>Takes note of what the kernel decided. True when it is to be told; false when it was cancelled, or is still open and watched on.</summary>
    public bool IsDecided(Epoll epoll, long now)
    {
        lock (_lock)
        {
            if (_isOver)
            {
                return false;
            }

            var error = socket.Connect(place);
            if (error == SocketError.AlreadyInProgress)
            {
                error = epoll.WatchAgain(socket, id);
                if (error == SocketError.Success)
                {
                    return false;
                }
            }

            _isOver = true;
            _decision = new ConnectEnd(error == SocketError.Success ? socket : null, error, now);
        }

        if (_decision.Connection is null)
        {
            socket.Dispose();
        }

        return true;
    }

    public void Tell() => _end.TrySetResult(_decision);

    public void Cancel(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_isOver)
            {
                return;
            }

            _isOver = true;
        }

        socket.Dispose();
        _end.TrySetCanceled(cancellationToken);
    }
}
