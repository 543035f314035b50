using System.Diagnostics;
using Monitor.Tests.Shared;

namespace Monitor.Benchmarks;

/// <summary>Processor time for one check and lateness of starts under a steady load, beside Prometheus with blackbox_exporter on the same targets.</summary>
internal static class LoadBenchmark
{
    public static async Task RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        var targets = options.Number("targets", 5000);
        var interval = options.Number("interval", 5);
        var type = options.Text("type", "http");
        var window = TimeSpan.FromSeconds(options.Number("seconds", 60));
        var warmUp = TimeSpan.FromSeconds(options.Number("warmup", 60));
        var report = new Report($"load: {targets} {type} targets every {interval} s, {window.TotalSeconds:0} s measured");
        var ours = double.NaN;
        if (!options.Has("only-peer"))
        {
            await using var load = await Workload.StartAsync(cancellationToken);
            await load.AddTargetsAsync(0, targets, interval, type, cancellationToken);
            await load.ProbedAsync(targets, cancellationToken);
            await Eventually.NothingForAsync(warmUp, cancellationToken);
            ours = await MeasureSiloAsync(load, window, report, cancellationToken);
        }

        if (options.Has("peer") || options.Has("only-peer"))
        {
            var theirs = await MeasurePeerAsync(targets, interval, type, warmUp, window, report, cancellationToken);
            report.Add("theirs / ours", $"{theirs / ours:0.0}", type == "http" ? "at least 5" : "at least 7");
        }

        report.Print();
    }

    private static async Task<double> MeasureSiloAsync(Workload load, TimeSpan window, Report report, CancellationToken cancellationToken)
    {
        var before = await load.Silo.Api.MetricsAsync(cancellationToken);
        var cpu = ProcessFigures.CpuSeconds(load.Silo.Process.Id);
        var began = Stopwatch.GetTimestamp();
        await Eventually.NothingForAsync(window, cancellationToken);
        var after = await load.Silo.Api.MetricsAsync(cancellationToken);
        cpu = ProcessFigures.CpuSeconds(load.Silo.Process.Id) - cpu;
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;

        double Runs(string outcome) => after.Sum("monitor_probes_total", outcome) - before.Sum("monitor_probes_total", outcome);
        var ok = Runs("outcome=\"ok\"");
        report.Add("checks a second (ok / failed / late / skipped in all)",
            $"{ok / seconds:0} ({ok:0} / {Runs("outcome=\"failed\"")} / {Runs("outcome=\"late\"")} / {Runs("outcome=\"skipped\"")})");
        report.Add("CPU for a check, us", $"{cpu / ok * 1e6:0}");
        report.Add("lateness of starts, p50 and p99 at most, ms",
            $"{after.Quantile("monitor_schedule_lateness_seconds", 0.5, before) * 1000} and {after.Quantile("monitor_schedule_lateness_seconds", 0.99, before) * 1000}", "p99 20");
        report.Add("resident, MiB", $"{ProcessFigures.ResidentMiB(load.Silo.Process.Id):0}");
        return cpu / ok;
    }

    private static async Task<double> MeasurePeerAsync(
        int targets, int interval, string type, TimeSpan warmUp, TimeSpan window, Report report, CancellationToken cancellationToken)
    {
        await using var nginx = await NginxServer.StartAsync(cancellationToken);
        await using var peer = await PeerStack.StartAsync(targets, interval, type, nginx, cancellationToken);
        await Eventually.NothingForAsync(warmUp + TimeSpan.FromSeconds(interval), cancellationToken);
        var cpu = peer.CpuSeconds();
        await Eventually.NothingForAsync(window, cancellationToken);
        var (prometheus, blackbox) = (peer.CpuSeconds().Prometheus - cpu.Prometheus, peer.CpuSeconds().Blackbox - cpu.Blackbox);
        var checks = await peer.ProbesAsync(window, cancellationToken);
        report.Add("theirs: checks a second, successes", $"{checks / window.TotalSeconds:0}");
        report.Add("theirs: CPU for a check, us (Prometheus + blackbox_exporter)",
            $"{(prometheus + blackbox) / checks * 1e6:0} ({prometheus / checks * 1e6:0} + {blackbox / checks * 1e6:0})");
        return (prometheus + blackbox) / checks;
    }
}
