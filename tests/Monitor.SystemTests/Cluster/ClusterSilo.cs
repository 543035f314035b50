using System.Text.Json.Nodes;
using Monitor.SystemTests.Harness;
using Monitor.SystemTests.Storage;
using Monitor.Tests.Shared;

namespace Monitor.SystemTests.Cluster;

/// <summary>One silo of a cluster under one name, port and folder, through all its lives.</summary>
internal sealed class ClusterSilo : IAsyncDisposable
{
    private readonly TempDir _folder = new();
    private readonly SiloSettings _settings;
    private readonly TcpProxy[] _ways;
    private readonly List<string> _said = [];
    private SiloProcess? _process;

    /// <param name="stores">One, or a primary and its standby.</param>
    public ClusterSilo(string name, IReadOnlyList<PostgresServer> stores, ClusterPlan plan)
    {
        Name = name;
        _ways = plan.Proxied ? [.. stores.Select(store => new TcpProxy(store.Port))] : [];
        var hosts = string.Join(',', plan.Proxied ? _ways.Select(way => $"127.0.0.1:{way.Port}") : stores.Select(store => $"127.0.0.1:{store.Port}"));
        var port = FreePort.Next();
        WayOfPeers = plan.Proxied ? new TcpProxy(port) : null;
        var settings = new SiloSettings
        {
            Port = port,
            Folder = _folder.Folder,
            Arguments =
            [
                "--Messages:Language=en",
                "--Storage:Provider=postgres",
                $"--Storage:ConnectionString=Host={hosts};Username=postgres;Database=postgres{(stores.Count > 1 ? ";Target Session Attributes=primary" : "")}",
                $"--Secrets:MasterKey={Convert.ToBase64String(SharedPostgres.MasterKey)}",
                $"--Cluster:SiloName={name}",
                .. WayOfPeers is { } way ? (string[])[$"--Cluster:AdvertisedAddress=http://127.0.0.1:{way.Port}"] : [],
            ],
        };
        _settings = plan.Change(settings);
    }

    public string Name { get; }

    /// <summary>Where its peers call it.</summary>
    public TcpProxy? WayOfPeers { get; }

    public string Address => _settings.Address;

    public bool IsRunning => _process is { Process.HasExited: false };

    public ApiClient Api => _process!.Api;

    /// <summary>Of all its lives.</summary>
    public string Output => string.Join('\n', [.. _said, $"---- {Name}", _process?.Output]);

    /// <summary>In this life.</summary>
    public bool HasSaid(string words) => _process?.Output.Contains(words, StringComparison.Ordinal) == true;

    /// <summary>Returns when it is ready.</summary>
    public async Task StartAsync()
    {
        await ForgetAsync();
        _process = await SiloProcess.StartAsync(_settings, Scene.Token);
    }

    /// <summary>Started again, and not waited for: without the store it does not become ready.</summary>
    public async Task LaunchAsync()
    {
        await ForgetAsync();
        _process = await SiloProcess.LaunchAsync(_settings);
    }

    private async Task ForgetAsync()
    {
        if (_process is { } old)
        {
            // Whoever asks meanwhile, as histories do, is told that it does not run.
            _process = null;
            _said.Add($"---- {Name}\n{old.Output}\n----");
            await old.DisposeAsync();
        }
    }

    /// <summary>kill -9.</summary>
    public Task KillAsync() => _process!.KillAsync();

    /// <summary>SIGTERM; it ends by itself within 10 s.</summary>
    public async Task<(int Code, TimeSpan Took)> StopAsync() => await _process!.Process.TerminateAsync(Scene.Token);

    public void Freeze() => _process!.Process.Signal(Signal.Stop);

    public void Thaw() => _process!.Process.Signal(Signal.Continue);

    /// <summary>Nothing goes to the store or comes from it any more, in silence.</summary>
    public void CutOff()
    {
        foreach (var way in _ways)
        {
            way.Drop();
        }
    }

    public void Heal()
    {
        foreach (var way in _ways)
        {
            way.Heal();
        }
    }

    public Task<JsonNode> ClusterAsync() => Api.GetAsync("/api/v1/cluster", Scene.Token);

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        foreach (var way in WayOfPeers is { } peers ? [.. _ways, peers] : _ways)
        {
            await way.DisposeAsync();
        }

        _folder.Dispose();
    }
}
