using System.Globalization;
using Monitor.Core.Probing;
using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Probers.Redis;

/// <summary>Real servers, one or two at a time, in the states that wake people up.</summary>
public sealed class RedisServerTests
{
    private const string Password = "s3cret";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_is_up_with_all_its_metrics()
    {
        await using var server = await StartAsync();
        var result = await ProbeBench.RedisAsync(new { host = "127.0.0.1", port = server.Port });
        Assert.Equal(ProbeOutcome.Ok, result.Outcome);
        Assert.Empty(result.Warnings);
        Assert.Empty(result.Notes);
        Assert.Equal(
            ["dns_ms", "connect_ms", "address", "mode", "role", "version", "used_memory_bytes", "connected_clients", "ops_per_second", "uptime_seconds", "replicas", "nodes", "nodes_up"],
            result.Metrics.Items.Select(metric => metric.Name));
        Assert.Equal("standalone", result.Metrics["mode"]!.Value.Text);
        Assert.Equal("master", result.Metrics["role"]!.Value.Text);
        Assert.StartsWith("7.0", result.Metrics["version"]!.Value.Text, StringComparison.Ordinal);
        Assert.Equal(1, result.Metrics["connected_clients"]!.Value.Number);
    }

    [Fact]
    public async Task Passwords_are_judged_at_the_stage_of_authentication()
    {
        await using var server = await StartAsync("--requirepass", Password);
        await server.DoAsync(Token, "CONFIG", "SET", "requirepass", Password);
        var right = await ProbeBench.RedisAsync(new { host = "127.0.0.1", port = server.Port, password = Password });
        var asUser = await ProbeBench.RedisAsync(new { host = "127.0.0.1", port = server.Port, username = "default", password = Password });
        var wrong = await ProbeBench.RedisAsync(new { host = "127.0.0.1", port = server.Port, password = "wrong-one" });
        var missing = await ProbeBench.RedisAsync(new { host = "127.0.0.1", port = server.Port });
        Assert.Equal(ProbeOutcome.Ok, right.Outcome);
        Assert.Equal(ProbeOutcome.Ok, asUser.Outcome);
        Assert.Equal(
            "authentication: wrong username or password, or the user is disabled: WRONGPASS invalid username-password pair or user is disabled.", wrong.Message);
        Assert.Equal("authentication: the server wants a password and none is configured: NOAUTH Authentication required.", missing.Message);
    }

