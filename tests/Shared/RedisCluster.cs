using System.Globalization;

namespace Monitor.Tests.Shared;

/// <summary>A real Redis cluster: three masters, and a replica each.</summary>
public sealed class RedisCluster : IAsyncDisposable
{
    public const string Password = "cluster-s3cret";

    private const int Masters = 3;

    private static readonly string[] Slots = ["0 5460", "5461 10922", "10923 16383"];

    private readonly List<RedisServer> _nodes = [];
    private readonly List<int> _busPorts = [];

    /// <summary>First the three that began as masters, then the replica of each.</summary>
    public IReadOnlyList<RedisServer> Nodes => _nodes;

    /// <param name="replicas">False: three masters alone.</param>
    /// <param name="more">Further options of every node.</param>
    public static async Task<RedisCluster> StartAsync(CancellationToken cancellationToken, bool replicas = true, IReadOnlyList<string>? more = null)
    {
        var cluster = new RedisCluster();
        await Task.WhenAll(Enumerable.Range(0, replicas ? 2 * Masters : Masters).Select(_ => cluster.AddAsync(more ?? [], cancellationToken)));
        for (var i = 0; i < Masters; i++)
        {
            await cluster._nodes[i].DoAsync(cancellationToken, ["CLUSTER", "ADDSLOTSRANGE", .. Slots[i].Split(' ')]);
            await cluster._nodes[i].DoAsync(cancellationToken, "CLUSTER", "SET-CONFIG-EPOCH", (i + 1).ToString(CultureInfo.InvariantCulture));
        }

        for (var i = 1; i < cluster._nodes.Count; i++)
        {
            await cluster.MeetAsync(0, i, cancellationToken);
        }

        await cluster.UntilAllAsync(text => text.Split('\n').Contains($"cluster_known_nodes:{cluster._nodes.Count}"), "everybody knows everybody", cancellationToken);
        await Task.WhenAll(cluster._nodes.Select(node => node.UntilAsync("no handshake", text => !text.Contains("handshake", StringComparison.Ordinal), cancellationToken, "CLUSTER", "NODES")));
        for (var i = Masters; i < cluster._nodes.Count; i++)
        {
            await cluster._nodes[i].DoAsync(cancellationToken, "CLUSTER", "REPLICATE", await cluster._nodes[i - Masters].AskAsync(cancellationToken, "CLUSTER", "MYID"));
        }

        await cluster.UntilWholeAsync(cancellationToken);
        return cluster;
    }

    public Task MeetAsync(int from, int to, CancellationToken cancellationToken) => _nodes[from].DoAsync(
        cancellationToken, "CLUSTER", "MEET", "127.0.0.1",
        _nodes[to].Port.ToString(CultureInfo.InvariantCulture), _busPorts[to].ToString(CultureInfo.InvariantCulture));

    /// <summary>Starts and thaws whatever a test left broken, then waits until all is well.</summary>
    public async Task MendAsync(CancellationToken cancellationToken)
    {
        foreach (var node in _nodes)
        {
            node.Thaw();
            if (!node.IsRunning)
            {
                await node.StartAgainAsync(cancellationToken);
            }
        }

        await UntilWholeAsync(cancellationToken);
    }

    /// <summary>Every node says ok, nobody suspects anybody, every replica follows, and the gossip has told everybody who is whose replica.</summary>
    public async Task UntilWholeAsync(CancellationToken cancellationToken)
    {
        await UntilAllAsync(text => text.Contains("cluster_state:ok", StringComparison.Ordinal), "cluster_state ok", cancellationToken);
        await Task.WhenAll(_nodes.Select(node => node.UntilAsync(
            "nobody is suspected, and all roles are known",
            text => !text.Contains("fail", StringComparison.Ordinal) && !text.Contains("handshake", StringComparison.Ordinal) && !text.Contains("slave - ", StringComparison.Ordinal)
                && text.Split('\n').Count(line => line.Contains("slave", StringComparison.Ordinal)) == _nodes.Count - Masters,
            cancellationToken,
            "CLUSTER",
            "NODES")));
        await Task.WhenAll(_nodes.Select(node => node.UntilAsync(
            "replication is up",
            text => text.Contains("role:master", StringComparison.Ordinal)
                ? _nodes.Count == Masters || text.Contains("state=online", StringComparison.Ordinal)
                : text.Contains("master_link_status:up", StringComparison.Ordinal),
            cancellationToken,
            "INFO",
            "replication")));
    }

    /// <summary>Waits until this node's CLUSTER INFO is as wanted on all that are given.</summary>
    public static Task UntilAsync(IEnumerable<RedisServer> nodes, Func<string, bool> wanted, string what, CancellationToken cancellationToken) =>
        Task.WhenAll(nodes.Select(node => node.UntilAsync(what, wanted, cancellationToken, "CLUSTER", "INFO")));

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }
    }

    private Task UntilAllAsync(Func<string, bool> wanted, string what, CancellationToken cancellationToken) => UntilAsync(_nodes, wanted, what, cancellationToken);

    private async Task AddAsync(IReadOnlyList<string> more, CancellationToken cancellationToken)
    {
        var busPort = FreePort.Next();
        var node = await RedisServer.StartAsync(
            [
                "--cluster-enabled", "yes", "--cluster-node-timeout", "1500", "--cluster-port", busPort.ToString(CultureInfo.InvariantCulture),
                "--repl-diskless-sync-delay", "0", "--cluster-replica-validity-factor", "0", "--cluster-allow-replica-migration", "no",
                "--requirepass", Password, "--masterauth", Password, .. more,
            ],
            cancellationToken,
            ["--no-auth-warning", "--pass", Password]);
        lock (_nodes)
        {
            _nodes.Add(node);
            _busPorts.Add(busPort);
        }
    }
}
