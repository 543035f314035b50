using System.Net.Security;
using System.Text.Json;
using Monitor.Core.Configs.Http;
using Monitor.Core.Configs.Tls;
using Monitor.Core.Probing;
using Monitor.Core.Schemas;
using Monitor.Core.Text;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Http;

/// <summary>
/// Asks a URL over a fresh connection and judges the answer. Redirects are followed by hand: each hop is looked up, checked and connected anew, and loses
/// the credentials once it leaves the host.
/// </summary>
public sealed class HttpProber(Dialer dialer, TimeProvider time) : IProber
{
    private const int MaxRedirects = 10;
    private const int KeptForMessages = 1024;

    private static readonly SslApplicationProtocol[] Both = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11];
    private static readonly SslApplicationProtocol[] Only11 = [SslApplicationProtocol.Http11];
    private static readonly SslApplicationProtocol[] Only2 = [SslApplicationProtocol.Http2];

    public string Type => "http";

    public LocalizedText Name { get; } = new("HTTP(S)", "HTTP(S)");

    public ObjectSchema Schema => HttpConfig.Schema;

    public ConfigReading Read(JsonElement config) => HttpConfig.Read(config);

    public async ValueTask<ProbeResult> ProbeAsync(ProbeRequest request, CancellationToken cancellationToken)
    {
        var config = (HttpConfig)request.Config;
        var phases = new HttpPhases();
        var result = await new ProbeRun(time, request.Timeout).GuardAsync((run, token) => StepsAsync(run, phases, config, token), cancellationToken);

        // A probe that was cut short in the middle still tells how far it got.
        return result.Metrics["redirects"] is null ? result with { Metrics = new ProbeMetrics([.. result.Metrics.Items, .. Metrics(phases, null)]) } : result;
    }

    private async ValueTask<ProbeResult> StepsAsync(ProbeRun run, HttpPhases phases, HttpConfig config, CancellationToken cancellationToken)
    {
        var hop = new HttpHop(config, config.Place, config.Method, config.Body, Trusted: true);
        while (true)
        {
            using var sink = new BodySink(config.JudgesBody ? config.MaxBodyBytes : Math.Min(KeptForMessages, config.MaxBodyBytes));
            var outcome = await AskAsync(run, phases, hop, sink, cancellationToken);
            if (outcome.Value is not { } answer)
            {
                return run.Failed(Placed(outcome.Fault!, phases, hop), Metrics(phases, null));
            }

            if (!config.FollowRedirects || !answer.IsRedirect)
            {
                return Judge(run, phases, hop, answer);
            }

            var next = hop.Place.Follow(answer.Head["location"]!);
            if (next is null || phases.Redirects == MaxRedirects)
            {
                var where = WireText.Redacted(SecretUrl.Masked(WireText.Snippet(answer.Head["location"]!, config.Secrets)), config.Secrets);
                var why = next is null ? $"redirect to {where}, which is no http or https URL" : $"more than {MaxRedirects} redirects (the last to {where})";
                return run.Failed(WireFault.Protocol(why), Metrics(phases, answer));
            }

            phases.Redirects++;
            hop = hop.Redirected(answer.Head.Status, next);
        }
    }

    private static ProbeResult Judge(ProbeRun run, HttpPhases phases, HttpHop hop, HttpAnswer answer)
    {
        var took = run.Elapsed;
        var metrics = Metrics(phases, answer);
        var slow = run.JudgeLatency(took, hop.Config.MaxLatencyMs, hop.Config.WarnLatencyMs, "latency");
        var fault = HttpJudge.Judge(hop, answer);
        if (slow is not null && fault?.Stage is not null)
        {
            fault = fault with { Message = $"{fault.Message}; {slow}" };
        }
        else if (slow is not null)
        {
            fault = new WireFault(FailureStage.Assertion, slow);
        }

        return fault is null ? ProbeResult.Ok(run.Metrics(metrics), run.Warnings) with { Latency = took } : run.Failed(fault, metrics) with { Latency = took };
    }

    private async ValueTask<Outcome<HttpAnswer>> AskAsync(ProbeRun run, HttpPhases phases, HttpHop hop, BodySink sink, CancellationToken cancellationToken)
    {
        var proxy = hop.Config.Proxy;
        if (proxy is not null && dialer.RefusalOfLiteral(hop.Place.Host) is { } refused)
        {
            return refused;
        }

        var opened = await dialer.OpenAsync(run, proxy?.Host ?? hop.Place.Host, proxy?.Port ?? hop.Place.Port, hop.Config.IpFamily, null, cancellationToken);
        if (opened.Fault is { } unopened)
        {
            return proxy is null ? unopened : unopened with { Message = $"{unopened.Message} (proxy)" };
        }

        await using var link = opened.Value!;
        if (proxy is not null && hop.Place.Https && await TunnelAsync(run, hop, link, cancellationToken) is { } noTunnel)
        {
            return noTunnel;
        }

        if (hop.Place.Https && await link.SecureAsync(run, hop.Place.Host, TlsOf(hop), Offered(hop.Config.Version), cancellationToken) is { } insecure)
        {
            return insecure;
        }

        var http2 = hop.Place.Https ? link.Protocol == SslApplicationProtocol.Http2 : hop.Config.Version == HttpVersionChoice.V2;
        if (!http2 && hop.Config.Version == HttpVersionChoice.V2)
        {
            return WireFault.Protocol("the server does not offer HTTP/2, which http_version asks for");
        }

        var outcome = http2
            ? await Http2Exchange.AskAsync(run, phases, hop, link.Stream, sink, cancellationToken)
            : await Ask1Async(run, phases, hop, link.Stream, sink, cancellationToken);
        link.Finished = outcome.Value is not null && sink.Count <= hop.Config.MaxBodyBytes;
        return outcome;
    }

    private static async ValueTask<Outcome<HttpAnswer>> Ask1Async(
        ProbeRun run, HttpPhases phases, HttpHop hop, Stream stream, BodySink sink, CancellationToken cancellationToken)
    {
        using var exchange = new Http1Exchange(run, stream);
        var asked = run.Time.GetTimestamp();
        var head = await exchange.AskAsync(hop.ToBytes(), "the server", cancellationToken);
        if (head.Fault is { } unanswered)
        {
            return unanswered;
        }

        phases.AddTtfb(run.Time.GetElapsedTime(asked));
        var answered = run.Time.GetTimestamp();
        var framing = BodyFraming.Of(head.Value!, hop.Method);
        var broken = framing.Fault ?? await exchange.ReadBodyAsync(framing.Value!, sink, hop.Config.MaxBodyBytes, cancellationToken);
        phases.AddTransfer(run.Time.GetElapsedTime(answered));
        return broken is null ? new HttpAnswer(head.Value!, sink) : broken;
    }

    /// <summary>Null when the proxy has opened a tunnel to the hop's host.</summary>
    private static async ValueTask<WireFault?> TunnelAsync(ProbeRun run, HttpHop hop, WireLink link, CancellationToken cancellationToken)
    {
        using var exchange = new Http1Exchange(run, link.Stream);
        var head = await exchange.AskAsync(hop.TunnelRequest(), "the proxy", cancellationToken);
        return head.Value switch
        {
            null => head.Fault,
            { Status: >= 200 and < 300 } => null,
            { Status: 407 } => new WireFault(FailureStage.Authentication, "the proxy refuses the login (status 407)"),
            var other => new WireFault(FailureStage.Connect, $"the proxy answered status {other.Status} to CONNECT {hop.Place.Host}:{hop.Place.Port}"),
        };
    }

    /// <summary>What the config says of TLS is meant for its own host: a client certificate is a credential, a server name another's name.</summary>
    private static TlsConfig TlsOf(HttpHop hop)
    {
        var tls = hop.Config.Tls ?? TlsConfig.Default;
        return hop.Trusted ? tls : tls with { ServerName = null, ClientCertPem = null, ClientKeyPem = null };
    }

    private static SslApplicationProtocol[] Offered(HttpVersionChoice version) => version switch
    {
        HttpVersionChoice.V11 => Only11,
        HttpVersionChoice.V2 => Only2,
        _ => Both,
    };

    /// <summary>After a redirect the reader must learn which server it is about.</summary>
    private static WireFault Placed(WireFault fault, HttpPhases phases, HttpHop hop) =>
        phases.Redirects == 0 ? fault : fault with { Message = $"{fault.Message} (after {phases.Redirects} redirects, at {hop.Place.Authority})" };

    private static List<Metric> Metrics(HttpPhases phases, HttpAnswer? answer)
    {
        var metrics = new List<Metric>(6);
        if (answer is not null)
        {
            metrics.Add(new Metric("status_code", answer.Head.Status));
        }

        if (phases.Ttfb is { } ttfb)
        {
            metrics.Add(new Metric("ttfb_ms", ProbeRun.Milliseconds(ttfb)));
        }

        if (phases.Transfer is { } transfer)
        {
            metrics.Add(new Metric("transfer_ms", ProbeRun.Milliseconds(transfer)));
        }

        if (answer is not null)
        {
            metrics.Add(new Metric("body_bytes", answer.Body.Count));
        }

        metrics.Add(new Metric("redirects", phases.Redirects));
        if (answer is not null)
        {
            metrics.Add(new Metric("http_version", answer.Head.Version));
        }

        return metrics;
    }
}
