using System.Globalization;
using System.Text.Json.Nodes;
using Monitor.Tests.Shared;

namespace Monitor.Benchmarks.Cluster;

/// <summary>Silos as processes over one PostgreSQL, web sites to watch, and a robot; all on loopback, all gone at the end.</summary>
internal sealed class ClusterLoad : IAsyncDisposable
{
    private static readonly string Master = Convert.ToBase64String([.. Enumerable.Range(1, 32).Select(i => (byte)i)]);

    private readonly List<(TempDir Folder, SiloSettings Settings, SiloProcess? Process)> _silos = [];

    private ClusterLoad(PostgresServer store, WeComStandIn robot) => (Store, Robot) = (store, robot);

    public PostgresServer Store { get; }

    public WeComStandIn Robot { get; }

    public IReadOnlyList<SiloProcess> Silos => [.. _silos.Select(silo => silo.Process).OfType<SiloProcess>().Where(silo => !silo.Process.HasExited)];

    /// <summary>So many silos that share all shards.</summary>
    public static async Task<ClusterLoad> StartAsync(int silos, CancellationToken cancellationToken)
    {
        var settings = new Dictionary<string, string>(PostgresStatements.Settings, StringComparer.Ordinal)
        {
            ["shared_buffers"] = "256MB",
            ["max_connections"] = "400",
        };
        var store = await PostgresServer.StartAsync(cancellationToken, new PostgresOptions { Authentication = "trust", Durable = true, Settings = settings });
        var load = new ClusterLoad(store, await WeComStandIn.StartAsync(cancellationToken: cancellationToken));
        try
        {
            await PostgresStatements.BeginAsync(store, cancellationToken);
            for (var number = 0; number < silos; number++)
            {
                load.Add(number);
                await load.RunAsync(number, cancellationToken);
            }

            await load.BalancedAsync(silos, cancellationToken);
            return load;
        }
        catch
        {
            await load.DisposeAsync();
            throw;
        }
    }

    /// <summary>One of them by its number, as it was started last.</summary>
    public SiloProcess this[int number] => _silos[number].Process!;

    public async Task RunAsync(int number, CancellationToken cancellationToken)
    {
        var (folder, settings, old) = _silos[number];
        if (old is not null)
        {
            await old.DisposeAsync();
        }

        _silos[number] = (folder, settings, await SiloProcess.StartAsync(settings, cancellationToken));
    }

    /// <summary>All that run (but one that stands still) say that so many share the shards evenly. Answers the smallest and the largest share.</summary>
    public async Task<(long Least, long Most)> BalancedAsync(int silos, CancellationToken cancellationToken, SiloProcess? frozen = null)
    {
        (long Least, long Most) shares = default;
        await Eventually.TrueAsync(
            $"{silos} silos share the shards",
            async () =>
            {
                foreach (var silo in Silos.Where(silo => silo != frozen))
                {
                    var seen = await silo.Api.GetAsync("/api/v1/cluster", cancellationToken);
                    var all = seen["silos"]!.AsArray().Select(one => one!.Number("shards")).ToArray();
                    if (all.Length != silos || seen.Number("unowned") != 0 || all.Max() - all.Min() > 1)
                    {
                        return false;
                    }

                    shares = (all.Min(), all.Max());
                }

                return true;
            },
            cancellationToken,
            TimeSpan.FromMinutes(2));
        return shares;
    }

