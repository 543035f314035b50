using System.Net.Sockets;
using Monitor.Core.Configs;

namespace Monitor.Probers.Wire;

/// <summary>The outbound rules for HTTP clients that are not probes (webhooks): give <see cref="ConnectAsync"/> to <see cref="SocketsHttpHandler.ConnectCallback"/>.</summary>
public sealed class OutboundConnector(Dialer dialer, TimeProvider time)
{
    /// <summary>Looks up, checks, and connects to the very address that was checked.</summary>
    /// <exception cref="HttpRequestException">Not resolved, not allowed or not connected; its message starts with the stage and holds no secret.</exception>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var place = context.DnsEndPoint;
        var outcome = await dialer.DialAsync(new ProbeRun(time, TimeSpan.Zero), place.Host, place.Port, IpFamily.Auto, cancellationToken);
        if (outcome.Fault is { } fault)
        {
            var error = fault.Stage == Core.Probing.FailureStage.Dns ? HttpRequestError.NameResolutionError : HttpRequestError.ConnectionError;
            throw new HttpRequestException(error, fault.ToResult(Core.Probing.ProbeMetrics.Empty, TimeSpan.Zero).Message);
        }

        return new NetworkStream(outcome.Value!, ownsSocket: true);
    }
}
