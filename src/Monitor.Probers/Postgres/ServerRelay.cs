using System.Buffers;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Postgres;

/// <summary>
/// Carries one session between Npgsql and the server. Npgsql opens its sockets itself and has no place for a stream; so it gets a private local socket,
/// and the connection that was looked up, permitted, dialed and secured by the same code as everywhere else stays ours. What the server sends passes
/// <see cref="ServerMessages"/>; when time is up, both ends are closed and nothing of Npgsql's can go on waiting.
/// </summary>
internal sealed class ServerRelay : IAsyncDisposable
{
    private const int Port = 5432;
    private const int SocketLevel = 1;
    private const int PeerCredentials = 17;

    private readonly ProbeRun _run;
    private readonly WireLink _link;
    private readonly ServerMessages _messages;
    private readonly Socket _listener;
    private readonly string? _folder;
    private readonly CancellationTokenSource _stop;
    private readonly TaskCompletionSource _clientGone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _carrying;
    private WireFault? _broken;

    private ServerRelay(ProbeRun run, WireLink link, bool hasPassword, Socket listener, string host, string? folder, CancellationToken cancellationToken)
    {
        (_run, _link, _listener, Host, _folder) = (run, link, listener, host, folder);
        _messages = new ServerMessages(hasPassword);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _carrying = CarryAsync();
    }

    /// <summary>What Npgsql calls this end.</summary>
    public string Host { get; }

    public LoginStep Step => _messages.Step;

    /// <summary>What was wrong with the server or its connection, if that is what ended the session.</summary>
    public WireFault? Fault => _messages.Fault ?? _broken;

    /// <summary>Owns the link from here on.</summary>
    public static async ValueTask<Outcome<ServerRelay>> OpenAsync(ProbeRun run, WireLink link, bool hasPassword, CancellationToken cancellationToken)
    {
        string? folder = null;
        Socket? listener = null;
        try
        {
            listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            string host;
            if (OperatingSystem.IsLinux())
            {
                // A name that exists only as long as the socket, in no folder.
                host = $"@monitor-{RandomNumberGenerator.GetHexString(32)}";
                listener.Bind(new UnixDomainSocketEndPoint($"\0{host[1..]}/.s.PGSQL.{Port}"));
            }
            else
            {
                host = folder = Directory.CreateTempSubdirectory("monitor-").FullName;
                listener.Bind(new UnixDomainSocketEndPoint(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $".s.PGSQL.{Port}"))));
            }

            listener.Listen(1);
            return new ServerRelay(run, link, hasPassword, listener, host, folder, cancellationToken);
        }
        catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException)
        {
            listener?.Dispose();
            Remove(folder);
            await link.DisposeAsync();
            return WireFault.Own((e is SocketException refused ? SocketFaults.OwnTrouble(refused.SocketErrorCode) : null) ?? $"this monitor could not make a local socket: {e.Message}");
        }
    }

    /// <summary>Ends the session. Npgsql is to be disposed of before, so that its goodbye gets through; else the server's end is closed by reset.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_link.Finished)
        {
            await _clientGone.Task.WaitAsync(_stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await _stop.CancelAsync();
        await _carrying;
        await _link.DisposeAsync();
        _listener.Dispose();
        _messages.Dispose();
        _stop.Dispose();
        Remove(_folder);
    }

    /// <summary>The session came to its end in order.</summary>
    public void Finish() => _link.Finished = true;

    private async Task CarryAsync()
    {
        try
        {
            using var client = await AcceptAsync();
            _listener.Dispose();
            var up = UpAsync(client);
            var down = DownAsync(client);
            await Task.WhenAll(up, down);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The probe is over.
        }
        finally
        {
            _clientGone.TrySetResult();
        }
    }

    /// <summary>The one that connects is this process itself: nobody else may speak with the client certificate that was used.</summary>
    private async Task<Socket> AcceptAsync()
    {
        while (true)
        {
            var client = await _listener.AcceptAsync(_stop.Token);
            if (!OperatingSystem.IsLinux())
            {
                return client;
            }

            var credentials = new byte[12];
            client.GetRawSocketOption(SocketLevel, PeerCredentials, credentials);
            if (BitConverter.ToInt32(credentials) == Environment.ProcessId)
            {
                return client;
            }

            client.Dispose();
        }
    }

    private async Task UpAsync(Socket client)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(4096);
        try
        {
            while (await client.ReceiveAsync(buffer, _stop.Token) is > 0 and var count)
            {
                await _link.Stream.WriteAsync(buffer.AsMemory(0, count), _stop.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException or IOException)
        {
            // Why the server's end broke, the other direction says.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            _clientGone.TrySetResult();
        }
    }

    private async Task DownAsync(Socket client)
    {
        try
        {
            while (_messages.Fault is null)
            {
                var count = await _link.Stream.ReadAsync(_messages.Room(), _stop.Token);
                if (count == 0)
                {
                    _messages.Ended();
                    _broken = SocketFaults.OfExchange(new EndOfStreamException(), _run.WaitingFor);
                    return;
                }

                _messages.Received(count);
                await PassAsync(client);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The probe is over.
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            _broken = SocketFaults.OfExchange(e, _run.WaitingFor);
        }
        finally
        {
            // Whatever ended it: Npgsql must not wait for more.
            client.Dispose();
        }
    }

    private async ValueTask PassAsync(Socket client)
    {
        if (_messages.Step is not LoginStep.Ready)
        {
            _run.WaitingFor = _messages.Step switch
            {
                LoginStep.PasswordAsked => "the answer to the password",
                LoginStep.Accepted => "the end of the login",
                _ => "the server's answer to the login",
            };
        }

        for (var rest = _messages.Whole; rest.Length > 0;)
        {
            try
            {
                rest = rest[await client.SendAsync(rest, _stop.Token)..];
            }
            catch (SocketException)
            {
                // Npgsql has closed its end; what the server still says is nobody's.
                break;
            }
        }

        _messages.Passed();
    }

    private static void Remove(string? folder)
    {
        if (folder is not null && Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
