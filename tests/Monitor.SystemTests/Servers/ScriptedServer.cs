using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Monitor.SystemTests.Servers;

/// <summary>A server on a free loopback port that does to each connection what its script says.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<int, Task> _connections = [];
    private readonly Socket _listener;
    private readonly Task _accepting;
    private int _stopped;

    private ScriptedServer(IPAddress address, Func<Stream, CancellationToken, Task> script)
    {
        _listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(new IPEndPoint(address, 0));
        _listener.Listen(512);
        _accepting = AcceptAsync(script);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public string Url => $"http://127.0.0.1:{Port}/";

    /// <summary>The requests' heads as they came, in order.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    public int Accepted;

    public static ScriptedServer Start(Func<Stream, CancellationToken, Task> script, IPAddress? address = null) => new(address ?? IPAddress.Loopback, script);

    /// <summary>Reads one request's head and writes an answer that may depend on it.</summary>
    public static ScriptedServer Http(Func<string, string> answer, IPAddress? address = null, X509Certificate2? tls = null)
    {
        ScriptedServer? server = null;
        server = new ScriptedServer(address ?? IPAddress.Loopback, async (plain, token) =>
        {
            var stream = tls is null ? plain : await SecuredAsync(plain, tls, token);
            var request = await ReadHeadAsync(stream, token);
            server!.Requests.Enqueue(request);
            await stream.WriteAsync(Encoding.UTF8.GetBytes(answer(request)), token);
            if (stream is SslStream secured)
            {
                await secured.ShutdownAsync();
            }
        });
        return server;
    }

    public static async Task<SslStream> SecuredAsync(Stream plain, X509Certificate2 certificate, CancellationToken token, SslProtocols protocols = SslProtocols.None)
    {
        var stream = new SslStream(plain);
        await stream.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate, EnabledSslProtocols = protocols }, token);
        return stream;
    }

    public static async Task<string> ReadHeadAsync(Stream stream, CancellationToken token)
    {
        var bytes = new List<byte>();
        var one = new byte[1];
        while (await stream.ReadAsync(one, token) == 1)
        {
            bytes.Add(one[0]);
            if (bytes.Count >= 4 && bytes[^1] == '\n' && bytes[^2] == '\r' && bytes[^3] == '\n')
            {
                break;
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _stopped, 1) == 1)
        {
            return;
        }

        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_connections.Values);
        _stop.Dispose();
    }

    private async Task AcceptAsync(Func<Stream, CancellationToken, Task> script)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var socket = await _listener.AcceptAsync(_stop.Token);
                var number = Interlocked.Increment(ref Accepted);
                var serving = ServeAsync(socket, script);
                _connections[number] = serving;

                // Thousands of ended ones would look like a leak of what is tested.
                _ = serving.ContinueWith(_ => _connections.TryRemove(number, out Task? _), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(Socket socket, Func<Stream, CancellationToken, Task> script)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        try
        {
            await script(stream, _stop.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or AuthenticationException or ObjectDisposedException)
        {
            // The probe went away: so it does.
        }
    }
}
