using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Monitor.Tests.Shared;

namespace Monitor.Benchmarks.Cluster;

/// <summary>
/// Registers targets over many connections to all silos at once, one call after the other on each. It shares the silos' cores, so it knows no more of HTTP than it needs: a call costs it
/// about a tenth of what the runtime's client does.
/// </summary>
internal sealed class Registrar : IAsyncDisposable
{
    private readonly List<(Socket Socket, int Silo)> _connections = [];
    private readonly IReadOnlyList<SiloProcess> _silos;

    private Registrar(IReadOnlyList<SiloProcess> silos) => _silos = silos;

    public static async Task<Registrar> ConnectAsync(IReadOnlyList<SiloProcess> silos, int connections, CancellationToken cancellationToken)
    {
        var registrar = new Registrar(silos);
        for (var number = 0; number < connections; number++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            registrar._connections.Add((socket, number % silos.Count));
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, silos[number % silos.Count].Settings.Port), cancellationToken);
        }

        return registrar;
    }

    /// <summary>So many, each with its own body; returns when the last is answered.</summary>
    /// <param name="done">Called with how many are answered, after each.</param>
    public async Task RunAsync(int count, Func<int, object> target, CancellationToken cancellationToken, Action<int>? done = null)
    {
        var (next, answered) = (-1, 0);
        await Task.WhenAll(_connections.Select(connection => Task.Run(
            async () =>
            {
                var buffer = new byte[8192];
                while (Interlocked.Increment(ref next) is var number && number < count)
                {
                    await connection.Socket.SendAsync(Request(connection.Silo, target(number)), cancellationToken);
                    await AnswerAsync(connection.Socket, buffer, cancellationToken);
                    done?.Invoke(Interlocked.Increment(ref answered));
                }
            },
            cancellationToken)));
    }

    public ValueTask DisposeAsync()
    {
        _connections.ForEach(connection => connection.Socket.Dispose());
        return ValueTask.CompletedTask;
    }

    private byte[] Request(int silo, object target)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(target);
        var head = string.Create(
            CultureInfo.InvariantCulture,
            $"POST /api/v1/targets HTTP/1.1\r\nHost: 127.0.0.1:{_silos[silo].Settings.Port}\r\nAuthorization: Bearer {SiloProcess.AdminToken}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n");
        return [.. Encoding.ASCII.GetBytes(head), .. body];
    }

    /// <summary>Reads one answer whole.</summary>
    /// <exception cref="HttpRequestException">It is not 201.</exception>
    private static async Task AnswerAsync(Socket socket, byte[] buffer, CancellationToken cancellationToken)
    {
        var (length, end) = (0, int.MaxValue);
        while (length < end)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(length), cancellationToken);
            if (read == 0)
            {
                throw new HttpRequestException("the silo closed the connection");
            }

            length += read;
            if (end == int.MaxValue && buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8) is >= 0 and var head)
            {
                end = head + 4 + BodyLength(buffer.AsSpan(0, head));
            }
        }
    }

    private static int BodyLength(ReadOnlySpan<byte> head)
    {
        var name = "Content-Length: "u8;
        var at = head.IndexOf(name);
        if (!head.StartsWith("HTTP/1.1 201 "u8) || at < 0)
        {
            throw new HttpRequestException(Encoding.ASCII.GetString(head));
        }

        var rest = head[(at + name.Length)..];
        return int.Parse(rest[..(rest.IndexOf((byte)'\r') is >= 0 and var end ? end : rest.Length)], CultureInfo.InvariantCulture);
    }
}
