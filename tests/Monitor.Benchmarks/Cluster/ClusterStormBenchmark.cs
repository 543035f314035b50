using System.Diagnostics;
using Monitor.Tests.Shared;

namespace Monitor.Benchmarks.Cluster;

/// <summary>Everything falls at once: how many transactions that takes of each silo.</summary>
internal static class ClusterStormBenchmark
{
    public static async Task RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        var silos = options.Number("silos", 3);
        var targets = options.Number("targets", 5000);
        var interval = options.Number("interval", 5);
        var report = new Report($"cluster-storm: {targets} http targets of {silos} silos fall within {3 * interval} s");
        await using var nginx = await NginxServer.StartAsync(cancellationToken);
        await using var load = await ClusterLoad.StartAsync(silos, cancellationToken);
        await load.Silos[0].Api.AddChannelAsync(load.Robot.Url("storm"), cancellationToken);
        load.Robot.EnforceLimit = true;
        await load.AddTargetsAsync(targets, interval, number => FormattableString.Invariant($"{nginx.Url}t/{number}"), cancellationToken);
        await load.ProbedAsync(3 * targets, cancellationToken);

        var before = await CommitsAsync(load, cancellationToken);
        var began = Stopwatch.GetTimestamp();
        await nginx.StopAsync(cancellationToken);
        await Eventually.TrueAsync(
            "every target has fired",
            async () => await load.SumAsync("monitor_transitions_total", cancellationToken, "kind=\"fired\"") >= targets,
            cancellationToken,
            TimeSpan.FromMinutes(3));
        var took = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var after = await CommitsAsync(load, cancellationToken);
        report.Add("fall to the last transition, s", $"{took:0.0}", "15");
        report.Add("transactions of the silo with the most", $"{after.Zip(before, (now, then) => now - then).Max()}", "400");
        report.Print();
    }

    private static async Task<double[]> CommitsAsync(ClusterLoad load, CancellationToken cancellationToken) =>
        await Task.WhenAll(load.Silos.Select(async silo => (await silo.Api.MetricsAsync(cancellationToken)).Sum("monitor_store_commit_seconds_count")));
}
