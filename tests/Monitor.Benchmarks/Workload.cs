using System.Globalization;
using Monitor.Tests.Shared;

namespace Monitor.Benchmarks;

/// <summary>A silo as its own process, many targets on one nginx, and a robot; all on loopback, all gone at the end.</summary>
internal sealed class Workload : IAsyncDisposable
{
    private readonly TempDir _folder = new();

    private Workload(NginxServer nginx, WeComStandIn robot)
    {
        Nginx = nginx;
        Robot = robot;
        Settings = new SiloSettings { Folder = _folder.Folder, Arguments = ["--Messages:Language=en", "--Logging:LogLevel:Default=Warning"] };
    }

    public NginxServer Nginx { get; }

    public WeComStandIn Robot { get; }

    public SiloSettings Settings { get; }

    public SiloProcess Silo { get; private set; } = null!;

    public static async Task<Workload> StartAsync(CancellationToken cancellationToken, bool accessLog = false, Func<SiloSettings, SiloSettings>? change = null)
    {
        var load = new Workload(await NginxServer.StartAsync(cancellationToken, accessLog), await WeComStandIn.StartAsync(cancellationToken: cancellationToken));
        try
        {
            load.Silo = await SiloProcess.StartAsync(change?.Invoke(load.Settings) ?? load.Settings, cancellationToken);
            return load;
        }
        catch
        {
            await load.DisposeAsync();
            throw;
        }
    }

    public async Task StartAgainAsync(CancellationToken cancellationToken)
    {
        await Silo.DisposeAsync();
        Silo = await SiloProcess.StartAsync(Settings, cancellationToken);
    }

    /// <summary>Targets numbered from <paramref name="from"/>, by eight clients at once; nobody is told of them unless a default channel is there.</summary>
    public Task AddTargetsAsync(int from, int count, int interval, string type, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            Enumerable.Range(from, count),
            new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellationToken },
            async (number, token) => await Silo.Api.AddTargetAsync(Target(number, interval, type), token));

    public object Target(int number, int interval, string type) => new
    {
        name = string.Create(CultureInfo.InvariantCulture, $"target {number}"),
        type,
        config = type == "http" ? (object)new { url = PathOf(number) } : new { host = "127.0.0.1", port = Nginx.Port },
        interval_seconds = interval,
        timeout_seconds = Math.Min(interval, 5),
    };

    public string PathOf(int number) => string.Create(CultureInfo.InvariantCulture, $"{Nginx.Url}t/{number}");

    /// <summary>Completes when so many scheduled runs have ended since the service started.</summary>
    public Task ProbedAsync(double runs, CancellationToken cancellationToken) => Eventually.TrueAsync(
        $"{runs} probes", async () => (await Silo.Api.MetricsAsync(cancellationToken)).Sum("monitor_probes_total") >= runs, cancellationToken, TimeSpan.FromMinutes(3));

    public async ValueTask DisposeAsync()
    {
        if (Silo is { } silo)
        {
            await silo.DisposeAsync();
        }

        await Nginx.DisposeAsync();
        await Robot.DisposeAsync();
        _folder.Dispose();
    }
}
