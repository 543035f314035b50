using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Monitor.Tests.Shared;

/// <summary>A server on loopback that does as it is told with each connection. Can go away and come back on the same port.</summary>
public sealed class TcpServer : IAsyncDisposable
{
    private readonly Func<NetworkStream, CancellationToken, Task> _serve;
    private readonly Lock _lock = new();
    private CancellationTokenSource _stop = new();
    private Action? _close;
    private Task _accepting = Task.CompletedTask;
    private int _accepted;

    /// <param name="serve">What is done with a connection; it is closed afterwards. Null: closed at once.</param>
    public TcpServer(Func<NetworkStream, CancellationToken, Task>? serve = null, bool start = true)
    {
        _serve = serve ?? ((_, _) => Task.CompletedTask);
        Port = FreePort.Next();
        if (start)
        {
            Start();
        }
    }

    public int Port { get; }

    /// <summary>Connections so far.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>Accepts, and never says a word.</summary>
    public static TcpServer Hanging() => new((_, cancellationToken) => Forever.UntilCancelledAsync(cancellationToken));

    /// <summary>Answers one HTTP request a connection, after a while.</summary>
    public static TcpServer Http(TimeSpan delay = default) => new(async (stream, cancellationToken) =>
    {
        using var reader = new StreamReader(stream, Encoding.Latin1, leaveOpen: true);
        while (await reader.ReadLineAsync(cancellationToken) is { Length: > 0 })
        {
        }

        await Task.Delay(delay, TimeProvider.System, cancellationToken);
        await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nup\n"u8.ToArray(), cancellationToken);
    });

    public void Start()
    {
        lock (_lock)
        {
            if (_close is not null)
            {
                return;
            }

            _stop = new CancellationTokenSource();
            var listener = new TcpListener(IPAddress.Loopback, Port);
            listener.Start(4096);
            _close = listener.Dispose;
            _accepting = AcceptAsync(listener, _stop.Token);
        }
    }

    /// <summary>Refuses connections from now on, and cuts those that are open.</summary>
    public async Task StopAsync()
    {
        Task accepting;
        lock (_lock)
        {
            _stop.Cancel();
            _close?.Invoke();
            _close = null;
            accepting = _accepting;
        }

        await accepting;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task AcceptAsync(TcpListener listener, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync(cancellationToken);
                Interlocked.Increment(ref _accepted);
                _ = ServeAsync(client, cancellationToken);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Stopped.
        }
    }

    private async Task ServeAsync(TcpClient client, CancellationToken cancellationToken)
    {
        using (client)
        {
            try
            {
                await _serve(client.GetStream(), cancellationToken);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or ObjectDisposedException or InvalidOperationException)
            {
                // The other side went away, or the server was stopped.
            }
        }
    }
}
