using Monitor.Core.Configs;
using Monitor.Core.Configs.Cassandra;
using Monitor.Core.Probing;
using Monitor.Probers.Cassandra;
using Monitor.Probers.Wire;
using Monitor.SystemTests.Harness;
using Monitor.SystemTests.Servers;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Probers;

/// <summary>A real ring of three, whose nodes are killed, frozen, drained and switched off. Each test leaves it whole.</summary>
[Collection(CassandraTests.Name)]
public sealed class CassandraRingTests(CassandraRing ring)
{
    /// <summary>What a query at ALL comes to without one replica, before and after its coordinator knows.</summary>
    private static readonly string?[] Lost =
    [
        "assertion: query failed: read timeout: consistency ALL requires answers of 3 replicas, 2 came",
        "assertion: query failed: unavailable: consistency ALL requires 3 replicas, 2 are alive",
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_whole_ring_is_clean_and_every_metric_is_told()
    {
        var elsewhere = Requires.CassandraElsewhere();
        var contacts = elsewhere ?? [(await ring.WholeAsync(Token)).Address(0)];
        var result = await new CassandraBench().ProbeAsync(new
        {
            contact_points = contacts,
            username = elsewhere is null ? null : Environment.GetEnvironmentVariable("MONITOR_TEST_CASSANDRA_USER"),
            password = elsewhere is null ? null : Environment.GetEnvironmentVariable("MONITOR_TEST_CASSANDRA_PASSWORD"),
        });
        Assert.True(result.IsClean, CassandraBench.Told(result));
        string[] names = ["dns_ms", "connect_ms", "address", "cluster_name", "version", "nodes", "nodes_up", "nodes_down", "nodes_unreachable", "datacenters", "schema_versions"];
        Assert.Equal(names, result.Metrics.Items.Select(metric => metric.Name));
        if (elsewhere is null)
        {
            Assert.Equal(("monitor-test", "127.0.0.1"), (result.Metrics["cluster_name"]!.Value.Text, result.Metrics["address"]!.Value.Text));
            Assert.StartsWith("5.", result.Metrics["version"]!.Value.Text, StringComparison.Ordinal);
            Assert.Equal((3, 3, 1), (result.Metrics["nodes"]!.Value.Number, result.Metrics["nodes_up"]!.Value.Number, result.Metrics["schema_versions"]!.Value.Number));
            Assert.Equal([("datacenter1", 3)], result.Metrics["datacenters"]!.Value.Map!.Select(pair => (pair.Key, pair.Value)));
            Assert.Empty(result.Metrics["nodes_down"]!.Value.List!);
            Assert.Empty(result.Notes);
        }
    }

    [Fact]
    public async Task Limits_of_the_config_are_judged_and_each_protocol_version_reads_the_same()
    {
        Requires.Cassandra();
        var servers = await ring.WholeAsync(Token);
        object Config(int? min = null, string? version = null, bool peers = true) => new { contact_points = new[] { servers.Address(1) }, min_nodes_up = min, expect_version = version, check_peers = peers };
        var few = await new CassandraBench().ProbeAsync(Config(min: 4));
        var old = await new CassandraBench().ProbeAsync(Config(version: "4.1"));
        var right = await new CassandraBench().ProbeAsync(Config(version: "5", min: 3));
        var alone = await new CassandraBench().ProbeAsync(Config(peers: false));
        Assert.Equal("assertion: 3 of 3 nodes up < min_nodes_up 4", few.Message);
        Assert.Matches("^assertion: version 5[0-9.]+ != expect_version 4\\.1 \\(127\\.0\\.0\\.2:[0-9]+, 127\\.0\\.0\\.[13]:[0-9]+, 127\\.0\\.0\\.[13]:[0-9]+\\)$", old.Message);
        Assert.True(right.IsClean, CassandraBench.Told(right));
        Assert.True(alone.IsClean, CassandraBench.Told(alone));
        Assert.Equal((3, 1), (alone.Metrics["nodes"]!.Value.Number, alone.Metrics["nodes_up"]!.Value.Number));
        Assert.Equal(["2 of 3 nodes were not asked (check_peers is false)"], alone.Notes);

        foreach (var version in new[] { 3, 5 })
        {
            var bench = new CassandraBench { Memory = (CassandraMemory.Empty with { Protocol = version }).Write() };
            var result = await bench.ProbeAsync(new { contact_points = new[] { servers.Address(0) }, query = "SELECT * FROM system_schema.columns", consistency = "LOCAL_ONE" });
            Assert.True(result.IsClean, CassandraBench.Told(result));
            Assert.Equal(version, CassandraMemory.Read(bench.Memory.Span).Protocol);
            Assert.Equal(3, result.Metrics["nodes_up"]!.Value.Number);
        }

        Assert.StartsWith(
            "assertion: query failed: invalid: \"keyspace nowhere does not exist\"",
            (await new CassandraBench().ProbeAsync(new { contact_points = new[] { servers.Address(0) }, query = "SELECT * FROM nowhere.t" })).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Frozen_and_killed_nodes_are_named_and_too_few_are_a_failure()
    {
        Requires.Cassandra();
        var servers = await ring.WholeAsync(Token);
        await ReplicatedAsync(servers);
        var bench = new CassandraBench();
        var config = new { contact_points = new[] { servers.Address(1), servers.Address(0) } };
        var all = new { config.contact_points, query = "SELECT * FROM probed.t WHERE id = 1", consistency = "ALL" };

        // A replica that has not heard of the new table yet fails the read.
        await Eventually.GetAsync("every replica answers", async () => await bench.ProbeAsync(all) is { IsClean: true } clean ? clean : null, Token);

        // Frozen: its sockets accept and nothing answers. The contact point that is frozen costs a moment, not the probe.
        await servers.SignalAsync(1, Signal.Stop, Token);
        var frozen = await bench.ProbeAsync(config, 5);
        var late = await bench.ProbeAsync(all, 20);
        await servers.SignalAsync(1, Signal.Continue, Token);
        Assert.Equal(ProbeOutcome.Ok, frozen.Outcome);
        Assert.StartsWith($"1 of 3 nodes down: {servers.Address(1)} (timeout: ", frozen.Warnings[0], StringComparison.Ordinal);
        Assert.Equal([servers.Address(1)], frozen.Metrics["nodes_down"]!.Value.List);
        Assert.Contains(late.Message, Lost);
        await servers.DeadAsync(0, [], Token);

        // Killed: the port is closed.
        await servers.KillAsync(2, Token);
        await servers.DeadAsync(0, [2], Token);
        var one = await bench.ProbeAsync(config);
        var unavailable = await bench.ProbeAsync(all);
        var stranger = await new CassandraBench().ProbeAsync(config);
        Assert.Equal(ProbeOutcome.Ok, one.Outcome);
        Assert.Equal([$"1 of 3 nodes down: {servers.Address(2)} (connect: connection refused ({servers.Address(2)}))"], one.Warnings);
        Assert.Equal((2, 3), (one.Metrics["nodes_up"]!.Value.Number, one.Metrics["nodes"]!.Value.Number));

        // The node that is asked hears of the death in its own time.
        Assert.Contains(unavailable.Message, Lost);

        // Whoever never reached it cannot know.
        Assert.True(stranger.IsClean, CassandraBench.Told(stranger));
        Assert.Equal([servers.Address(2)], stranger.Metrics["nodes_unreachable"]!.Value.List);

        await servers.KillAsync(1, Token);
        var two = await bench.ProbeAsync(config);
        Assert.StartsWith($"assertion: 1 of 3 nodes up < min_nodes_up 2 (a majority of the 3 ever reached from here); down: ", two.Message, StringComparison.Ordinal);
        Assert.Contains(servers.Address(1), two.Message, StringComparison.Ordinal);
        Assert.Contains(servers.Address(2), two.Message, StringComparison.Ordinal);

        await Task.WhenAll(servers.ReviveAsync(1, Token), servers.ReviveAsync(2, Token));
        await servers.DeadAsync(0, [], Token);
        var healed = await bench.ProbeAsync(config);
        Assert.True(healed.IsClean, CassandraBench.Told(healed));
    }

    [Fact]
    public async Task Nodes_that_are_switched_off_or_drained_are_named_with_what_they_told_their_ring()
    {
        Requires.Cassandra();
        var servers = await ring.WholeAsync(Token);
        var bench = new CassandraBench();
        var config = new { contact_points = new[] { servers.Address(0) } };
        var whole = await bench.ProbeAsync(config);
        Assert.True(whole.IsClean, CassandraBench.Told(whole));

        // Cassandra 5.0 does not tell its ring of this: only asking shows it.
        await servers.NodeToolAsync(1, ["disablebinary"], Token);
        var off = await bench.ProbeAsync(config);
        Assert.Equal(ProbeOutcome.Ok, off.Outcome);
        Assert.StartsWith($"1 of 3 nodes down: {servers.Address(1)} (connect: connection refused ({servers.Address(1)})", Assert.Single(off.Warnings), StringComparison.Ordinal);
        await servers.NodeToolAsync(1, ["enablebinary"], Token);

        await servers.NodeToolAsync(2, ["drain"], Token);
        var drained = await Eventually.GetAsync("the ring hears that node 2 was drained", async () => Mentions(await bench.ProbeAsync(config), "was drained"), Token);
        Assert.Equal([$"1 of 3 nodes down: {servers.Address(2)} (connect: connection refused ({servers.Address(2)}); it told its ring that it shuts down or was drained)"], drained.Warnings);
        await servers.KillAsync(2, Token);
        await servers.ReviveAsync(2, Token);
        await servers.DeadAsync(0, [], Token);
        await Eventually.GetAsync("the ring is clean again", async () => await bench.ProbeAsync(config) is { IsClean: true } clean ? clean : null, Token);
    }

    private static ProbeResult? Mentions(ProbeResult result, string words) => result.Warnings.Any(warning => warning.Contains(words, StringComparison.Ordinal)) ? result : null;

    /// <summary>A table with a replica on every node.</summary>
    private static async Task ReplicatedAsync(CassandraServers servers)
    {
        var config = new CassandraConfig { ContactPoints = [new NodeAddress("127.0.0.1", servers.Port)] };
        await CqlSetup.RunAsync(
            config,
            "CREATE KEYSPACE IF NOT EXISTS probed WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}",
            "CREATE TABLE IF NOT EXISTS probed.t (id int PRIMARY KEY, text text)",
            "INSERT INTO probed.t (id, text) VALUES (1, 'one')");
    }
}

/// <summary>Statements that prepare what is probed: the prober itself never writes.</summary>
internal static class CqlSetup
{
    public static async Task RunAsync(CassandraConfig config, params string[] statements)
    {
        var run = new ProbeRun(TimeProvider.System, TimeSpan.FromSeconds(60));
        var opened = await CqlSession.OpenAsync(ProbeBench.Dialer(), run, config.ContactPoints[0], config, 4, TestContext.Current.CancellationToken);
        Assert.Null(opened.Fault);
        await using var session = opened.Value!;
        foreach (var statement in statements)
        {
            var fault = await session.AskAsync(
                [statement], (_, frame) => frame.Opcode == CqlOpcode.Error ? CqlError.Read(frame.Message.Span)!.ToFault(statement, []) : null, TestContext.Current.CancellationToken);
            Assert.Null(fault);
        }
    }
}
