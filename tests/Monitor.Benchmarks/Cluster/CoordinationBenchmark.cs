using System.Diagnostics;
using Monitor.Tests.Shared;

namespace Monitor.Benchmarks.Cluster;

/// <summary>
/// Many silos on one machine: what belonging together costs, without targets; then with many, whether all are watched and evenly shared.
/// </summary>
internal static class CoordinationBenchmark
{
    public static async Task RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        var silos = options.Number("silos", 10);
        var targets = options.Number("targets", 20_000);
        var interval = options.Number("interval", 60);
        var window = TimeSpan.FromSeconds(options.Number("seconds", 60));
        var report = new Report($"cluster: {silos} silos, {targets} http targets every {interval} s, {window.TotalSeconds:0} s measured");
        await using var nginx = await NginxServer.StartAsync(cancellationToken);
        await using var load = await ClusterLoad.StartAsync(silos, cancellationToken);
        await Eventually.NothingForAsync(TimeSpan.FromSeconds(options.Number("warmup", 120)), cancellationToken);

        var idle = await MeasureAsync(load, window, cancellationToken);
        report.Add("without targets: processor time of a silo's leases, and of PostgreSQL for each silo", $"{idle.Lease / silos * 100:0.00} % and {idle.Store / silos * 100:0.00} % of a core", "1 %");
        report.Add("without targets: all that a silo does", $"{idle.Silo / silos * 100:0.00} % of a core");
        report.Add("coordination: statements a second and silo (with what begins and ends transactions)",
            $"{idle.Coordination / silos:0.0} ({(idle.Coordination + idle.Transaction) / silos:0.0})", "7");
        report.Add("other statements a second and silo", $"{idle.Other / silos:0.0}");

        var began = Stopwatch.GetTimestamp();
        await load.AddTargetsAsync(targets, interval, number => FormattableString.Invariant($"{nginx.Url}t/{number}"), cancellationToken);
        report.Add("registered, a second", $"{targets / Stopwatch.GetElapsedTime(began).TotalSeconds:0}");
        await load.ProbedAsync(targets, cancellationToken);
        var before = await load.SumAsync("monitor_probes_total", cancellationToken);
        var busy = await MeasureAsync(load, window, cancellationToken);
        var checks = (await load.SumAsync("monitor_probes_total", cancellationToken) - before) / window.TotalSeconds;
        var shares = await load.BalancedAsync(silos, cancellationToken);
        report.Add("shards of a silo, least and most", $"{shares.Least} and {shares.Most}", "one apart");
        report.Add("checks a second (asked)", $"{checks:0} ({targets / (double)interval:0})");
        report.Add("coordination: statements a second and silo", $"{busy.Coordination / silos:0.0}", "7");
        report.Add("processor time of all silos and of PostgreSQL", $"{busy.Silo * 100:0} % and {busy.Store * 100:0} % of a core");
        report.Add("late or failed checks", $"{await load.SumAsync("monitor_probes_total", cancellationToken, "outcome=\"late\"") + await load.SumAsync("monitor_probes_total", cancellationToken, "outcome=\"failed\"")}", "0");
        await VisitAsync(report, load, targets, cancellationToken);
        report.Print();
    }

    /// <summary>A page that nobody has opened on that silo before, and then once more.</summary>
    private static async Task VisitAsync(Report report, ClusterLoad load, int targets, CancellationToken cancellationToken)
    {
        using var visitor = await PageVisitor.SignInAsync(load[0].Settings.Address, cancellationToken);
        var first = await visitor.OverviewAsync(cancellationToken);
        await Eventually.NothingForAsync(TimeSpan.FromSeconds(15), cancellationToken);
        var second = await visitor.OverviewAsync(cancellationToken);
        report.Add($"the first overview on a silo with {targets} targets, and a later one, ms", $"{first.Milliseconds:0} and {second.Milliseconds:0}");
        report.Add("tiles on it, those with a past at first and later", $"{second.Tiles}, {first.WithPast} and {second.WithPast}");
    }

    /// <summary>All a second.</summary>
    private static async Task<(double Silo, double Lease, double Store, double Coordination, double Transaction, double Other)> MeasureAsync(
        ClusterLoad load, TimeSpan window, CancellationToken cancellationToken)
    {
        var statements = await PostgresStatements.CountAsync(load.Store, cancellationToken);
        var (silo, lease, store) = (load.SiloCpu(), load.LeaseCpu(), load.StoreCpu());
        var began = Stopwatch.GetTimestamp();
        await Eventually.NothingForAsync(window, cancellationToken);
        (silo, lease, store) = (load.SiloCpu() - silo, load.LeaseCpu() - lease, load.StoreCpu() - store);
        var after = await PostgresStatements.CountAsync(load.Store, cancellationToken);
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        return (
            silo / seconds,
            lease / seconds,
            store / seconds,
            (after.Coordination - statements.Coordination) / seconds,
            (after.Transaction - statements.Transaction) / seconds,
            (after.Other - statements.Other) / seconds);
    }
}
