using Monitor.Benchmarks;

// dotnet run --project tests/Monitor.Benchmarks -c Release -- COMMAND [--option value …]; docs/performance.md names the commands and their figures.
var options = BenchmarkOptions.Read(args);
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stop.Cancel();
};
switch (options.Command)
{
    case "load":
        await LoadBenchmark.RunAsync(options, stop.Token);
        return 0;
    case "memory":
        await MemoryBenchmark.RunAsync(options, stop.Token);
        return 0;
    case "latency":
        await LatencyBenchmark.RunAsync(options, stop.Token);
        return 0;
    case "restart":
        await RestartBenchmark.RunAsync(options, stop.Token);
        return 0;
    case "post":
        await PostBenchmark.RunAsync(options, stop.Token);
        return 0;
    case "storm":
        await StormBenchmark.RunAsync(options, stop.Token);
        return 0;
    case HeapHost.Command:
        return HeapHost.Run(args[1..]);
    default:
        Console.Error.WriteLine("""
            load     --targets 5000 --interval 5 --type http|tcp --seconds 60 --warmup 20 [--peer | --only-peer]
            memory   --targets 10000 --more 10000 --interval 30
            latency  --targets 1000 --falling 100 --seconds 60
            restart  --targets 10000 --interval 30
            post     --connections 8 --seconds 10
            storm    --targets 5000 --interval 5
            """);
        return 2;
}