    /// <summary>Targets through all silos; answers their ids by number.</summary>
    public async Task<long[]> AddTargetsAsync(int count, int interval, Func<int, string> url, CancellationToken cancellationToken, int atOnce = 8)
    {
        var ids = new long[count];
        var silos = Silos;
        await Parallel.ForEachAsync(
            Enumerable.Range(0, count),
            new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancellationToken },
            async (number, token) => ids[number] = await silos[number % silos.Count].Api.AddTargetAsync(Target(number, interval, url), token));
        return ids;
    }

    public static object Target(int number, int interval, Func<int, string> url) => new
    {
        name = string.Create(CultureInfo.InvariantCulture, $"target {number}"),
        type = "http",
        config = new { url = url(number) },
        interval_seconds = interval,
        timeout_seconds = Math.Min(interval, 5),
    };

    /// <summary>A figure of all silos together.</summary>
    public async Task<double> SumAsync(string metric, CancellationToken cancellationToken, params string[] labels) =>
        (await Task.WhenAll(Silos.Select(silo => silo.Api.MetricsAsync(cancellationToken)))).Sum(page => page.Sum(metric, labels));

    public Task ProbedAsync(double runs, CancellationToken cancellationToken) => Eventually.TrueAsync(
        $"{runs} probes", async () => await SumAsync("monitor_probes_total", cancellationToken) >= runs, cancellationToken, TimeSpan.FromMinutes(5));

    /// <summary>Processor seconds of all silos so far.</summary>
    public double SiloCpu() => Silos.Sum(silo => ProcessFigures.CpuSeconds(silo.Process.Id));

    /// <summary>Processor seconds of the threads of the silos' leases so far: of the loop that decides, and of those that call the store.</summary>
    public double LeaseCpu() => Silos.Sum(silo =>
        ProcessFigures.SecondsByThread(silo.Process.Id).Where(thread => thread.Key.StartsWith("lease", StringComparison.Ordinal)).Sum(thread => thread.Value));

    /// <summary>Processor seconds of PostgreSQL so far, sessions that have ended included.</summary>
    public double StoreCpu()
    {
        // The first process last: what a session had used that ends meanwhile is in its sum by then.
        var sessions = PostgresPrograms.WorkingIn(Store.Data).Where(process => process != Store.ProcessId).Sum(Session);
        return sessions + ProcessFigures.CpuSeconds(Store.ProcessId, andChildren: true);

        static double Session(int process)
        {
            try
            {
                return ProcessFigures.CpuSeconds(process);
            }
            catch (IOException)
            {
                return 0;
            }
        }
    }

    /// <summary>Returns when the runtime of no silo compiles what was called often any more.</summary>
    public async Task CompiledAsync(CancellationToken cancellationToken)
    {
        var quiet = TimeSpan.FromSeconds(2);
        while (true)
        {
            var before = Silos.Sum(silo => ProcessFigures.CompilerSeconds(silo.Process.Id));
            await Eventually.NothingForAsync(quiet, cancellationToken);
            if (Silos.Sum(silo => ProcessFigures.CompilerSeconds(silo.Process.Id)) - before < quiet.TotalSeconds / 40)
            {
                return;
            }
        }
    }

    /// <summary>What the server has worked at most so far, to see where its time goes.</summary>
    public async Task PrintStatementsAsync(CancellationToken cancellationToken)
    {
        await using var connection = await Store.OpenAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText =
            "SELECT calls, total_exec_time + total_plan_time, rows, regexp_replace(left(query, 150), '\\s+', ' ', 'g') FROM pg_stat_statements ORDER BY 2 DESC LIMIT 20";
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            Console.WriteLine($"{reader.GetInt64(0)} calls, {reader.GetDouble(1):0} ms, {reader.GetInt64(2)} rows: {reader.GetString(3)}");
        }
    }

    public async Task<JsonNode> ClusterAsync(CancellationToken cancellationToken) => await Silos[0].Api.GetAsync("/api/v1/cluster", cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_silos.Select(silo => silo.Process?.DisposeAsync().AsTask() ?? Task.CompletedTask));
        _silos.ForEach(silo => silo.Folder.Dispose());
        await Robot.DisposeAsync();
        await Store.DisposeAsync();
    }

    private void Add(int number)
    {
        var folder = new TempDir();
        var settings = new SiloSettings
        {
            Folder = folder.Folder,
            Arguments =
            [
                "--Messages:Language=en",
                "--Logging:LogLevel:Default=Warning",
                "--Storage:Provider=postgres",
                $"--Storage:ConnectionString=Host=127.0.0.1;Port={Store.Port};Username=postgres;Database=postgres",
                $"--Secrets:MasterKey={Master}",
                $"--Cluster:SiloName=silo-{number + 1}",
            ],
        };
        _silos.Add((folder, settings, null));
    }
}
