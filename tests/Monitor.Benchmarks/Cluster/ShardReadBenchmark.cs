using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Monitor.Core.Health;
using Monitor.Core.Outbound;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Shards;
using Monitor.Core.Targets;
using Monitor.Grains.Targets;
using Monitor.Probers;
using Monitor.Storage.Postgres;
using Monitor.Tests.Shared;
using Npgsql;

namespace Monitor.Benchmarks.Cluster;

/// <summary>
/// What the silo that gets shards reads before it runs them, and how much of that it could have read before it got them: all but the states and the newest results.
/// <c>shard-read [targets=10240] [results=20]</c>
/// </summary>
internal static class ShardReadBenchmark
{
    private const int Reads = 20;

    private static readonly byte[] Key = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];

    /// <summary>Read after the shard is here, whatever was read ahead.</summary>
    private static readonly string[] Late =
    [
        "SELECT t.id, t.revision, s.state, s.version, s.memory FROM probe_targets t LEFT JOIN target_states s ON s.target_id = t.id AND s.location = t.location WHERE t.shard = ANY($1)",
        """
        SELECT g.id, r.checked_at FROM probe_targets g
        CROSS JOIN LATERAL (SELECT p.checked_at FROM probe_results p WHERE p.target_id = g.id AND (p.flags & 3) IN (0, 1) ORDER BY p.checked_at DESC LIMIT 1) r WHERE g.shard = ANY($1)
        """,
    ];

    public static async Task RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        var targets = options.Number("targets", 10_240);
        var results = options.Number("results", 20);
        await using var server = await PostgresServer.StartAsync(cancellationToken, new PostgresOptions { Authentication = "trust" });
        var settings = new PostgresStoreOptions(server.ConnectionString(), Key);
        await using var store = new PostgresStore(settings, TimeProvider.System, NullLogger<PostgresStore>.Instance);
        await store.OpenAsync(cancellationToken);
        await FillAsync(store, settings, targets, results, cancellationToken);
        await server.ExecuteAsync("ANALYZE", cancellationToken);

        await using var provider = new ServiceCollection().AddSingleton(TimeProvider.System).AddMonitorProbers(OutboundPolicy.Default).BuildServiceProvider();
        var catalog = provider.GetRequiredService<ProberCatalog>();
        await using var pool = NpgsqlDataSource.Create(server.ConnectionString());
        var report = new Report($"shard-read: {targets} targets, half of them with a secret, with {results} results each");
        foreach (var shards in (int[])[1, 16, 85])
        {
            int[] some = [.. Enumerable.Range(0, shards)];
            var (all, count) = await TimeAsync(async () => (await store.LoadTargetsAsync(some, cancellationToken)).Count);
            var (late, _) = await TimeAsync(() => LateAsync(pool, some, cancellationToken));
            var loaded = await store.LoadTargetsAsync(some, cancellationToken);
            var (made, _) = await TimeAsync(() => Task.FromResult(loaded.Count(one => WatchedTarget.Of(one.Target, catalog).Config is not null)));
            report.Add($"{shards} shards, {count} targets: what is read now", $"{all:0.0} ms");
            report.Add($"{shards} shards: of which would be read late all the same", $"{late:0.0} ms");
            report.Add($"{shards} shards: configs made ready for their probers", $"{made:0.0} ms");
        }

        report.Print();
    }

    /// <summary>The median, and what the last one came to.</summary>
    private static async Task<(double Milliseconds, int Answer)> TimeAsync(Func<Task<int>> read)
    {
        var times = new List<double>();
        var answer = await read();
        for (var i = 0; i < Reads; i++)
        {
            var began = Stopwatch.GetTimestamp();
            answer = await read();
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        return (Report.Quantile(times, 0.5), answer);
    }

    private static async Task<int> LateAsync(NpgsqlDataSource pool, int[] shards, CancellationToken cancellationToken)
    {
        var rows = 0;
        await using var batch = pool.CreateBatch();
        foreach (var statement in Late)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(statement) { Parameters = { new NpgsqlParameter { Value = shards } } });
        }

        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        do
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                rows++;
            }
        }
        while (await reader.NextResultAsync(cancellationToken));
        return rows;
    }

    private static async Task FillAsync(PostgresStore store, PostgresStoreOptions settings, int targets, int results, CancellationToken cancellationToken)
    {
        var now = TimeProvider.System.GetUtcNow();
        using var leases = new PostgresLeaseStore(settings);
        var silo = await leases.RegisterAsync(new SiloIdentity("one", "default", "http://127.0.0.1:1", now), Guid.CreateVersion7(), cancellationToken);
        var view = await leases.LookAsync(cancellationToken);
        var claimed = await leases.ClaimAsync(new ClaimRequest(silo, view.Timeline, [], [.. view.Shards.Select(row => new ShardSeen(row.Shard, row.Epoch))]), cancellationToken);
        var fences = claimed.Fences.ToDictionary(fence => fence.Shard);
        var ids = new long[targets];
        await Parallel.ForEachAsync(Enumerable.Range(0, targets), new ParallelOptions { MaxDegreeOfParallelism = 6, CancellationToken = cancellationToken }, async (number, token) =>
            ids[number] = (await store.CreateTargetAsync(Target(number), new Edit("benchmark", now.AddHours(-1)), token)).Value!.Id);
        var sequence = 0L;
        foreach (var some in ids.Chunk(500))
        {
            var states = some.Select(id => new StateWrite(
                id, Core.Targets.Target.DefaultLocation, fences[ShardMap.Of(id)], 0, HealthState.New("http", now) with { Status = HealthStatus.Healthy }, null, [], []));
            await store.CommitAsync(new CommitBatch("one", ++sequence, [], [.. states], []), cancellationToken);
            var records = some.SelectMany(id => Enumerable.Range(1, results).Select(back => Record(id, now.AddSeconds(-30 * back).AddMicroseconds(id))));
            await store.CommitAsync(new CommitBatch("one", ++sequence, [.. records], [], []), cancellationToken);
        }
    }

    private static TargetSettings Target(int number)
    {
        var plain = string.Create(CultureInfo.InvariantCulture, $$"""{"url":"http://10.0.0.5:8080/health/{{number}}","body":"s3cret-{{number}}"}""");
        var isSecret = number % 2 == 0;
        return new TargetSettings
        {
            Name = string.Create(CultureInfo.InvariantCulture, $"target {number}"),
            Type = "http",
            Config = plain,
            MaskedConfig = isSecret ? plain.Replace("s3cret", "******", StringComparison.Ordinal) : plain,
            Endpoint = "http://10.0.0.5:8080/health",
        };
    }

    private static CheckRecord Record(long id, DateTimeOffset at) => new()
    {
        TargetId = id,
        CheckedAt = at,
        Outcome = ProbeOutcome.Ok,
        Latency = TimeSpan.FromMilliseconds(3.2),
        Message = "HTTP 200",
        Trigger = ProbeTrigger.Schedule,
        Silo = "one",
        Zone = "default",
    };
}
