using Monitor.Core.Probing;
using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Probers.Redis;

/// <summary>Three real sentinels over a master and its replica.</summary>
public sealed class RedisSentinelTests(RedisSentinelTests.Started started) : IClassFixture<RedisSentinelTests.Started>
{
    private RedisSentinels _all = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_master_is_found_and_asked_and_the_quorum_checked()
    {
        await WholeAsync();
        var master = await MasterAsync();
        var result = await ProbeAsync(new { nodes = Addresses, mode = "sentinel", master_name = "orders", password = RedisSentinels.Password, sentinel_password = RedisSentinels.SentinelPassword });
        Assert.True(result.IsClean, Words(result));
        Assert.Empty(result.Notes);
        Assert.Equal(
            [
                "dns_ms", "connect_ms", "address", "mode", "role", "version", "used_memory_bytes", "connected_clients", "ops_per_second", "uptime_seconds",
                "replicas", "nodes", "nodes_up",
            ],
            result.Metrics.Items.Select(metric => metric.Name));
        Assert.Equal("sentinel", result.Metrics["mode"]!.Value.Text);
        Assert.Equal("master", result.Metrics["role"]!.Value.Text);
        Assert.Equal([1, 2, 2], new[] { "replicas", "nodes", "nodes_up" }.Select(name => (int)result.Metrics[name]!.Value.Number!));

        var unnamed = await ProbeAsync(new { host = "127.0.0.1", port = _all.Sentinels[1].Port, password = RedisSentinels.Password, sentinel_password = RedisSentinels.SentinelPassword });
        Assert.True(unnamed.IsClean, Words(unnamed));
        var wrongName = await ProbeAsync(new { nodes = Addresses[..1], master_name = "payments", password = RedisSentinels.Password, sentinel_password = RedisSentinels.SentinelPassword });
        Assert.Equal($"assertion: no master: {Addresses[0]}: master_name payments is unknown; known: orders", wrongName.Message);
        var noPassword = await ProbeAsync(new { host = "127.0.0.1", port = _all.Sentinels[0].Port, mode = "sentinel", password = RedisSentinels.Password });
        Assert.StartsWith("authentication: the server wants a password and none is configured", noPassword.Message, StringComparison.Ordinal);
        var wrongPassword = await ProbeAsync(new { nodes = Addresses, master_name = "orders", password = "wrong-one", sentinel_password = RedisSentinels.SentinelPassword });
        Assert.StartsWith($"authentication: master {master.Address} of orders does not answer: wrong username or password", wrongPassword.Message, StringComparison.Ordinal);
        var role = await ProbeAsync(Config(new { expect_role = "replica" }));
        Assert.Equal("assertion: role master, expected replica", role.Message);
    }

