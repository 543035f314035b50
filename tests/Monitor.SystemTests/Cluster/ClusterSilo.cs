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
    private SiloProcess? _process;

    /// <param name="proxied">Its way to the store, and the way of its peers to it, can be cut.</param>
    public ClusterSilo(string name, PostgresServer store, bool proxied)
    {
        Name = name;
        WayToStore = proxied ? new TcpProxy(store.Port) : null;
        var port = FreePort.Next();
        WayOfPeers = proxied ? new TcpProxy(port) : null;
        _settings = new SiloSettings
        {
            Port = port,
            Folder = _folder.Folder,
            Arguments =
            [
                "--Messages:Language=en",
                "--Storage:Provider=postgres",
                $"--Storage:ConnectionString=Host=127.0.0.1;Port={WayToStore?.Port ?? store.Port};Username=postgres;Database=postgres",
                $"--Secrets:MasterKey={Convert.ToBase64String(SharedPostgres.MasterKey)}",
                $"--Cluster:SiloName={name}",
                .. WayOfPeers is { } way ? (string[])[$"--Cluster:AdvertisedAddress=http://127.0.0.1:{way.Port}"] : [],
            ],
        };
    }

    public string Name { get; }

    public TcpProxy? WayToStore { get; }

    /// <summary>Where its peers call it.</summary>
    public TcpProxy? WayOfPeers { get; }

    public string Address => _settings.Address;

    public bool IsRunning => _process is { Process.HasExited: false };

    public ApiClient Api => _process!.Api;

    /// <summary>Of all its lives, after the last one has ended; else of this one.</summary>
    public string Output => $"---- {Name}\n{_process?.Output}";

    /// <summary>Returns when it is ready.</summary>
    public async Task StartAsync()
    {
        if (_process is { } old)
        {
            await old.DisposeAsync();
        }

        _process = await SiloProcess.StartAsync(_settings, Scene.Token);
    }

    /// <summary>kill -9.</summary>
    public Task KillAsync() => _process!.KillAsync();

    /// <summary>SIGTERM; it ends by itself within 10 s.</summary>
    public async Task<(int Code, TimeSpan Took)> StopAsync() => await _process!.Process.TerminateAsync(Scene.Token);

    public void Freeze() => _process!.Process.Signal(Signal.Stop);

    public void Thaw() => _process!.Process.Signal(Signal.Continue);

    public Task<JsonNode> ClusterAsync() => Api.GetAsync("/api/v1/cluster", Scene.Token);

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        foreach (var way in new[] { WayToStore, WayOfPeers }.OfType<TcpProxy>())
        {
            await way.DisposeAsync();
        }

        _folder.Dispose();
    }
}
