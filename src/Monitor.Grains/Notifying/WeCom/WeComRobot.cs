using System.Text;
using Monitor.Core.Diagnostics;
using Monitor.Core.Redaction;

namespace Monitor.Grains.Notifying.WeCom;

/// <summary>Posts one message to a WeCom group robot and says what became of it. Follows no redirect; never throws but for the caller's cancellation.</summary>
/// <param name="http">Without redirects and proxy, and with the outbound rules at its connections.</param>
/// <param name="sends">Told of every POST that may have arrived; null: nobody asks.</param>
internal sealed class WeComRobot(HttpMessageInvoker http, TimeProvider time, OwnSends? sends = null)
{
    private const int MostAnswerBytes = 64 * 1024;
    private const int SaidBytes = 500;

    /// <param name="subject">What the message is about, for <see cref="SiloEvents"/>; null publishes nothing.</param>
    public async Task<PostVerdict> PostAsync(Uri url, byte[] body, object? subject, CancellationToken cancellationToken)
    {
        Publish(SiloEvents.PostStarting, subject);
        using var content = new PostContent(body, () => Publish(SiloEvents.PostSent, subject));
        using var deadline = new CancellationTokenSource(SendBudget.Deadline, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        PostVerdict verdict;
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = content };
            using var response = await SendAsync(request, both.Token);
            var text = await ReadAsync(response, both.Token);
            verdict = WeComAnswer.Read((int)response.StatusCode, text, Redactor.SecretsOf(url));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            verdict = Failed(content, url, "timeout: no answer within 5 s");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            verdict = Failed(content, url, "unreachable: " + Words(e));
        }

        if (content.Written)
        {
            sends?.Add(url);
        }

        Telemetry.Posts.Add(1, new KeyValuePair<string, object?>("outcome", verdict.Metric));
        Publish(SiloEvents.PostAnswered, subject);
        return verdict;
    }

    /// <summary>A client would read the whole answer by itself, however long.</summary>
    private Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        http is HttpClient client
            ? client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken)
            : http.SendAsync(request, cancellationToken);

    private static PostVerdict Failed(PostContent content, Uri url, string said)
    {
        var outcome = content.Written ? PostOutcome.Unknown : PostOutcome.Busy;
        var text = Redactor.Line(content.Written ? said + "; the message may have arrived" : said, SaidBytes, Redactor.SecretsOf(url));
        return new PostVerdict(outcome, text);
    }

    private static string Words(Exception e) => e.InnerException is { } inner && !e.Message.Contains(inner.Message, StringComparison.Ordinal) ? e.Message + " " + inner.Message : e.Message;

    private static void Publish(string step, object? subject)
    {
        if (subject is not null)
        {
            SiloEvents.Publish(step, subject);
        }
    }

    private static async Task<string> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[MostAnswerBytes];
        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return Encoding.UTF8.GetString(buffer, 0, length);
    }
}
