using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Monitor.Tests.Shared;

/// <summary>
/// Any number of web sites on one loopback port (<c>/0</c>, <c>/1</c>, …), each of which can fall and rise by itself, with the moment of every visit:
/// the access log by which a check is early, late, twice or missing.
/// </summary>
public sealed class WebTargets : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Site[] _sites;

    private WebTargets(int sites)
    {
        _sites = [.. Enumerable.Range(0, sites).Select(_ => new Site())];
        Port = FreePort.Next();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, Port));
        _app = builder.Build();
        _app.Run(ServeAsync);
    }

    public int Port { get; }

    public IEnumerable<int> All => Enumerable.Range(0, _sites.Length);

    public static async Task<WebTargets> StartAsync(int sites, CancellationToken cancellationToken)
    {
        var targets = new WebTargets(sites);
        await targets._app.StartAsync(cancellationToken);
        return targets;
    }

    public string Url(int site) => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port}/{site}");

    /// <summary>503 from now on.</summary>
    public void Fall(IEnumerable<int> sites) => Change(sites, down: true);

    /// <summary>200 again.</summary>
    public void Rise(IEnumerable<int> sites) => Change(sites, down: false);

    /// <summary>The visits of one site, oldest first.</summary>
    public IReadOnlyList<Visit> Visits(int site) => _sites[site].Visits();

    /// <summary>The longest that a site has waited for a visit since then, and which; it may be waiting still.</summary>
    /// <param name="since"><see cref="Stopwatch.GetTimestamp"/>.</param>
    public (TimeSpan Wait, int Site) LongestWait(IEnumerable<int> sites, long since)
    {
        var now = Stopwatch.GetTimestamp();
        return sites.Select(site => (Longest(site, since, now), site)).MaxBy(pair => pair.Item1);
    }

    /// <summary>The longest wait of each site, shortest first.</summary>
    public IReadOnlyList<TimeSpan> Waits(IEnumerable<int> sites, long since)
    {
        var now = Stopwatch.GetTimestamp();
        return [.. sites.Select(site => Longest(site, since, now)).Order()];
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        try
        {
            await _app.StopAsync(now.Token);
        }
        catch (OperationCanceledException)
        {
            // Without grace, as asked.
        }

        await _app.DisposeAsync();
    }

    private TimeSpan Longest(int site, long since, long now)
    {
        var all = Visits(site).Select(visit => visit.Timestamp).ToArray();

        // The wait that was under way at that moment belongs to it.
        var first = Math.Max(0, Array.FindIndex(all, at => at >= since) - 1);
        long[] times = all.Length == 0 ? [since, now] : [.. all[first..], now];
        return times.Zip(times.Skip(1), Stopwatch.GetElapsedTime).Max();
    }

    private void Change(IEnumerable<int> sites, bool down)
    {
        foreach (var site in sites)
        {
            _sites[site].IsDown = down;
        }
    }

    private Task ServeAsync(HttpContext context)
    {
        var arrived = Stopwatch.GetTimestamp();
        if (!int.TryParse(context.Request.Path.Value.AsSpan(1), CultureInfo.InvariantCulture, out var site) || site >= _sites.Length)
        {
            context.Response.StatusCode = 404;
            return Task.CompletedTask;
        }

        context.Response.StatusCode = _sites[site].Visit(arrived) ? 503 : 200;
        context.Response.ContentLength = 0;
        return Task.CompletedTask;
    }

    private sealed class Site
    {
        private readonly Lock _lock = new();
        private readonly List<Visit> _visits = [];
        private bool _isDown;

        public bool IsDown
        {
            set
            {
                lock (_lock)
                {
                    _isDown = value;
                }
            }
        }

        /// <summary>True: it is down.</summary>
        public bool Visit(long at)
        {
            lock (_lock)
            {
                _visits.Add(new Visit(at, _isDown));
                return _isDown;
            }
        }

        public IReadOnlyList<Visit> Visits()
        {
            lock (_lock)
            {
                return [.. _visits];
            }
        }
    }
}

/// <summary>One request.</summary>
/// <param name="Timestamp"><see cref="Stopwatch.GetTimestamp"/> at its arrival.</param>
/// <param name="WasDown">Answered with 503.</param>
public sealed record Visit(long Timestamp, bool WasDown);
