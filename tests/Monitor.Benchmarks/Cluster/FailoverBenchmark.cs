using System.Diagnostics;
using Monitor.Core.Shards;
using Monitor.Tests.Shared;
using Npgsql;

namespace Monitor.Benchmarks.Cluster;

/// <summary>One silo dies, or stands still: how late the first check of each of its targets comes, which is due once a second. Seen in the web sites' own log.</summary>
internal static class FailoverBenchmark
{
    public static async Task RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        var silos = options.Number("silos", 3);
        var targets = options.Number("targets", 600);
        var runs = options.Number("runs", 20);
        var report = new Report($"failover: one of {silos} silos, {targets} http targets every second, {runs} runs each");
        await using var web = await WebTargets.StartAsync(targets, cancellationToken);
        await using var load = await ClusterLoad.StartAsync(silos, cancellationToken);
        var ids = await load.AddTargetsAsync(targets, 1, web.Url, cancellationToken);
        await load.ProbedAsync(10 * targets, cancellationToken);
        using var machine = new StallWatch();
        foreach (var (name, frozen) in new[] { ("kill -9", false), ("SIGSTOP", true) })
        {
            var late = new List<double>();
            var stalled = TimeSpan.Zero;
            for (var run = 0; run < runs; run++)
            {
                var began = Stopwatch.GetTimestamp();
                late.AddRange(await LosePeerAsync(load, web, ids, run % silos, frozen, cancellationToken));
                var stall = machine.Longest(began);
                stalled = stall > stalled ? stall : stalled;
            }

            report.Add($"{name}: lateness of the dead silo's checks, p50 / p99 / max, s",
                $"{Report.Quantile(late, 0.5):0.00} / {Report.Quantile(late, 0.99):0.00} / {late.Max():0.00} ({late.Count} targets; the machine stalled for {stalled.TotalSeconds:0.00} s at most)", "3.5");
        }

        report.Print();
    }

    private static async Task<IReadOnlyList<double>> LosePeerAsync(
        ClusterLoad load, WebTargets web, long[] ids, int victim, bool frozen, CancellationToken cancellationToken)
    {
        var silos = load.Silos.Count;
        var sites = await SitesOfAsync(load, web, ids, victim, cancellationToken);
        var process = load[victim];
        var began = Stopwatch.GetTimestamp();
        if (frozen)
        {
            process.Process.Signal(Signal.Stop);
        }
        else
        {
            await process.KillAsync();
        }

        await load.BalancedAsync(silos - 1, cancellationToken, process);
        var visits = sites.ToDictionary(site => site, site => web.Visits(site).Count);
        await Eventually.TrueAsync("all are visited again", () => sites.All(site => web.Visits(site).Count >= visits[site] + 2), cancellationToken);
        var late = sites.Select(site => web.LongestWait([site], began).Wait.TotalSeconds - 1).ToArray();
        if (frozen)
        {
            process.Process.Signal(Signal.Continue);
        }
        else
        {
            await load.RunAsync(victim, cancellationToken);
        }

        await load.BalancedAsync(silos, cancellationToken);
        await Eventually.NothingForAsync(TimeSpan.FromSeconds(2), cancellationToken);
        return late;
    }

    private static async Task<IReadOnlyList<int>> SitesOfAsync(ClusterLoad load, WebTargets web, long[] ids, int silo, CancellationToken cancellationToken)
    {
        await using var connection = await load.Store.OpenAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT shard FROM shards JOIN silos ON silos.id = owner WHERE name = $1 AND NOT dead";
        command.Parameters.Add(new NpgsqlParameter { Value = FormattableString.Invariant($"silo-{silo + 1}") });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var shards = new HashSet<int>();
        while (await reader.ReadAsync(cancellationToken))
        {
            shards.Add(reader.GetInt32(0));
        }

        return [.. web.All.Where(site => shards.Contains(ShardMap.Of(ids[site])))];
    }
}
