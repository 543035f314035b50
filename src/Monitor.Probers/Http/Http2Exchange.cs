using System.Net;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Http;

/// <summary>One HTTP/2 request over a connection that is already there. The framework's client speaks the protocol; its handler lives for this one request.</summary>
public static class Http2Exchange
{
    public static async ValueTask<Outcome<HttpAnswer>> AskAsync(
        ProbeRun run, HttpPhases phases, HttpHop hop, Stream stream, BodySink sink, CancellationToken cancellationToken)
    {
        using var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            MaxResponseHeadersLength = HttpHead.MaxBytes / 1024,
            PooledConnectionLifetime = TimeSpan.Zero,
            ConnectCallback = (_, _) => ValueTask.FromResult(stream),
        };
        using var client = new HttpMessageInvoker(handler);
        using var message = Message(hop);
        try
        {
            run.WaitingFor = "the server's answer to the request";
            var asked = run.Time.GetTimestamp();
            using var response = await client.SendAsync(message, cancellationToken);
            phases.AddTtfb(run.Time.GetElapsedTime(asked));
            var headers = response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated)
                .SelectMany(header => header.Value.Select(value => KeyValuePair.Create(header.Key, value)));
            var answered = run.Time.GetTimestamp();
            await ReadBodyAsync(run, response, sink, hop.Config.MaxBodyBytes, cancellationToken);
            phases.AddTransfer(run.Time.GetElapsedTime(answered));
            return new HttpAnswer(new HttpHead((int)response.StatusCode, "2", [.. headers]), sink);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return WireFault.Protocol($"HTTP/2 failed while waiting for {run.WaitingFor}: {WireText.Redacted(Reason(e), hop.Config.Secrets)}");
        }
    }

    private static async ValueTask ReadBodyAsync(ProbeRun run, HttpResponseMessage response, BodySink sink, long maxBytes, CancellationToken cancellationToken)
    {
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[8192];
        while (sink.Count <= maxBytes)
        {
            run.WaitingFor = $"the rest of the body ({sink.Count} bytes received)";
            var read = await body.ReadAsync(buffer, cancellationToken);
            if (read == 0)
            {
                return;
            }

            sink.Add(buffer.AsSpan(0, read));
        }
    }

    private static HttpRequestMessage Message(HttpHop hop)
    {
        var message = new HttpRequestMessage(new HttpMethod(hop.Method), new Uri(hop.Place.Url))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        if (hop.Body is not null)
        {
            message.Content = new ByteArrayContent(hop.Body);
        }

        message.Headers.Host = hop.Host();
        foreach (var header in hop.Headers())
        {
            if (!message.Headers.TryAddWithoutValidation(header.Key, header.Value))
            {
                message.Content?.Headers.TryAddWithoutValidation(header.Key, header.Value);
            }
        }

        return message;
    }

    private static string Reason(Exception e)
    {
        var reason = (e.InnerException ?? e).Message.ReplaceLineEndings(" ");
        return reason.Length <= 200 ? reason : reason[..200];
    }
}
