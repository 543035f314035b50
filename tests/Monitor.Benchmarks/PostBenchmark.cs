using System.Diagnostics;

namespace Monitor.Benchmarks;

/// <summary>How fast targets can be registered.</summary>
internal static class PostBenchmark
{
    public static async Task RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        var connections = options.Number("connections", 8);
        var window = TimeSpan.FromSeconds(options.Number("seconds", 10));
        var report = new Report($"post: POST /api/v1/targets over {connections} connections");
        await using var load = await Workload.StartAsync(cancellationToken);

        // The compiler's work on a cold process is not what a client who registers for an hour meets.
        var made = options.Number("warmup", 10_000);
        await load.AddTargetsAsync(0, made, 86_400, "http", cancellationToken);
        await load.ProbedAsync(made, cancellationToken);
        var counted = 0;
        var began = Stopwatch.GetTimestamp();
        var took = new List<double>();
        await Task.WhenAll(Enumerable.Range(0, connections).Select(async _ =>
        {
            while (Stopwatch.GetElapsedTime(began) < window)
            {
                var start = Stopwatch.GetTimestamp();
                await load.Silo.Api.AddTargetAsync(load.Target(Interlocked.Increment(ref made), 86_400, "http"), cancellationToken);
                Interlocked.Increment(ref counted);
                lock (took)
                {
                    took.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                }
            }
        }));
        report.Add("a second", $"{counted / Stopwatch.GetElapsedTime(began).TotalSeconds:0}", "1500");
        report.Add("p50 and p99, ms", $"{Report.Quantile(took, 0.5):0.0} and {Report.Quantile(took, 0.99):0.0}");
        report.Print();
    }
}
