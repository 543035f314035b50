using System.Globalization;

namespace Monitor.Tests.Shared;

/// <summary>A real master with a replica, and three sentinels that watch it as <c>orders</c>.</summary>
public sealed class RedisSentinels : IAsyncDisposable
{
    public const string MasterName = "orders";
    public const string Password = "data-s3cret";
    public const string SentinelPassword = "sentinel-s3cret";

    private readonly TempDir _folder = new();
    private readonly List<RedisServer> _sentinels = [];

    public RedisServer Master { get; private set; } = null!;

    public RedisServer Replica { get; private set; } = null!;

    public IReadOnlyList<RedisServer> Sentinels => _sentinels;

    public static async Task<RedisSentinels> StartAsync(CancellationToken cancellationToken, int quorum = 2)
    {
        var all = new RedisSentinels();
        string[] client = ["--no-auth-warning", "--pass", Password];
        string[] data = ["--requirepass", Password, "--masterauth", Password, "--repl-diskless-sync-delay", "0"];
        all.Master = await RedisServer.StartAsync(data, cancellationToken, client);
        all.Replica = await RedisServer.StartAsync([.. data, "--replicaof", $"127.0.0.1 {all.Master.Port}"], cancellationToken, client);
        await all.Replica.UntilAsync("link up", text => text.Contains("master_link_status:up", StringComparison.Ordinal), cancellationToken, "INFO", "replication");
        for (var i = 0; i < 3; i++)
        {
            all._sentinels.Add(await all.AddAsync(i, quorum, cancellationToken));
        }

        await all.UntilWholeAsync(cancellationToken);
        return all;
    }

    /// <summary>Starts and thaws whatever a test left broken, then waits until all is well.</summary>
    public async Task MendAsync(CancellationToken cancellationToken)
    {
        foreach (var server in (RedisServer[])[Master, Replica, .. _sentinels])
        {
            server.Thaw();
            if (!server.IsRunning)
            {
                await server.StartAgainAsync(cancellationToken);
            }
        }

        await UntilWholeAsync(cancellationToken);
    }

    /// <summary>Every sentinel knows the replica and the two others, and nobody is down.</summary>
    public Task UntilWholeAsync(CancellationToken cancellationToken) => Task.WhenAll(_sentinels.Select(sentinel => Eventually.TrueAsync(
        $"sentinel {sentinel.Address} knows all",
        async () =>
        {
            var info = await sentinel.AskAsync(cancellationToken, "INFO", "sentinel");
            var replicas = await sentinel.AskAsync(cancellationToken, "SENTINEL", "REPLICAS", MasterName);
            return info.Contains("status=ok", StringComparison.Ordinal) && info.Contains("slaves=1,sentinels=3", StringComparison.Ordinal)
                && replicas.Contains("master-link-status\nok", StringComparison.Ordinal)
                && !replicas.Contains("s_down", StringComparison.Ordinal) && !replicas.Contains("disconnected", StringComparison.Ordinal)
                && (await sentinel.AskAsync(cancellationToken, "SENTINEL", "CKQUORUM", MasterName)).StartsWith("OK 3", StringComparison.Ordinal);
        },
        cancellationToken)));

    public async ValueTask DisposeAsync()
    {
        foreach (var server in (RedisServer?[])[.. _sentinels, Replica, Master])
        {
            if (server is not null)
            {
                await server.DisposeAsync();
            }
        }

        _folder.Dispose();
    }

    private async Task<RedisServer> AddAsync(int number, int quorum, CancellationToken cancellationToken)
    {
        var port = FreePort.Next();
        var file = _folder.File(string.Create(CultureInfo.InvariantCulture, $"sentinel-{number}.conf"));
        await File.WriteAllTextAsync(
            file,
            $"""
             port {port}
             requirepass {SentinelPassword}
             sentinel sentinel-pass {SentinelPassword}
             sentinel monitor {MasterName} 127.0.0.1 {Master.Port} {quorum}
             sentinel auth-pass {MasterName} {Password}
             sentinel down-after-milliseconds {MasterName} 1500
             sentinel failover-timeout {MasterName} 3000

             """,
            cancellationToken);
        return await RedisServer.StartAsync([file, "--sentinel"], cancellationToken, ["--no-auth-warning", "--pass", SentinelPassword], port);
    }
}
