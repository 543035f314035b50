using System.Globalization;
using Monitor.Probers.Kafka;
using Monitor.Tests.Shared;

namespace Monitor.Benchmarks.ProbeCost;

/// <summary>Processor time of this process for one Kafka probe against a real cluster of three, one after the other; and what a fleet of such targets takes in a silo.</summary>
internal static class KafkaCost
{
    private const string Topic = "orders";
    private const string Group = "billing";
    private const int Partitions = 50;

    public static async Task RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        var probes = options.Number("probes", 500);
        var report = new Report($"probe: kafka, 3 brokers, {probes} probes each, one after the other");
        var meter = new ProbeMeter(report, new KafkaProber(ProbeMeter.Dialer, TimeProvider.System), ProbeMeter.WarmUp(options));
        await using var servers = await FilledAsync(cancellationToken);
        var lag = new { bootstrap_servers = servers.Bootstrap, consumer_group = Group, stalled_after_probes = 0 };
        await meter.MeasureAsync($"lag of {Partitions} partitions", lag, probes, "3000", cancellationToken);
        await meter.MeasureAsync("the cluster", new { bootstrap_servers = servers.Bootstrap }, probes, "", cancellationToken);
        var tls = new { ca_pem = servers.CaPem };
        await meter.MeasureAsync("lag with 3 TLS handshakes", new { bootstrap_servers = new[] { servers.Tls() }, consumer_group = Group, stalled_after_probes = 0, tls }, probes, "", cancellationToken);
        await meter.MeasureAsync("lag with 3 logins (SCRAM-SHA-256)", Login(servers, "SCRAM-SHA-256"), probes / 5, "", cancellationToken);
        await meter.MeasureAsync("lag with 3 logins (PLAIN)", Login(servers, "PLAIN"), probes / 5, "", cancellationToken);
        report.Print();
    }

    public static async Task FleetAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        var targets = options.Number("targets", 200);
        var interval = options.Number("interval", 30);
        var rounds = options.Number("rounds", 6);
        var report = new Report($"kafka-fleet: {targets} targets (lag of {Partitions} partitions) every {interval} s");
        await using var servers = await FilledAsync(cancellationToken);
        await using var load = await Workload.StartAsync(cancellationToken);
        await Eventually.NothingForAsync(TimeSpan.FromSeconds(10), cancellationToken);
        var before = ProcessFigures.ResidentMiB(load.Silo.Process.Id);
        await Parallel.ForEachAsync(Enumerable.Range(0, targets), new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellationToken }, async (number, token) => await load.Silo.Api.AddTargetAsync(
            new
            {
                name = string.Create(CultureInfo.InvariantCulture, $"group {number}"),
                type = "kafka",
                config = new { bootstrap_servers = servers.Bootstrap, consumer_group = Group, stalled_after_probes = 0 },
                interval_seconds = interval,
                timeout_seconds = 10,
            },
            token));
        report.Add("resident before, MiB", $"{before:0}");
        for (var round = 2; round <= rounds; round += 2)
        {
            await load.ProbedAsync(round * targets, cancellationToken);
            report.Add(string.Create(CultureInfo.InvariantCulture, $"resident after {round} rounds, MiB (more)"), $"{ProcessFigures.ResidentMiB(load.Silo.Process.Id):0} ({ProcessFigures.ResidentMiB(load.Silo.Process.Id) - before:0})", "150 more");
        }

        var metrics = await load.Silo.Api.MetricsAsync(cancellationToken);
        report.Add("runs ok / failed / late / skipped",
            $"{metrics.Sum("monitor_probes_total", "outcome=\"ok\"")} / {metrics.Sum("monitor_probes_total", "outcome=\"failed\"")} / {metrics.Sum("monitor_probes_total", "outcome=\"late\"")} / {metrics.Sum("monitor_probes_total", "outcome=\"skipped\"")}");
        report.Print();
    }

    private static object Login(KafkaServers servers, string mechanism) => new
    {
        bootstrap_servers = new[] { servers.Sasl() },
        consumer_group = Group,
        stalled_after_probes = 0,
        sasl_mechanism = mechanism,
        username = "monitor",
        password = "monitor-secret",
    };

    private static async Task<KafkaServers> FilledAsync(CancellationToken cancellationToken)
    {
        var servers = await KafkaServers.StartAsync(3, cancellationToken);
        using var client = await servers.ConnectAsync(cancellationToken);
        await client.CreateTopicAsync(Topic, [.. Enumerable.Range(0, Partitions).Select(i => (int[])[i % 3, (i + 1) % 3, (i + 2) % 3])], cancellationToken);
        for (var partition = 0; partition < Partitions; partition++)
        {
            await client.ProduceAsync(Topic, partition, 10, cancellationToken);
            await client.CommitAsync(Group, Topic, partition, 5, cancellationToken);
        }

        await client.JoinAsync(Group, Topic, Partitions, cancellationToken);
        return servers;
    }
}
