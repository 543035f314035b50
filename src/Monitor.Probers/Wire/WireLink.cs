using System.Net.Security;
using System.Net.Sockets;
using Monitor.Core.Configs.Tls;

namespace Monitor.Probers.Wire;

/// <summary>One connection of one probe, plain or in TLS. Disposing closes it: in order when it was marked <see cref="Finished"/>, else by reset, so that nothing lingers in the kernel.</summary>
public sealed class WireLink(Socket socket) : IAsyncDisposable
{
    /// <summary>Does not own the socket: closing says goodbye by itself, and a stream that owns it would do so once more.</summary>
    public Stream Stream { get; private set; } = new NetworkStream(socket, ownsSocket: false);

    /// <summary>What ALPN agreed on; default without TLS.</summary>
    public SslApplicationProtocol Protocol { get; private set; }

    /// <summary>The exchange came to its end; the server deserves a proper goodbye.</summary>
    public bool Finished { get; set; }

    /// <summary>Turns to TLS. Null when that went well; on a fault the connection is closed.</summary>
    public async ValueTask<WireFault?> SecureAsync(
        ProbeRun run, string host, TlsConfig tls, IReadOnlyList<SslApplicationProtocol> protocols, CancellationToken cancellationToken)
    {
        Outcome<SslStream> outcome = default;
        try
        {
            outcome = await TlsHandshake.RunAsync(run, Stream, host, tls, protocols, cancellationToken);
        }
        finally
        {
            if (outcome.Value is null)
            {
                socket.Dispose();
            }
        }

        if (outcome.Value is { } secured)
        {
            Stream = secured;
            Protocol = secured.NegotiatedApplicationProtocol;
        }

        return outcome.Fault;
    }

    public async ValueTask DisposeAsync()
    {
        if (!Finished && !socket.SafeHandle.IsClosed)
        {
            socket.LingerState = new LingerOption(true, 0);
        }

        await Stream.DisposeAsync();
        socket.Dispose();
    }
}
