using System.Net;
using System.Net.Sockets;

namespace Monitor.Tests.Shared;

/// <summary>The way to a server on loopback, which can be cut: where a test stands between a silo and its store, or between two silos.</summary>
public sealed class TcpProxy : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Socket _listener;
    private readonly int _to;
    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<Path> _paths = [];
    private readonly Task _accepting;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private State _state;
    private long _fromServer;

    /// <param name="to">The server's port on loopback.</param>
    public TcpProxy(int to)
    {
        _to = to;
        Port = FreePort.Next();
        _listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, Port));
        _listener.Listen(512);
        _accepting = AcceptAsync();
    }

    /// <summary>In a row: then it is the listener.</summary>
    private const int MostFailures = 100;

    private enum State
    {
        Open,
        Cut,
        Held,
        Dropping,
        DroppingAnswers,
    }

    public int Port { get; }

    /// <summary>Bytes that came from the server so far, passed on or not.</summary>
    public long BytesFromServer => Interlocked.Read(ref _fromServer);

    /// <summary>As if the server had gone: what is open is reset, what is new is closed at once.</summary>
    public void Cut()
    {
        Change(State.Cut);
        CloseAll(_ => true);
    }

    /// <summary>As if a cable were pulled: silence in both directions, new connections included; what was under way arrives after <see cref="Heal"/>.</summary>
    public void Hold() => Change(State.Held);

    /// <summary>Silence, and what is under way is lost; a connection that has lost something is reset by <see cref="Heal"/>.</summary>
    public void Drop() => Change(State.Dropping);

    /// <summary>The server gets every request, and nobody hears its answers.</summary>
    public void DropAnswers() => Change(State.DroppingAnswers);

    public void Heal()
    {
        Change(State.Open);
        CloseAll(path => path.HasLost);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        CloseAll(_ => true);
        await _accepting;
        _stop.Dispose();
    }

    private void Change(State state)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            _state = state;
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
    }

    private void CloseAll(Func<Path, bool> which)
    {
        Path[] paths;
        lock (_lock)
        {
            paths = [.. _paths.Where(which)];
        }

        foreach (var path in paths)
        {
            path.Reset();
        }
    }

    private async Task AcceptAsync()
    {
        var failed = 0;
        while (failed < MostFailures)
        {
            Socket client;
            try
            {
                client = await _listener.AcceptAsync(_stop.Token);
                failed = 0;
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException || _stop.IsCancellationRequested)
            {
                return;
            }
            catch (SocketException)
            {
                // One client's reset is not the listener's end: a proxy gone deaf would look like a cut that nobody made.
                failed++;
                continue;
            }

            _ = ServeAsync(client);
        }
    }

    private async Task ServeAsync(Socket client)
    {
        var path = new Path(client, new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        lock (_lock)
        {
            _paths.Add(path);
        }

        try
        {
            if (await PassAsync(path, answer: false) is null)
            {
                return;
            }

            client.NoDelay = true;
            path.Server.NoDelay = true;
            await path.Server.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _to), _stop.Token);
            await Task.WhenAny(PumpAsync(path, client, path.Server, answer: false), PumpAsync(path, path.Server, client, answer: true));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The one end or the other is gone: so is the path.
        }
        finally
        {
            lock (_lock)
            {
                _paths.Remove(path);
            }

            path.Reset();
        }
    }

    private async Task PumpAsync(Path path, Socket from, Socket to, bool answer)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            int count;
            while ((count = await from.ReceiveAsync(buffer, _stop.Token)) > 0)
            {
                if (answer)
                {
                    Interlocked.Add(ref _fromServer, count);
                }

                switch (await PassAsync(path, answer))
                {
                    case true:
                        await SendAllAsync(to, buffer.AsMemory(0, count));
                        break;
                    case false:
                        path.HasLost = true;
                        break;
                    default:
                        return;
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // As above.
        }
    }

    private async Task SendAllAsync(Socket to, ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[await to.SendAsync(bytes, _stop.Token)..];
        }
    }

    /// <summary>Waits while the way is held. True: pass on; false: lose it; null: the way is cut.</summary>
    private async Task<bool?> PassAsync(Path path, bool answer)
    {
        while (true)
        {
            State state;
            Task changed;
            lock (_lock)
            {
                (state, changed) = (_state, _changed.Task);
            }

            switch (state)
            {
                case State.Cut:
                    return null;
                case State.Dropping:
                    return false;
                case State.DroppingAnswers when answer:
                    return false;
                case State.Held:
                    await changed.WaitAsync(_stop.Token);
                    break;
                default:
                    // What was lost before cannot be made good: anything after it would be nonsense.
                    return !path.HasLost || !answer;
            }
        }
    }

    private sealed class Path(Socket client, Socket server)
    {
        private volatile bool _hasLost;

        public Socket Server => server;

        public bool HasLost
        {
            get => _hasLost;
            set => _hasLost = value;
        }

        public void Reset()
        {
            foreach (var socket in new[] { client, server })
            {
                try
                {
                    socket.LingerState = new LingerOption(enable: true, seconds: 0);
                }
                catch (Exception e) when (e is SocketException or ObjectDisposedException)
                {
                    // Not connected, or closed already.
                }

                socket.Dispose();
            }
        }
    }
}