    [Fact]
    public async Task Sentinels_without_a_password_are_found_out_by_asking()
    {
        Requires.Redis();
        await using var master = await RedisServer.StartAsync(["--requirepass", RedisSentinels.Password], Token, ["--no-auth-warning", "--pass", RedisSentinels.Password]);
        using var folder = new TempDir();
        var port = FreePort.Next();
        await File.WriteAllTextAsync(
            folder.File("s.conf"), $"port {port}\nsentinel monitor orders 127.0.0.1 {master.Port} 1\nsentinel auth-pass orders {RedisSentinels.Password}\n", Token);
        await using var sentinel = await RedisServer.StartAsync([folder.File("s.conf"), "--sentinel"], Token, port: port);
        var result = await ProbeAsync(new { host = "127.0.0.1", port, password = RedisSentinels.Password });
        Assert.True(result.IsClean, Words(result));
        Assert.Equal("sentinel", result.Metrics["mode"]!.Value.Text);
        await sentinel.DoAsync(Token, "SENTINEL", "MONITOR", "payments", "127.0.0.1", master.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), "1");
        var two = await ProbeAsync(new { host = "127.0.0.1", port, password = RedisSentinels.Password });
        Assert.Matches("^assertion: no master: 127.0.0.1:[0-9]+: several masters are watched \\((orders, payments|payments, orders)\\): set master_name$", two.Message);
    }

    [Fact]
    public async Task A_dead_replica_and_a_dead_sentinel_are_warnings()
    {
        await WholeAsync();
        var master = await MasterAsync();
        var replica = master == _all.Master ? _all.Replica : _all.Master;
        await replica.KillAsync();
        await _all.Sentinels[0].UntilAsync("replica is down", text => text.Contains("s_down", StringComparison.Ordinal), Token, "SENTINEL", "REPLICAS", "orders");
        await _all.Sentinels[1].UntilAsync("replica is down", text => text.Contains("s_down", StringComparison.Ordinal), Token, "SENTINEL", "REPLICAS", "orders");
        await _all.Sentinels[2].KillAsync();
        await _all.Sentinels[0].UntilAsync("sentinel is down", text => text.Contains("s_down", StringComparison.Ordinal), Token, "SENTINEL", "SENTINELS", "orders");
        var asContact = await ProbeAsync(Config(new { }));
        Assert.Equal(ProbeOutcome.Ok, asContact.Outcome);
        Assert.Contains(asContact.Warnings, warning => warning.StartsWith($"replica {replica.Address} is down (", StringComparison.Ordinal));
        Assert.Contains($"sentinel {_all.Sentinels[2].Address} does not answer: connect: connection refused ({_all.Sentinels[2].Address})", asContact.Warnings);
        var asPeer = await ProbeAsync(new { host = "127.0.0.1", port = _all.Sentinels[0].Port, master_name = "orders", password = RedisSentinels.Password, sentinel_password = RedisSentinels.SentinelPassword });
        Assert.Contains(asPeer.Warnings, warning => warning.StartsWith($"sentinel {_all.Sentinels[2].Address} is down (", StringComparison.Ordinal));
        Assert.Equal([2, 1], new[] { "nodes", "nodes_up" }.Select(name => (int)asPeer.Metrics[name]!.Value.Number!));
        var few = await ProbeAsync(Config(new { min_replicas = 1, min_nodes = 2 }));
        Assert.Equal("assertion: 0 replicas online < min_replicas 1; 1 nodes up < min_nodes 2", few.Message);
        await replica.StartAgainAsync(Token);
        await _all.Sentinels[2].StartAgainAsync(Token);
        await WholeAsync();
    }

    [Fact]
    public async Task A_lost_quorum_is_a_warning_while_the_master_answers()
    {
        await WholeAsync();
        _all.Sentinels[1].Freeze();
        _all.Sentinels[2].Freeze();
        await _all.Sentinels[0].UntilAsync("no quorum", text => text.Contains("NOQUORUM", StringComparison.Ordinal), Token, "SENTINEL", "CKQUORUM", "orders");
        var result = await ProbeAsync(Config(new { }), 3);
        _all.Sentinels[1].Thaw();
        _all.Sentinels[2].Thaw();
        Assert.Equal(ProbeOutcome.Ok, result.Outcome);
        Assert.Contains(result.Warnings, warning => warning.StartsWith("the sentinels could not fail over: NOQUORUM 1 usable Sentinels", StringComparison.Ordinal));
        Assert.Contains(result.Warnings, warning => warning.StartsWith($"sentinel {_all.Sentinels[1].Address} does not answer: timeout: ", StringComparison.Ordinal));
        await WholeAsync();
    }

    [Fact]
    public async Task A_dead_master_is_a_failure_until_the_replica_has_taken_over()
    {
        await WholeAsync();
        var master = await MasterAsync();
        var replica = master == _all.Master ? _all.Replica : _all.Master;
        await master.KillAsync();
        var dead = await ProbeAsync(Config(new { }));
        Assert.Matches($@"^connect: master {master.Address} of orders does not answer( \(the sentinels say [a-z_,]+\))?: connection refused \({master.Address}\)$", dead.Message);
        await Task.WhenAll(_all.Sentinels.Select(sentinel => sentinel.UntilAsync(
            "failed over", text => text.EndsWith($"\n{replica.Port}", StringComparison.Ordinal), Token, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "orders")));
        await replica.UntilAsync("is master", text => text.Contains("role:master", StringComparison.Ordinal), Token, "INFO", "replication");
        await _all.Sentinels[0].UntilAsync("old master is down", text => text.Contains("s_down", StringComparison.Ordinal), Token, "SENTINEL", "REPLICAS", "orders");
        var after = await ProbeAsync(Config(new { }));
        Assert.Equal(ProbeOutcome.Ok, after.Outcome);
        await master.StartAgainAsync(Token);
        await WholeAsync();
        var whole = await ProbeAsync(Config(new { }));
        Assert.True(whole.IsClean, Words(whole));
    }

    [Fact]
    public async Task No_sentinel_at_all_is_a_failure_of_all_of_them()
    {
        var (one, two) = (ProbeBench.ClosedPort(), ProbeBench.ClosedPort());
        var result = await ProbeAsync(new { nodes = (string[])[$"127.0.0.1:{one}", $"127.0.0.1:{two}"], mode = "sentinel", master_name = "orders" });
        Assert.StartsWith($"connect: no sentinel answers: 127.0.0.1:{one}: connect: connection refused", result.Message, StringComparison.Ordinal);
    }

    private string[] Addresses => [.. _all.Sentinels.Select(sentinel => sentinel.Address)];

    private async Task WholeAsync()
    {
        Requires.Redis();
        _all = await started.SentinelsAsync();
        await _all.MendAsync(Token);
    }

    private async Task<RedisServer> MasterAsync() =>
        (await _all.Master.AskAsync(Token, "INFO", "replication")).Contains("role:master", StringComparison.Ordinal) ? _all.Master : _all.Replica;

    private Dictionary<string, object> Config(object more)
    {
        var config = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["nodes"] = Addresses,
            ["master_name"] = "orders",
            ["password"] = RedisSentinels.Password,
            ["sentinel_password"] = RedisSentinels.SentinelPassword,
        };
        foreach (var property in more.GetType().GetProperties())
        {
            config[property.Name] = property.GetValue(more)!;
        }

        return config;
    }

    private static Task<ProbeResult> ProbeAsync(object config, double timeoutSeconds = 10) => ProbeBench.RedisAsync(config, timeoutSeconds);

    private static string Words(ProbeResult result) => $"{result.Message} | {string.Join("; ", result.Warnings)} | {string.Join("; ", result.Notes)}";

    public sealed class Started : IAsyncLifetime
    {
        private Task<RedisSentinels>? _starting;

        public ValueTask InitializeAsync() => ValueTask.CompletedTask;

        public Task<RedisSentinels> SentinelsAsync() => _starting ??= RedisSentinels.StartAsync(Token);

        public async ValueTask DisposeAsync()
        {
            if (_starting is not null)
            {
                await (await _starting).DisposeAsync();
            }
        }
    }
}
