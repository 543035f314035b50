using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Targets;
using Monitor.Storage.Sqlite;

namespace Monitor.Benchmarks.Storage;

/// <summary>
/// Writes results of many targets in time order through the store, with upkeep as the silo does it, and says what they take on the disk, indexes included,
/// and how fast it goes. Before that, how many targets a second are made over eight callers.
/// <c>disk [targets=10000] [results=1000] [interval=30] [plain|http]</c>
/// </summary>
public static class DiskPerResult
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly Retention Kept = new(TimeSpan.FromDays(7), TimeSpan.FromDays(400), TimeSpan.FromDays(400));

    public static int Run(string[] args)
    {
        var targets = Number(args, 0, 10_000);
        var results = Number(args, 1, 1_000);
        var interval = Number(args, 2, 30);
        var kinds = args.Length > 3 ? new[] { args[3] } : ["plain", "http"];
        foreach (var kind in kinds)
        {
            MeasureAsync(targets, results, interval, kind == "http").GetAwaiter().GetResult();
        }

        return 0;
    }

    private static int Number(string[] args, int place, int otherwise) =>
        args.Length > place ? int.Parse(args[place], CultureInfo.InvariantCulture) : otherwise;

    private static async Task MeasureAsync(int targets, int results, int interval, bool metrics)
    {
        var folder = Directory.CreateTempSubdirectory("monitor-disk-").FullName;
        try
        {
            var options = new SqliteOptions(folder);
            using (var store = new SqliteStore(options, TimeProvider.System, NullLogger<SqliteStore>.Instance))
            {
                await store.OpenAsync(CancellationToken.None);
                var made = await MakeTargetsAsync(store, targets, interval);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"targets made: {made:F0}/s over 8 callers"));
                var watch = Stopwatch.StartNew();
                await WriteAsync(store, targets, results, interval, metrics);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"results with upkeep: {targets * (long)results / watch.Elapsed.TotalSeconds:F0}/s"));
            }

            var bytes = new FileInfo(options.DatabasePath).Length;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{(metrics ? "http" : "plain")}: {bytes / (double)(targets * (long)results):F2} bytes a result ({bytes} bytes, {targets} targets x {results} at {interval} s)"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<double> MakeTargetsAsync(SqliteStore store, int targets, int interval)
    {
        var next = 0;
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            for (var number = Interlocked.Increment(ref next); number <= targets; number = Interlocked.Increment(ref next))
            {
                var settings = new TargetSettings
                {
                    Name = string.Create(CultureInfo.InvariantCulture, $"target {number}"),
                    Type = "http",
                    Config = """{"url":"http://10.0.0.5:8080/health","password":"secret"}""",
                    MaskedConfig = """{"url":"http://10.0.0.5:8080/health","password":"******"}""",
                    Endpoint = "http://10.0.0.5:8080/health",
                    IntervalSeconds = interval,
                };
                await store.CreateTargetAsync(settings, new Edit("benchmark", Start), CancellationToken.None);
            }
        }));
        return targets / watch.Elapsed.TotalSeconds;
    }

    /// <summary>One commit for each second of the clock that is played, upkeep after each minute of it.</summary>
    private static async Task WriteAsync(SqliteStore store, int targets, int results, int interval, bool metrics)
    {
        var random = new Random(1);
        var batch = new List<CheckRecord>();
        var seconds = (long)results * interval;
        var commits = TimeSpan.Zero;
        var upkeep = TimeSpan.Zero;
        for (var second = 0L; second < seconds; second++)
        {
            batch.Clear();
            for (var target = (int)(second % interval) + 1; target <= targets; target += interval)
            {
                batch.Add(Record(target, second, random, metrics));
            }

            var before = Environment.CpuUsage.TotalTime;
            await store.CommitAsync(new CommitBatch("silo-1", second, batch, [], []), CancellationToken.None);
            var between = Environment.CpuUsage.TotalTime;
            while (second % 60 == 59 && await store.MaintainAsync(Start.AddSeconds(second), Kept, CancellationToken.None))
            {
            }

            commits += between - before;
            upkeep += Environment.CpuUsage.TotalTime - between;
        }

        var all = (double)targets * results;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"CPU: commits {commits.TotalMicroseconds / all:F2}, upkeep {upkeep.TotalMicroseconds / all:F2} us a result"));
        while (await store.MaintainAsync(Start.AddSeconds(seconds + 3_600), Kept, CancellationToken.None))
        {
        }
    }

    private static CheckRecord Record(int target, long second, Random random, bool metrics)
    {
        var milliseconds = Math.Round(4 + (random.NextDouble() * 3) + (target % 50), 3);
        return new CheckRecord
        {
            TargetId = target,
            CheckedAt = Start.AddSeconds(second).AddMicroseconds((target * 97 % 1_000_000) + random.Next(2_000)),
            Outcome = ProbeOutcome.Ok,
            Latency = TimeSpan.FromMilliseconds(milliseconds),
            Message = "HTTP 200 OK",
            Trigger = ProbeTrigger.Schedule,
            Silo = "silo-1",
            Zone = "default",
            Metrics = metrics ? Http(milliseconds, random) : ProbeMetrics.Empty,
        };
    }

    private static ProbeMetrics Http(double milliseconds, Random random) => new(
    [
        new Metric("dns_ms", Math.Round(random.NextDouble(), 3)),
        new Metric("connect_ms", Math.Round(0.2 + random.NextDouble(), 3)),
        new Metric("address", "10.0.0.5"),
        new Metric("status_code", 200),
        new Metric("ttfb_ms", Math.Round(milliseconds * 0.9, 3)),
        new Metric("transfer_ms", Math.Round(random.NextDouble() * 0.5, 3)),
        new Metric("body_bytes", 1_024 + random.Next(16)),
        new Metric("redirects", 0),
        new Metric("http_version", "1.1"),
    ]);
}
