using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Monitor.Tests.Shared;

namespace Monitor.Benchmarks;

/// <summary>
/// From the end of the probe that decides (the target's last failing answer is written) to the POST's arrival at the robot, under a steady load; each falling
/// target has a robot of its own, so that the budget of 20 a minute plays no part. The disk's own fsync stands beside it, since the transition is committed before.
/// </summary>
internal static class LatencyBenchmark
{
    public static async Task RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        var targets = options.Number("targets", 1000);
        var falling = options.Number("falling", 100);
        var seconds = options.Number("seconds", 60);
        var warmUp = options.Number("warmup", 30);
        var report = new Report($"latency: {targets} checks a second, {falling} targets falling and recovering for {seconds} s");
        await using var load = await Workload.StartAsync(cancellationToken);
        await using var server = await FallingServer.StartAsync(cancellationToken);
        await load.AddTargetsAsync(0, targets - falling, 1, "http", cancellationToken);
        var ids = await AddFallingAsync(load, server, falling, cancellationToken);
        await load.ProbedAsync(5 * targets, cancellationToken);

        // The way of a notice is compiled at the first ones.
        await TurnAsync(server, falling, warmUp, cancellationToken);
        var before = await load.Silo.Api.MetricsAsync(cancellationToken);
        var began = Stopwatch.GetTimestamp();
        await TurnAsync(server, falling, seconds, cancellationToken);
        await Eventually.NothingForAsync(TimeSpan.FromSeconds(3), cancellationToken);
        var after = await load.Silo.Api.MetricsAsync(cancellationToken);
        var samples = Samples([.. load.Robot.Messages.Where(message => message.Timestamp > began)], server, ids);
        report.Add("checks a second", $"{(after.Sum("monitor_probes_total") - before.Sum("monitor_probes_total")) / Stopwatch.GetElapsedTime(began).TotalSeconds:0}");
        report.Add("notices measured", $"{samples.Count}");
        report.Add("failing probe's end to the POST, p50, ms", $"{Report.Quantile(samples, 0.5):0.0}", "10");
        report.Add("the same, p99, ms", $"{Report.Quantile(samples, 0.99):0.0}", "80");
        var fsync = Fsync();
        report.Add("this disk's fsync of 4 KiB, p50 and p99, ms", $"{Report.Quantile(fsync, 0.5):0.0} and {Report.Quantile(fsync, 0.99):0.0}");
        report.Print();
    }

    /// <summary>One target falls or comes back each 100 ms.</summary>
    private static async Task TurnAsync(FallingServer server, int falling, int seconds, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        for (var turn = 0; Stopwatch.GetElapsedTime(began).TotalSeconds < seconds; turn++)
        {
            server.Turn(turn % falling);
            await Eventually.NothingForAsync(TimeSpan.FromMilliseconds(100), cancellationToken);
        }
    }

    private static async Task<Dictionary<string, int>> AddFallingAsync(Workload load, FallingServer server, int count, CancellationToken cancellationToken)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var number = 0; number < count; number++)
        {
            var key = string.Create(CultureInfo.InvariantCulture, $"falling-{number}");
            var channel = await load.Silo.Api.PostAsync("/api/v1/channels", new { name = key, webhook_url = load.Robot.Url(key) }, cancellationToken);
            ids[key] = number;
            await load.Silo.Api.AddTargetAsync(
                new
                {
                    name = key,
                    type = "http",
                    config = new { url = server.UrlOf(number) },
                    interval_seconds = 1,
                    timeout_seconds = 1,
                    failure_threshold = 1,
                    notify_channel_ids = new[] { channel.Number("id") },
                },
                cancellationToken);
        }

        return ids;
    }

    /// <summary>Each message against the last change of its target's answers before it.</summary>
    private static List<double> Samples(IReadOnlyList<RobotMessage> messages, FallingServer server, Dictionary<string, int> ids) =>
        [.. messages.Select(message => (message, changed: server.LastChange(ids[message.Key], message.Timestamp))).Where(pair => pair.changed > 0)
            .Select(pair => Stopwatch.GetElapsedTime(pair.changed, pair.message.Timestamp).TotalMilliseconds)];

    private static List<double> Fsync()
    {
        using var folder = new TempDir();
        using var file = new FileStream(folder.File("fsync"), FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        var took = new List<double>();
        for (var round = 0; round < 300; round++)
        {
            var began = Stopwatch.GetTimestamp();
            file.Write(new byte[4096]);
            file.Flush(flushToDisk: true);
            took.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        return took;
    }

    /// <summary>Web pages that fall and come back on command, and remember when their answer was first another one.</summary>
    private sealed class FallingServer : IAsyncDisposable
    {
        private readonly WebApplication _app;
        private readonly int _port = FreePort.Next();
        private readonly ConcurrentDictionary<int, Page> _pages = new();

        private FallingServer()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls($"http://127.0.0.1:{_port}");
            _app = builder.Build();
            _app.Run(AnswerAsync);
        }

        public static async Task<FallingServer> StartAsync(CancellationToken cancellationToken)
        {
            var server = new FallingServer();
            await server._app.StartAsync(cancellationToken);
            return server;
        }

        public string UrlOf(int number) => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_port}/{number}");

        public void Turn(int number)
        {
            var page = _pages.GetOrAdd(number, _ => new Page());
            lock (page)
            {
                page.Down = !page.Down;
            }
        }

        public long LastChange(int number, long before)
        {
            var page = _pages.GetOrAdd(number, _ => new Page());
            lock (page)
            {
                return page.Changes.LastOrDefault(change => change < before);
            }
        }

        public ValueTask DisposeAsync() => _app.DisposeAsync();

        private async Task AnswerAsync(HttpContext context)
        {
            var page = _pages.GetOrAdd(int.Parse(context.Request.Path.Value!.AsSpan(1), CultureInfo.InvariantCulture), _ => new Page());
            bool down;
            bool changed;
            lock (page)
            {
                down = page.Down;
                changed = page.Said != down;
                page.Said = down;
            }

            context.Response.StatusCode = down ? 503 : 200;
            context.Response.ContentLength = 3;
            await context.Response.Body.WriteAsync("ok\n"u8.ToArray(), context.RequestAborted);
            await context.Response.CompleteAsync();
            if (changed)
            {
                lock (page)
                {
                    page.Changes.Add(Stopwatch.GetTimestamp());
                }
            }
        }

        private sealed class Page
        {
            public bool Down { get; set; }

            public bool Said { get; set; }

            public List<long> Changes { get; } = [];
        }
    }
}
