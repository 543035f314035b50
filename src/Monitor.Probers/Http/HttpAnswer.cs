namespace Monitor.Probers.Http;

/// <summary>The answer to one request, its body's beginning kept. Disposing gives the body's memory back.</summary>
public sealed record HttpAnswer(HttpHead Head, BodySink Body) : IDisposable
{
    public bool IsRedirect => Head.Status is 301 or 302 or 303 or 307 or 308 && Head["location"] is { Length: > 0 };

    public void Dispose() => Body.Dispose();
}

/// <summary>What a probe measures of its requests, redirects summed up.</summary>
public sealed class HttpPhases
{
    public TimeSpan? Ttfb { get; set; }
    public TimeSpan? Transfer { get; set; }
    public int Redirects { get; set; }

    public void AddTtfb(TimeSpan span) => Ttfb = (Ttfb ?? TimeSpan.Zero) + span;

    public void AddTransfer(TimeSpan span) => Transfer = (Transfer ?? TimeSpan.Zero) + span;
}
