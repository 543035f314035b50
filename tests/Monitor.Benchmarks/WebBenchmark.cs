using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Storage.Sqlite;
using Monitor.Tests.Shared;

namespace Monitor.Benchmarks;

/// <summary>
/// The web page with many targets: how soon the overview begins to arrive and how long it is, a target's 90 days from rollups, and what many viewers
/// with the overview open cost while nothing changes. The targets are probed once and then not again, so that all processor time is the pages'.
/// </summary>
internal static class WebBenchmark
{
    private const int Rounds = 60;
    private const int Days = 90;
    private const int StepSeconds = 60;

    private static readonly Retention Kept = new(TimeSpan.FromDays(7), TimeSpan.FromDays(400), TimeSpan.FromDays(400));

    public static async Task RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        var targets = options.Number("targets", 2_000);
        var viewers = options.Number("viewers", 200);
        var seconds = options.Number("seconds", 30);
        using var folder = new TempDir();
        var settings = new SiloSettings { Folder = folder.Folder, Arguments = ["--Access:Mode=open"], TokenIsSet = false };
        long known;
        await using (var first = await SiloProcess.StartAsync(settings, cancellationToken))
        {
            await first.Api.AddChannelAsync("http://127.0.0.1:9/?key=benchmark", cancellationToken);
            known = await AddAsync(first, targets, cancellationToken);
            await first.Process.TerminateAsync(cancellationToken);
        }

