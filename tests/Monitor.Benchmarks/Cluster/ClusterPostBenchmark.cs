using System.Diagnostics;
using Monitor.Tests.Shared;

namespace Monitor.Benchmarks.Cluster;

/// <summary>How fast targets can be registered through all silos of a cluster at once.</summary>
internal static class ClusterPostBenchmark
{
    public static async Task RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        var silos = options.Number("silos", 3);
        var count = options.Number("targets", 10_000);
        var connections = options.Number("connections", 48);
        var report = new Report($"cluster-post: {count} registrations through {silos} silos over {connections} connections");
        await using var nginx = await NginxServer.StartAsync(cancellationToken);
        await using var load = await ClusterLoad.StartAsync(silos, cancellationToken);
        string Url(int number) => FormattableString.Invariant($"{nginx.Url}t/{number}");

        // The compiler's work on a cold process is not what a client who registers for an hour meets.
        await load.AddTargetsAsync(options.Number("warmup", 30_000), 86_400, Url, cancellationToken, connections);
        var (silo, store) = (load.SiloCpu(), load.StoreCpu());
        var began = Stopwatch.GetTimestamp();
        await load.AddTargetsAsync(count, 86_400, Url, cancellationToken, connections);
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        report.Add("a second", $"{count / seconds:0}", "2000");
        report.Add("processor time for one: silos, PostgreSQL, us", $"{(load.SiloCpu() - silo) / count * 1e6:0}, {(load.StoreCpu() - store) / count * 1e6:0}");
        report.Print();
        if (options.Has("statements"))
        {
            await load.PrintStatementsAsync(cancellationToken);
        }
    }
}
