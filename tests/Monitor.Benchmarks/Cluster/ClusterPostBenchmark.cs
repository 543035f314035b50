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
        var connections = options.Number("connections", 192);
        var report = new Report($"cluster-post: {count} registrations through {silos} silos over {connections} connections");
        await using var nginx = await NginxServer.StartAsync(cancellationToken);
        await using var load = await ClusterLoad.StartAsync(silos, cancellationToken);
        await using var registrar = await Registrar.ConnectAsync(load.Silos, connections, cancellationToken);
        string Url(int number) => FormattableString.Invariant($"{nginx.Url}t/{number}");
        object Target(int number) => ClusterLoad.Target(number, 86_400, Url);

        // The compiler's work on a cold process is not what a client who registers for an hour meets.
        for (var round = options.Number("rounds", 4); round > 0; round--)
        {
            await registrar.RunAsync(options.Number("warmup", 8_000), Target, cancellationToken);
            await load.CompiledAsync(cancellationToken);
        }

        // Without a pause before it: the first probes of what came before are part of it, as those of its own last ones are not.
        var lead = options.Number("lead", 6_000);
        await PostgresStatements.ForgetAsync(load.Store, cancellationToken);
        Console.WriteLine("warmed up");
        var (from, to) = (Figures(), Figures());
        await registrar.RunAsync(lead + count, Target, cancellationToken, done =>
        {
            if (done == lead)
            {
                from = Figures();
            }
            else if (done == lead + count)
            {
                to = Figures();
            }
        });
        double Each(Func<(long At, double Silos, double Store, double Client, double Sites), double> of) => (of(to) - of(from)) / count * 1e6;
        report.Add("a second", $"{count / Stopwatch.GetElapsedTime(from.At, to.At).TotalSeconds:0}", "2000");
        report.Add("processor time for one: silos, PostgreSQL, us", $"{Each(at => at.Silos):0}, {Each(at => at.Store):0}");
        report.Add("processor time for one: who registers, the watched sites, us", $"{Each(at => at.Client):0}, {Each(at => at.Sites):0}");
        report.Print();
        if (options.Has("statements"))
        {
            await load.PrintStatementsAsync(cancellationToken);
        }

        (long At, double Silos, double Store, double Client, double Sites) Figures() => (
            Stopwatch.GetTimestamp(), load.SiloCpu(), load.StoreCpu(), Environment.CpuUsage.TotalTime.TotalSeconds,
            ProcessFigures.CpuSeconds(nginx.ProcessId, andChildren: true) + ProcessFigures.Children(nginx.ProcessId).Sum(child => ProcessFigures.CpuSeconds(child)));
    }
}
