using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Targets;
using Monitor.Storage.Sqlite;

namespace Monitor.Benchmarks.Storage;

/// <summary>How long a target's uptime and its history of 90 days take to read when most of it is rollups. <c>uptime [targets=4] [interval=30]</c></summary>
internal static class NinetyDays
{
    private const int Days = 90;
    private const int Reads = 200;

    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly Retention Kept = new(TimeSpan.FromDays(7), TimeSpan.FromDays(400), TimeSpan.FromDays(400));

    public static async Task RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        var targets = options.Number("targets", 4);
        var interval = options.Number("interval", 30);
        var folder = Directory.CreateTempSubdirectory("monitor-uptime-").FullName;
        try
        {
            using var store = new SqliteStore(new SqliteOptions(folder), TimeProvider.System, NullLogger<SqliteStore>.Instance);
            await store.OpenAsync(cancellationToken);
            var ids = await FillAsync(store, targets, interval, cancellationToken);
            var end = Start.AddDays(Days);
            var report = new Report($"uptime: {Days} days of {targets} targets every {interval} s, of which 7 days are results and the rest rollups");
            await TimeAsync("uptime of 90 days", id => store.UptimeAsync(id, Start, end, cancellationToken), ids, report);
            await TimeAsync("history of 90 days, a point a day", id => store.HistoryAsync(id, Start, end, TimeSpan.FromDays(1), cancellationToken), ids, report);
            await TimeAsync("uptime of 24 hours", id => store.UptimeAsync(id, end.AddDays(-1), end, cancellationToken), ids, report);
            report.Print();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<long[]> FillAsync(SqliteStore store, int targets, int interval, CancellationToken cancellationToken)
    {
        var ids = new long[targets];
        for (var i = 0; i < targets; i++)
        {
            var settings = new TargetSettings
            {
                Name = string.Create(CultureInfo.InvariantCulture, $"target {i}"),
                Type = "tcp",
                Config = "{}",
                MaskedConfig = "{}",
                Endpoint = "10.0.0.5:22",
                IntervalSeconds = interval,
            };
            ids[i] = (await store.CreateTargetAsync(settings, new Edit("benchmark", Start), cancellationToken)).Value!.Id;
        }

        var batch = new List<CheckRecord>();
        var end = Start.AddDays(Days);
        var sequence = 0L;
        for (var at = Start; at < end; at = at.AddSeconds(interval))
        {
            batch.AddRange(ids.Select(id => Record(id, at.AddMicroseconds(id * 997))));
            if (batch.Count >= 4_000)
            {
                await store.CommitAsync(new CommitBatch("silo-1", ++sequence, [.. batch], [], []), cancellationToken);
                batch.Clear();
                await KeepUpAsync(store, at, cancellationToken);
            }
        }

        await store.CommitAsync(new CommitBatch("silo-1", ++sequence, batch, [], []), cancellationToken);
        await KeepUpAsync(store, end, cancellationToken);
        return ids;
    }

    private static async Task KeepUpAsync(SqliteStore store, DateTimeOffset now, CancellationToken cancellationToken)
    {
        while (await store.MaintainAsync(now, Kept, cancellationToken))
        {
        }
    }

    private static async Task TimeAsync<T>(string what, Func<long, Task<T>> read, long[] ids, Report report)
    {
        var took = new List<double>(Reads);
        for (var i = 0; i < Reads + 20; i++)
        {
            var began = Stopwatch.GetTimestamp();
            await read(ids[i % ids.Length]);
            took.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        // The compiler's first steps are not what a reader waits for.
        took.RemoveRange(0, 20);
        report.Add(what + ", p50 and p99, ms", $"{Report.Quantile(took, 0.5):0.0} and {Report.Quantile(took, 0.99):0.0}", "50");
    }

    private static CheckRecord Record(long target, DateTimeOffset at) => new()
    {
        TargetId = target,
        CheckedAt = at,
        Outcome = at.Minute == 7 && at.Hour == 3 ? ProbeOutcome.Failed : ProbeOutcome.Ok,
        Stage = at.Minute == 7 && at.Hour == 3 ? FailureStage.Connect : null,
        Latency = TimeSpan.FromMicroseconds(2_000 + (at.Ticks / TimeSpan.TicksPerSecond % 911)),
        Message = "TCP 端口 运行正常",
        Trigger = ProbeTrigger.Schedule,
        Silo = "silo-1",
        Zone = "default",
    };
}
