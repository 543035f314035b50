using System.Globalization;
using Monitor.Tests.Shared;

namespace Monitor.Benchmarks;

/// <summary>Resident memory at one number of targets, and what each further one adds to the heap.</summary>
internal static class MemoryBenchmark
{
    public static async Task RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        var targets = options.Number("targets", 10_000);
        var more = options.Number("more", 10_000);
        var interval = options.Number("interval", 30);
        var type = options.Text("type", "http");
        var report = new Report($"memory: {targets} {type} targets every {interval} s");
        await using (var load = await Workload.StartAsync(cancellationToken))
        {
            await FillAsync(load, 0, targets, interval, type, cancellationToken);
            report.Add("resident after two rounds, MiB", $"{ProcessFigures.ResidentMiB(load.Silo.Process.Id):0}", "250");
            await load.StartAgainAsync(cancellationToken);
            await load.ProbedAsync(2 * targets, cancellationToken);
            report.Add("the same after a restart, MiB", $"{ProcessFigures.ResidentMiB(load.Silo.Process.Id):0}", "250");
        }

        await using (var load = await Workload.StartAsync(cancellationToken, change: settings => settings with { Program = "Monitor.Benchmarks.dll", Before = [HeapHost.Command] }))
        {
            await FillAsync(load, 0, targets, interval, type, cancellationToken);
            var first = await HeapAsync(load, 1, cancellationToken);
            await FillAsync(load, targets, more, interval, type, cancellationToken);
            var second = await HeapAsync(load, 2, cancellationToken);
            report.Add($"heap at {targets} and {targets + more} targets, MiB", $"{first / 1048576.0:0.0} and {second / 1048576.0:0.0}");
            report.Add("heap for a further target, bytes", $"{(second - first) / (double)more:0}", "2048");
        }

        report.Print();
    }

    /// <summary>Adds them and lets two rounds pass, so that everything that is kept per target is there.</summary>
    private static async Task FillAsync(Workload load, int from, int count, int interval, string type, CancellationToken cancellationToken)
    {
        await load.AddTargetsAsync(from, count, interval, type, cancellationToken);
        var now = (await load.Silo.Api.MetricsAsync(cancellationToken)).Sum("monitor_probes_total");
        await load.ProbedAsync(now + 2 * (from + count), cancellationToken);
    }

    private static async Task<long> HeapAsync(Workload load, int answer, CancellationToken cancellationToken)
    {
        load.Silo.Process.Signal(Signal.User1);
        var line = await Eventually.GetAsync(
            "the heap's size",
            () => Task.FromResult(load.Silo.Output.Split('\n').Where(line => line.StartsWith("heap=", StringComparison.Ordinal)).Skip(answer - 1).FirstOrDefault()),
            cancellationToken);
        return long.Parse(line["heap=".Length..], CultureInfo.InvariantCulture);
    }
}
