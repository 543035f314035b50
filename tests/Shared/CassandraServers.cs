using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Monitor.Tests.Shared;

/// <summary>
/// Real Cassandra nodes on loopback, by the program beside the repository. Node i is 127.0.0.(i+1), all on one port. A node takes 8-20 s to start and
/// 580 MiB: tests share them, and bring back what they break.
/// </summary>
public sealed class CassandraServers : IAsyncDisposable
{
    /// <summary>CQL, between nodes, and one for each node's administration.</summary>
    private const int PortsNeeded = 11;

    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(8);

    private readonly HashSet<int> _killed = [];
    private readonly TempDir _folder = new();
    private readonly string _program;

    private CassandraServers(string program, int nodes) => (_program, Nodes, Port) = (program, nodes, FreeBase(nodes));

    public int Nodes { get; }

    public int Port { get; }

    /// <summary>The authority of the nodes' certificates, which are for localhost and 127.0.0.1.</summary>
    public string CaPem => File.ReadAllText(_folder.File("ca.pem"));

    /// <summary>Null where the program or Java is absent.</summary>
    public static string? Program => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "java"))) ? SharedServers.Find("cassandra") : null;

    /// <summary><c>host:port</c>.</summary>
    public string Address(int node) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.{node + 1}:{Port}");

    public static async Task<CassandraServers> StartAsync(int nodes, bool auth, bool tls, CancellationToken cancellationToken)
    {
        var servers = new CassandraServers(Program!, nodes);
        string[] switches = [.. auth ? ["--auth"] : Array.Empty<string>(), .. tls ? ["--tls"] : Array.Empty<string>()];
        try
        {
            await servers.RunAsync(
                ["start", servers._folder.Folder, "--port", Text(servers.Port), "--nodes", Text(nodes), .. switches, "--while", Text(Environment.ProcessId)],
                cancellationToken);
            if (nodes > 1)
            {
                // Each serves by now, the last one may still be joining.
                await servers.DeadAsync(0, [], cancellationToken);
            }

            return servers;
        }
        catch (Exception e) when (e is InvalidOperationException or OperationCanceledException or TimeoutException)
        {
            await servers.DisposeAsync();
            throw;
        }
    }

    /// <summary>No goodbye.</summary>
    public Task KillAsync(int node, CancellationToken cancellationToken)
    {
        _killed.Add(node);
        return RunAsync(["kill", _folder.Folder, Text(node)], cancellationToken);
    }

    /// <summary>Returns when it serves CQL again.</summary>
    public async Task ReviveAsync(int node, CancellationToken cancellationToken)
    {
        await RunAsync(["revive", _folder.Folder, Text(node)], cancellationToken);
        _killed.Remove(node);
    }

    /// <summary>Brings back what a test that failed has left dead.</summary>
    public async Task HealAsync(CancellationToken cancellationToken)
    {
        if (_killed.Count > 0)
        {
            foreach (var node in _killed.ToArray())
            {
                await ReviveAsync(node, cancellationToken);
            }

            await DeadAsync(0, [], cancellationToken);
        }
    }

    /// <summary>Cassandra's own administration tool; its output.</summary>
    public Task<string> NodeToolAsync(int node, string[] arguments, CancellationToken cancellationToken) =>
        RunAsync(["nodetool", _folder.Folder, Text(node), .. arguments], cancellationToken);

    public async Task SignalAsync(int node, Signal signal, CancellationToken cancellationToken)
    {
        var process = int.Parse(await File.ReadAllTextAsync(_folder.File($"node{Text(node)}/pid"), cancellationToken), CultureInfo.InvariantCulture);
        await ChildProcess.RunAsync("kill", ["-" + Text((int)signal), Text(process)], cancellationToken);
        if (signal == Signal.Stop)
        {
            await Standstill.OfAsync(process, cancellationToken);
        }
    }

    /// <summary>Waits until <paramref name="observer"/> takes exactly these nodes for dead.</summary>
    public Task DeadAsync(int observer, int[] dead, CancellationToken cancellationToken) => Eventually.TrueAsync(
        $"node {observer} takes nodes {string.Join(", ", dead)} for dead",
        async () =>
        {
            var lines = (await NodeToolAsync(observer, ["status"], cancellationToken)).Split('\n');
            var whole = Enumerable.Range(0, Nodes).All(node => lines.Any(line =>
                line.StartsWith(dead.Contains(node) ? "DN" : "UN", StringComparison.Ordinal) && line.Contains($" 127.0.0.{Text(node + 1)} ", StringComparison.Ordinal)));
            if (!whole)
            {
                // Each look is a Java program of its own: one after the other they leave the nodes little to get there with.
                await Eventually.NothingForAsync(TimeSpan.FromSeconds(1), cancellationToken);
            }

            return whole;
        },
        cancellationToken,
        TimeSpan.FromMinutes(2));

    public async ValueTask DisposeAsync()
    {
        try
        {
            await RunAsync(["stop", _folder.Folder], CancellationToken.None);
        }
        catch (InvalidOperationException)
        {
            // The watcher that --while started sees the first pid file go and stops the rest at the same time: one of the two misses a file.
            await RunAsync(["stop", _folder.Folder], CancellationToken.None);
        }

        _folder.Dispose();
    }

    private async Task<string> RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(StartPatience);
        return await ChildProcess.RunAsync(_program, arguments, end.Token);
    }

    private static int FreeBase(int nodes)
    {
        while (true)
        {
            var first = FreePort.Next();
            if (Enumerable.Range(first, PortsNeeded).All(port => Enumerable.Range(1, nodes).All(node => IsFree(IPAddress.Parse("127.0.0." + Text(node)), port))))
            {
                return first;
            }
        }
    }

    private static bool IsFree(IPAddress address, int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