        await WritePastAsync(folder.Folder, known, cancellationToken);
        await using var silo = await SiloProcess.StartAsync(settings, cancellationToken);
        await Eventually.NothingForAsync(TimeSpan.FromSeconds(20), cancellationToken);
        var report = new Report($"web: {targets} targets, {viewers} viewers");
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, MaxConnectionsPerServer = viewers + 8 })
        {
            BaseAddress = new Uri(settings.Address),
            Timeout = Timeout.InfiniteTimeSpan,
        };
        var overview = await TimeAsync(http, "/", cancellationToken);
        report.Add("overview, first byte, p50 and p95, ms", $"{Report.Quantile(overview.Took, 0.5):0.0} and {Report.Quantile(overview.Took, 0.95):0.0}", "100");
        report.Add("overview, compressed, KiB", $"{overview.Bytes / 1024.0:0.0}", "150");
        var long90 = await TimeAsync(http, $"/targets/{known}?range=90d", cancellationToken);
        report.Add("a target's page with 90 days, p50 and p95, ms", $"{Report.Quantile(long90.Took, 0.5):0.0} and {Report.Quantile(long90.Took, 0.95):0.0}");
        var history = await TimeAsync(http, History(known), cancellationToken);
        report.Add("its 90 days alone, from rollups, p50 and p95, ms", $"{Report.Quantile(history.Took, 0.5):0.0} and {Report.Quantile(history.Took, 0.95):0.0}", "50");

        var alone = await CpuAsync(silo, seconds, cancellationToken);
        var streams = await FollowAsync(http, viewers, cancellationToken);
        try
        {
            await Eventually.NothingForAsync(TimeSpan.FromSeconds(5), cancellationToken);
            var watched = await CpuAsync(silo, seconds, cancellationToken);
            report.Add("processor between changes, nobody looking, % of a core", $"{alone * 100:0.0}");
            report.Add($"the same with {viewers} viewers, % of a core", $"{watched * 100:0.0}", "10");
        }
        finally
        {
            foreach (var stream in streams)
            {
                await stream.DisposeAsync();
            }
        }

        report.Print();
    }

    private static string History(long target)
    {
        var now = TimeProvider.System.GetUtcNow();
        return string.Create(CultureInfo.InvariantCulture, $"/api/v1/targets/{target}/history?from={now.AddDays(-Days):yyyy-MM-dd}T00:00:00Z&step=43200");
    }

    /// <summary>Names and groups as people give them: a name compresses as names do.</summary>
    private static async Task<long> AddAsync(SiloProcess silo, int targets, CancellationToken cancellationToken)
    {
        string[] services = ["order", "payment", "stock", "user", "search", "mail", "report", "login", "订单", "支付", "库存", "会员"];
        var ids = await Task.WhenAll(Enumerable.Range(0, 8).Select(async lane =>
        {
            var last = 0L;
            for (var number = lane; number < targets; number += 8)
            {
                last = await silo.Api.AddTargetAsync(
                    new
                    {
                        name = string.Create(CultureInfo.InvariantCulture, $"{services[number % services.Length]}-{(char)('a' + (number % 26))}{number:0000}.prod"),
                        type = "http",
                        config = new { url = silo.Settings.Address + "/healthz" },
                        interval_seconds = 86_400,
                        group = string.Create(CultureInfo.InvariantCulture, $"区域 {number % 40}"),
                    },
                    cancellationToken);
            }

            return last;
        }));
        return ids[0];
    }

    /// <summary>Ninety days of checks a minute, moved into blocks and rollups as the silo's upkeep does it.</summary>
    private static async Task WritePastAsync(string folder, long target, CancellationToken cancellationToken)
    {
        using var store = new SqliteStore(new SqliteOptions(folder), TimeProvider.System, NullLogger<SqliteStore>.Instance);
        await store.OpenAsync(cancellationToken);
        var now = TimeProvider.System.GetUtcNow();
        var sequence = 0L;
        for (var day = Days; day > 0; day--)
        {
            var from = now.AddDays(-day);
            var results = Enumerable.Range(0, 86_400 / StepSeconds).Select(step => Result(target, from.AddSeconds(step * StepSeconds), step)).ToArray();
            await store.CommitAsync(new CommitBatch("benchmark", ++sequence, results, [], []), cancellationToken);
            while (await store.MaintainAsync(from.AddDays(1), Kept, cancellationToken))
            {
                // As long as there is more to do.
            }
        }
    }

    private static CheckRecord Result(long target, DateTimeOffset at, int step) => new()
    {
        TargetId = target,
        CheckedAt = at,
        Outcome = step % 400 == 0 ? ProbeOutcome.Failed : ProbeOutcome.Ok,
        Stage = step % 400 == 0 ? FailureStage.Timeout : null,
        Latency = TimeSpan.FromMilliseconds(5 + (step % 37)),
        Message = step % 400 == 0 ? "timeout: nothing came" : "HTTP is up",
        Trigger = ProbeTrigger.Schedule,
        Silo = "benchmark",
        Zone = "default",
    };

    /// <summary>Milliseconds to the first byte of the body, over one warm connection, compressed as a browser takes it.</summary>
    private static async Task<(List<double> Took, int Bytes)> TimeAsync(HttpClient http, string path, CancellationToken cancellationToken)
    {
        var (took, bytes) = (new List<double>(), 0);
        for (var round = -10; round < Rounds; round++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.TryAddWithoutValidation("Accept", "text/html");
            request.Headers.TryAddWithoutValidation("Accept-Encoding", "br");
            request.Headers.TryAddWithoutValidation("Accept-Language", "zh-CN");
            var began = Stopwatch.GetTimestamp();
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (round >= 0)
            {
                took.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }

            bytes = (await response.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync(cancellationToken)).Length;
        }

        return (took, bytes);
    }

    private static async Task<double> CpuAsync(SiloProcess silo, int seconds, CancellationToken cancellationToken)
    {
        var (before, began) = (ProcessFigures.CpuSeconds(silo.Process.Id), Stopwatch.GetTimestamp());
        await Eventually.NothingForAsync(TimeSpan.FromSeconds(seconds), cancellationToken);
        return (ProcessFigures.CpuSeconds(silo.Process.Id) - before) / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>Viewers that have the overview open, each with a connection of its own.</summary>
    private static async Task<List<Stream>> FollowAsync(HttpClient http, int viewers, CancellationToken cancellationToken)
    {
        var streams = new List<Stream>();
        for (var viewer = 0; viewer < viewers; viewer++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/live?view=overview&since=" + TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture));
            request.Headers.TryAddWithoutValidation("Accept-Language", viewer % 2 == 0 ? "zh-CN" : "en");
            var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                throw new InvalidOperationException($"a viewer was answered {(int)response.StatusCode}");
            }

            var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
            _ = DrainAsync(stream, cancellationToken);
            streams.Add(stream);
        }

        return streams;
    }

    private static async Task DrainAsync(Stream stream, CancellationToken cancellationToken)
    {
        try
        {
            await stream.CopyToAsync(Stream.Null, cancellationToken);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException or HttpRequestException)
        {
            // The viewer has left.
        }
    }
}
