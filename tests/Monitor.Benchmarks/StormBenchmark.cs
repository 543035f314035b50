using System.Diagnostics;
using System.Text.RegularExpressions;
using Monitor.Tests.Shared;

namespace Monitor.Benchmarks;

/// <summary>Everything falls at once: how many transactions that takes, and how soon everybody is named.</summary>
internal static partial class StormBenchmark
{
    public static async Task RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        var targets = options.Number("targets", 5000);
        var interval = options.Number("interval", 5);
        var report = new Report($"storm: {targets} http targets every {interval} s fall within {3 * interval} s");
        await using var load = await Workload.StartAsync(cancellationToken);
        await load.Silo.Api.AddChannelAsync(load.Robot.Url("storm"), cancellationToken);
        load.Robot.EnforceLimit = true;
        await load.AddTargetsAsync(0, targets, interval, "http", cancellationToken);
        await load.ProbedAsync(2 * targets, cancellationToken);

        var before = await load.Silo.Api.MetricsAsync(cancellationToken);
        var began = Stopwatch.GetTimestamp();
        await load.Nginx.StopAsync(cancellationToken);
        await Eventually.TrueAsync(
            "every target has fired",
            async () => (await load.Silo.Api.MetricsAsync(cancellationToken)).Sum("monitor_transitions_total", "kind=\"fired\"") >= targets,
            cancellationToken,
            TimeSpan.FromMinutes(3));
        var fallen = await load.Silo.Api.MetricsAsync(cancellationToken);
        report.Add("fall to the last transition, s", $"{Stopwatch.GetElapsedTime(began).TotalSeconds:0.0}", "15");
        report.Add("transactions until then",
            $"{fallen.Sum("monitor_store_commit_seconds_count") - before.Sum("monitor_store_commit_seconds_count")}", "400");
        report.Add("lateness of starts meanwhile, p99 and most, at most s",
            $"{fallen.Quantile("monitor_schedule_lateness_seconds", 0.99, before)} and {fallen.Quantile("monitor_schedule_lateness_seconds", 1, before)}", "1");

        await load.Robot.WaitUntilAsync(messages => Named(messages).Count >= targets, cancellationToken).WaitAsync(TimeSpan.FromMinutes(8), cancellationToken);
        var all = load.Robot.Messages;
        var digest = all.FirstOrDefault(message => Named([message]).Count > 1);
        var firstMessage = Stopwatch.GetElapsedTime(all[0].Timestamp, (digest ?? all[0]).Timestamp).TotalSeconds;
        report.Add("first message to first digest, s", $"{firstMessage:0.0}", "5");
        report.Add("fall to all named, s (messages)", $"{Stopwatch.GetElapsedTime(began, all[^1].Timestamp).TotalSeconds:0} ({all.Count})", "300");
        report.Add("most messages of the robot within 60 s", $"{load.Robot.MostWithin("storm", TimeSpan.FromSeconds(60))}", "20");
        report.Print();
    }

    private static HashSet<string> Named(IReadOnlyList<RobotMessage> messages) =>
        [.. messages.SelectMany(message => Reference().Matches(message.Content).Select(match => match.Value))];

    [GeneratedRegex(@"#\d+-\d+", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Reference();
}
