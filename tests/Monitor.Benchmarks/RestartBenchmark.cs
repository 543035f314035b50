using System.Diagnostics;
using Monitor.Tests.Shared;

namespace Monitor.Benchmarks;

/// <summary>What a restart costs: when it is ready again, when all targets have been probed, and whether they come in a burst. Seen from the web server's log.</summary>
internal static class RestartBenchmark
{
    public static async Task RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        var targets = options.Number("targets", 10_000);
        var interval = options.Number("interval", 30);
        var report = new Report($"restart: {targets} http targets every {interval} s");
        await using var load = await Workload.StartAsync(cancellationToken, accessLog: true);
        await load.AddTargetsAsync(0, targets, interval, "http", cancellationToken);
        await load.ProbedAsync(targets, cancellationToken);
        await Eventually.NothingForAsync(TimeSpan.FromSeconds(5), cancellationToken);

        if (options.Has("kill"))
        {
            await load.Silo.KillAsync();
        }
        else
        {
            var (code, took) = await load.Silo.Process.TerminateAsync(cancellationToken);
            report.Add("SIGTERM to the end, s (exit code)", $"{took.TotalSeconds:0.00} ({code})", "10 (0)");
        }

        var from = DateTimeOffset.UtcNow;
        var began = Stopwatch.GetTimestamp();
        await load.StartAgainAsync(cancellationToken);
        report.Add("start to ready, s", $"{Stopwatch.GetElapsedTime(began).TotalSeconds:0.00}", "3");
        await Eventually.NothingForAsync(TimeSpan.FromSeconds(interval + 10), cancellationToken);

        var requests = load.Nginx.Requests().Where(request => request.At >= from).ToArray();
        var first = requests.GroupBy(request => request.Path).Select(path => (path.Min(request => request.At) - from).TotalSeconds).ToArray();
        report.Add("targets probed again", $"{first.Length} of {targets}", "all");
        report.Add("the last of them after, s", $"{first.Max():0.0}", "one interval");
        var steady = targets / (double)interval;
        var fullest = requests.GroupBy(request => request.At.ToUnixTimeSeconds()).Max(second => second.Count());
        report.Add("most probes in a second (steady rate)", $"{fullest} ({steady:0})", "twice the steady rate");
        report.Print();
    }
}
