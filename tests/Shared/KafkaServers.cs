using System.Globalization;

namespace Monitor.Tests.Shared;

/// <summary>
/// A real Apache Kafka of one or more nodes on loopback, started by the program that lies beside the repository and ended with the tests. Node i listens at
/// P+10i in plain, P+10i+1 with SASL, P+10i+2 in TLS, P+10i+3 with SASL in TLS. Users: admin, monitor, limited, each with the password USER-secret.
/// </summary>
internal sealed class KafkaServers : IAsyncDisposable
{
    /// <summary>Addresses of a Kafka to test against where there is no program to start one.</summary>
    public const string Variable = "MONITOR_TEST_KAFKA";

    private const int PortsOfThree = 30;

    private readonly TempDir? _folder;

    private KafkaServers(int nodes, int port, TempDir? folder, string[] bootstrap)
    {
        (Nodes, Port, _folder, Bootstrap) = (nodes, port, folder, bootstrap);
    }

    public int Nodes { get; }

    public int Port { get; }

    /// <summary>The plain listeners.</summary>
    public IReadOnlyList<string> Bootstrap { get; }

    /// <summary>Started here: it has further listeners, and may be killed.</summary>
    public bool IsOwn => _folder is not null;

    /// <summary>Null: there is a Kafka of three brokers (ids 0, 1, 2) to test with.</summary>
    public static string? Missing => (SharedServers.Find("kafka"), External) switch
    {
        (not null, _) or (_, { Length: >= 3 }) => null,
        (_, null) => $"no Kafka: ../shared/servers/kafka is absent, and {Variable} is not set",
        _ => $"no Kafka: ../shared/servers/kafka is absent, and {Variable} does not name three brokers (host:port, separated by commas)",
    };

    /// <summary>Null: there is a Kafka that may be killed.</summary>
    public static string? MissingOwn => SharedServers.Find("kafka") is not null ? null : "no Kafka of its own: ../shared/servers/kafka is absent";

    private static string[]? External => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } text ? text.Split(',', StringSplitOptions.TrimEntries) : null;

    public static async Task<KafkaServers> StartAsync(int nodes, CancellationToken cancellationToken)
    {
        if (SharedServers.Find("kafka") is not { } program)
        {
            var external = External ?? throw new InvalidOperationException(Missing);
            return new KafkaServers(external.Length, int.Parse(external[0].Split(':')[^1], CultureInfo.InvariantCulture), null, external);
        }

        // Another program may take a port between our look and the start; a node of three may fail to start for reasons of its own.
        for (var attempt = 1; ; attempt++)
        {
            var servers = Own(nodes);
            try
            {
                await ChildProcess.RunAsync(program, ["start", servers._folder!.Folder, "--port", Text(servers.Port), "--nodes", Text(nodes), "--while", Text(Environment.ProcessId)], cancellationToken);
                return servers;
            }
            catch (Exception e) when (e is InvalidOperationException && attempt < 3)
            {
                await servers.DisposeAsync();
            }
            catch
            {
                await servers.DisposeAsync();
                throw;
            }
        }
    }

    public string Plain(int node) => At(node, 0);

    public string Sasl(int node = 0) => At(node, 1);

    public string Tls(int node = 0) => At(node, 2);

    public string SaslTls(int node = 0) => At(node, 3);

    public string CaPem => File.ReadAllText(_folder!.File("ca.pem"));

    /// <summary>A client of the first node, or of another one where that is down.</summary>
    public Task<KafkaClient> ConnectAsync(CancellationToken cancellationToken, int node = 0) => KafkaClient.ConnectAsync(Port + (10 * node), cancellationToken);

    public Task KillAsync(int node, CancellationToken cancellationToken) => ToolAsync(cancellationToken, "kill", _folder!.Folder, Text(node));

    public Task ReviveAsync(int node, CancellationToken cancellationToken) => ToolAsync(cancellationToken, "revive", _folder!.Folder, Text(node));

    /// <summary>Stopped, it accepts connections and says nothing.</summary>
    public async Task SignalAsync(int node, string signal, CancellationToken cancellationToken)
    {
        var process = int.Parse(await File.ReadAllTextAsync(_folder!.File($"node{node}/pid"), cancellationToken), CultureInfo.InvariantCulture);
        await ChildProcess.RunAsync("kill", [$"-{signal}", Text(process)], cancellationToken);
        if (signal == "STOP")
        {
            await Standstill.OfAsync(process, cancellationToken);
        }
    }

    /// <summary>Kafka's own tools: some seconds of processor time a call.</summary>
    public static Task<string> ToolAsync(CancellationToken cancellationToken, params string[] arguments) =>
        ChildProcess.RunAsync(SharedServers.Find("kafka")!, arguments, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_folder is null)
        {
            return;
        }

        for (var node = 0; node < Nodes; node++)
        {
            if (File.Exists(_folder.File($"node{node}/pid")))
            {
                // One that a failed test left frozen would not hear that it is to end.
                var process = await File.ReadAllTextAsync(_folder.File($"node{node}/pid"), CancellationToken.None);
                await using var awake = await ChildProcess.StartAsync("kill", ["-CONT", process.Trim()]);
                await awake.WaitForExitAsync(CancellationToken.None);
            }
        }

        try
        {
            await ToolAsync(CancellationToken.None, "stop", _folder.Folder);
        }
        catch (InvalidOperationException)
        {
            // The watcher that --while started sees the first pid file go and stops the rest at the same time: one of the two misses a file.
            await ToolAsync(CancellationToken.None, "stop", _folder.Folder);
        }

        _folder.Dispose();
    }

    private static KafkaServers Own(int nodes)
    {
        var port = FreePort.Range(PortsOfThree);
        return new KafkaServers(nodes, port, new TempDir(), [.. Enumerable.Range(0, nodes).Select(node => $"127.0.0.1:{port + (10 * node)}")]);
    }

    private string At(int node, int listener) => $"127.0.0.1:{Port + (10 * node) + listener}";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