    [Fact]
    public async Task A_password_for_a_server_that_has_none_is_a_refused_login()
    {
        await using var server = await StartAsync();
        var result = await ProbeBench.RedisAsync(new { host = "127.0.0.1", port = server.Port, password = Password });
        Assert.StartsWith("authentication: the server has no password set, but one is configured: ERR AUTH", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_user_of_the_docs_sees_everything_and_fewer_rights_are_notes()
    {
        await using var server = await StartAsync();
        foreach (var line in DocumentedUsers.Of("redis.md", "redis-cli"))
        {
            await server.DoAsync(Token, line.Replace(">choose-a-password", ">" + Password, StringComparison.Ordinal).Split(' '));
        }

        await server.DoAsync(Token, "ACL", "SETUSER", "bare", "on", ">" + Password, "-@all", "+ping");
        await server.DoAsync(Token, "ACL", "SETUSER", "mute", "on", ">" + Password, "-@all", "+info");
        var full = await ProbeBench.RedisAsync(new { host = "127.0.0.1", port = server.Port, username = "monitor", password = Password });
        var bare = await ProbeBench.RedisAsync(new { host = "127.0.0.1", port = server.Port, username = "bare", password = Password, database = 3 });
        var mute = await ProbeBench.RedisAsync(new { host = "127.0.0.1", port = server.Port, username = "mute", password = Password });
        Assert.True(full.IsClean, full.Message);
        Assert.Empty(full.Notes);
        Assert.True(bare.IsClean, bare.Message);
        Assert.Contains(bare.Notes, note => note.StartsWith("INFO was refused, so that role, memory, clients and replication are not checked (grant +info): NOPERM", StringComparison.Ordinal));
        Assert.Contains(bare.Notes, note => note.StartsWith("SELECT was refused, so that database 3 is not checked (grant +select): NOPERM", StringComparison.Ordinal));
        Assert.StartsWith("authentication: the user may not PING (grant +ping): NOPERM", mute.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_is_not_there_is_a_failure()
    {
        await using var server = await StartAsync("--databases", "4");
        var there = await ProbeBench.RedisAsync(new { host = "127.0.0.1", port = server.Port, database = 3 });
        var beyond = await ProbeBench.RedisAsync(new { host = "127.0.0.1", port = server.Port, database = 4 });
        Assert.True(there.IsClean, there.Message);
        Assert.Equal("protocol: database 4 was refused: ERR DB index is out of range", beyond.Message);
    }

    [Fact]
    public async Task Full_memory_and_many_clients_are_warnings()
    {
        await using var server = await StartAsync("--maxmemory", "4mb", "--maxclients", "10");
        await server.DoAsync(Token, "SETRANGE", "big", "2000000", "x");
        await using var first = await ConnectAsync(server);
        await using var second = await ConnectAsync(server);
        var result = await ProbeBench.RedisAsync(new { host = "127.0.0.1", port = server.Port, warn_memory_percent = 50, warn_clients_percent = 20 });
        var percent = result.Metrics["memory_percent"]!.Value.Number!.Value;
        Assert.InRange(percent, 50, 100);
        Assert.Equal(ProbeOutcome.Ok, result.Outcome);
        Assert.Equal(
            [$"memory {percent.ToString(CultureInfo.InvariantCulture)} % of maxmemory > warn_memory_percent 50", "clients 30 % of maxclients > warn_clients_percent 20"],
            result.Warnings);
    }

    [Fact]
    public async Task A_server_that_takes_no_more_clients_says_so_itself()
    {
        await using var server = await StartAsync("--maxclients", "2", "--requirepass", Password);
        await using var first = await ConnectAsync(server);
        await using var second = await ConnectAsync(server);
        var result = await ProbeBench.RedisAsync(new { host = "127.0.0.1", port = server.Port, password = Password });
        Assert.Equal("protocol: the server takes no more connections: ERR max number of clients reached", result.Message);
    }

    [Fact]
    public async Task Master_and_replica_with_lag_broken_link_and_refused_stale_data()
    {
        await using var master = await StartAsync("--repl-diskless-sync-delay", "0");
        await using var replica = await StartAsync("--replicaof", $"127.0.0.1 {master.Port}", "--repl-timeout", "600");
        await replica.UntilAsync("link up", text => text.Contains("master_link_status:up", StringComparison.Ordinal), Token, "INFO", "replication");
        await master.UntilAsync("replica online", text => text.Contains("state=online", StringComparison.Ordinal), Token, "INFO", "replication");

        var whole = await ProbeBench.RedisAsync(new { host = "127.0.0.1", port = master.Port, min_replicas = 1, expect_role = "master", warn_replication_lag_bytes = 100_000 });
        var slave = await ProbeBench.RedisAsync(new { host = "127.0.0.1", port = replica.Port, expect_role = "replica" });
        var wrongRole = await ProbeBench.RedisAsync(new { host = "127.0.0.1", port = replica.Port, expect_role = "master" });
        var tooFew = await ProbeBench.RedisAsync(new { host = "127.0.0.1", port = master.Port, min_replicas = 2 });
        Assert.True(whole.IsClean, string.Join(';', whole.Warnings) + whole.Message);
        Assert.Equal(1, whole.Metrics["replicas"]!.Value.Number);
        Assert.True(slave.IsClean, slave.Message);
        Assert.Equal("replica", slave.Metrics["role"]!.Value.Text);
        Assert.Equal("assertion: role replica, expected master", wrongRole.Message);
        Assert.Equal("assertion: 1 replicas online < min_replicas 2", tooFew.Message);

        var list = await ProbeBench.RedisAsync(new { nodes = new[] { replica.Address, master.Address }, min_nodes = 2 });
        Assert.True(list.IsClean, list.Message);
        Assert.Equal("master", list.Metrics["role"]!.Value.Text);
        Assert.Equal(2, list.Metrics["nodes_up"]!.Value.Number);

        replica.Freeze();
        await master.DoAsync(Token, "EVAL", "return redis.call('set', 'big', string.rep('x', 300000))", "0");
        var behind = await ProbeBench.RedisAsync(new { host = "127.0.0.1", port = master.Port, warn_replication_lag_bytes = 100_000 });
        var warning = Assert.Single(behind.Warnings);
        Assert.Matches($@"^replica {replica.Address} is 30\d{{4}} bytes behind > warn_replication_lag_bytes 100000$", warning);
        var silent = await ProbeBench.RedisAsync(new { host = "127.0.0.1", port = replica.Port }, 0.5);
        Assert.Equal($"timeout: the answer to PING did not come within 0.5 s (connected to {replica.Address})", silent.Message);
        replica.Thaw();

        await master.KillAsync();
        await replica.UntilAsync("link down", text => text.Contains("master_link_status:down", StringComparison.Ordinal), Token, "INFO", "replication");
        var cut = await ProbeBench.RedisAsync(new { host = "127.0.0.1", port = replica.Port });
        Assert.Equal(ProbeOutcome.Ok, cut.Outcome);
        Assert.Matches($"^replication link to master {master.Address} is down since [0-9]+ s$", Assert.Single(cut.Warnings));
        var halfList = await ProbeBench.RedisAsync(new { nodes = new[] { master.Address, replica.Address } });
        Assert.Equal(ProbeOutcome.Ok, halfList.Outcome);
        Assert.Contains($"{master.Address} does not answer: connect: connection refused ({master.Address})", halfList.Warnings);
        var noMaster = await ProbeBench.RedisAsync(new { nodes = new[] { master.Address, replica.Address }, min_nodes = 2, expect_role = "master" });
        Assert.Equal("assertion: role replica, expected master; 1 nodes up < min_nodes 2", noMaster.Message);

        await replica.DoAsync(Token, "CONFIG", "SET", "replica-serve-stale-data", "no");
        var refused = await ProbeBench.RedisAsync(new { host = "127.0.0.1", port = replica.Port });
        Assert.Equal(FailureStage.Protocol, refused.Stage);
        Assert.StartsWith("protocol: PING was answered with MASTERDOWN Link with MASTER is down", refused.Message, StringComparison.Ordinal);
        Assert.Equal("replica", refused.Metrics["role"]!.Value.Text);
    }

    [Fact]
    public async Task A_server_that_is_loading_is_no_success()
    {
        await using var server = await StartAsync();
        await server.DoAsync(Token, "CONFIG", "SET", "save", "3600 1");
        await server.DoAsync(Token, "DEBUG", "POPULATE", "2000", "k", "1000");
        await server.DoAsync(Token, "SAVE");
        await server.DoAsync(Token, "CONFIG", "SET", "key-load-delay", "2000");
        await server.DoAsync(Token, "CONFIG", "SET", "loading-process-events-interval-bytes", "1024");
        var reload = server.AskAsync(Token, "DEBUG", "RELOAD", "NOSAVE");
        await server.UntilAsync("loading", text => text.Contains("loading:1", StringComparison.Ordinal), Token, "INFO", "persistence");
        var result = await ProbeBench.RedisAsync(new { host = "127.0.0.1", port = server.Port });
        Assert.StartsWith("protocol: PING was answered with LOADING Redis is loading the dataset in memory", result.Message, StringComparison.Ordinal);
        await server.DoAsync(Token, "CONFIG", "SET", "key-load-delay", "0");
        await reload;
        Assert.True((await ProbeBench.RedisAsync(new { host = "127.0.0.1", port = server.Port })).IsClean);
    }

    [Fact]
    public async Task Protected_mode_is_named()
    {
        // From this machine it lets everybody in: what it says to others is in its source, so the words are its own, sent by a script.
        const string denied = "-DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the default user.\r\n";
        await using var server = Servers.ScriptedServer.Start(async (stream, token) => await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(denied), token));
        var result = await ProbeBench.RedisAsync(new { host = "127.0.0.1", port = server.Port, password = Password });
        Assert.StartsWith("authentication: the server is in protected mode", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mode_is_checked_where_it_is_named()
    {
        await using var server = await StartAsync();
        var cluster = await ProbeBench.RedisAsync(new { host = "127.0.0.1", port = server.Port, mode = "cluster" });
        var sentinel = await ProbeBench.RedisAsync(new { host = "127.0.0.1", port = server.Port, mode = "sentinel", master_name = "x" });
        var standalone = await ProbeBench.RedisAsync(new { host = "127.0.0.1", port = server.Port, mode = "standalone" });
        Assert.Equal("assertion: mode standalone, expected cluster", cluster.Message);
        Assert.Equal($"assertion: no master: {server.Address}: it is no sentinel (mode standalone)", sentinel.Message);
        Assert.True(standalone.IsClean, standalone.Message);
    }

    private static async Task<RedisServer> StartAsync(params string[] options)
    {
        Requires.Redis();
        var password = Array.IndexOf(options, "--requirepass") is >= 0 and var at ? new[] { "--no-auth-warning", "--pass", options[at + 1] } : [];
        return await RedisServer.StartAsync([.. options, "--enable-debug-command", "yes"], Token, password);
    }

    /// <summary>A client that stays, and is counted.</summary>
    private static async Task<System.Net.Sockets.NetworkStream> ConnectAsync(RedisServer server)
    {
        var socket = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.InterNetwork, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        await socket.ConnectAsync(System.Net.IPAddress.Loopback, server.Port, Token);
        var stream = new System.Net.Sockets.NetworkStream(socket, ownsSocket: true);

        // Its answer says that the server has taken it in.
        await stream.WriteAsync("PING\r\n"u8.ToArray(), Token);
        Assert.NotEqual(0, await stream.ReadAsync(new byte[100], Token));
        return stream;
    }
}
