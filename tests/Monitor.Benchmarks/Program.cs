using Monitor.Benchmarks;
using Monitor.Benchmarks.Cluster;
using Monitor.Benchmarks.ProbeCost;
using Monitor.Benchmarks.Storage;

// dotnet run --project tests/Monitor.Benchmarks -c Release -- COMMAND [--option value …]; docs/performance.md names the commands and their figures.
var options = BenchmarkOptions.Read(args);
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stop.Cancel();
};
if (options.Command == HeapHost.Command)
{
    return HeapHost.Run(args[1..]);
}

if (options.Command == "disk")
{
    return DiskPerResult.Run(args[1..]);
}

Func<BenchmarkOptions, CancellationToken, Task>? run = options.Command switch
{
    "load" => LoadBenchmark.RunAsync,
    "memory" => MemoryBenchmark.RunAsync,
    "latency" => LatencyBenchmark.RunAsync,
    "restart" => RestartBenchmark.RunAsync,
    "post" => PostBenchmark.RunAsync,
    "storm" => StormBenchmark.RunAsync,
    "uptime" => NinetyDays.RunAsync,
    "probe" when options.Text("type", "") == "redis" => RedisCost.RunAsync,
    "probe" when options.Text("type", "") == "kafka" => KafkaCost.RunAsync,
    "kafka-fleet" => KafkaCost.FleetAsync,
    "probe" when options.Text("type", "") == "cassandra" => CassandraCost.RunAsync,
    "probe" when options.Text("type", "") == "postgresql" => PostgresCost.RunAsync,
    "web" => WebBenchmark.RunAsync,
    "cluster" => CoordinationBenchmark.RunAsync,
    "failover" => FailoverBenchmark.RunAsync,
    "cluster-load" => ClusterLoadBenchmark.RunAsync,
    "cluster-post" => ClusterPostBenchmark.RunAsync,
    "cluster-storm" => ClusterStormBenchmark.RunAsync,
    "shard-read" => ShardReadBenchmark.RunAsync,
    _ => null,
};
if (run is null)
{
    Console.Error.WriteLine("""
        load     --targets 5000 --interval 5 --type http|tcp --seconds 60 --warmup 60 [--peer | --only-peer]
        memory   --targets 10000 --more 10000 --interval 30
        latency  --targets 1000 --falling 100 --seconds 60
        restart  --targets 10000 --interval 30 [--kill]
        post     --connections 8 --seconds 10
        storm    --targets 5000 --interval 5
        uptime   --targets 4 --interval 30
        probe    --type postgresql --probes 2000
        web      --targets 2000 --viewers 200 --seconds 30
        disk     bytes a stored result
        probe    --type redis --probes 5000
        probe    --type kafka --probes 500
        kafka-fleet  --targets 200 --interval 30 --rounds 6
        probe    --type cassandra --probes 1000
        cluster        --silos 10 --targets 20000 --interval 60 --seconds 60 --warmup 30
        failover       --silos 3 --targets 600 --runs 20
        cluster-load   --silos 2 --targets 10000 --interval 5 --seconds 60 --warmup 60 [--packed]
        cluster-post   --silos 3 --targets 10000 --connections 192 --rounds 4 --warmup 8000 [--statements]
        cluster-storm  --silos 3 --targets 5000 --interval 5
        shard-read     --targets 10240 --results 20
        """);
    return 2;
}

try
{
    await run(options, stop.Token);
    return 0;
}
catch (Exception e) when (e is TimeoutException or InvalidOperationException or HttpRequestException or OperationCanceledException)
{
    // Caught, so that everything it has started is ended and cleaned up.
    Console.Error.WriteLine(e.Message);
    return 1;
}
