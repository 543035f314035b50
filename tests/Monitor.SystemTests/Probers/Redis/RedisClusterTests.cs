using System.Globalization;
using System.Text;
using Monitor.Core.Outbound;
using Monitor.Core.Probing;
using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Probers.Redis;

/// <summary>A real cluster of three masters and three replicas, broken in every way and mended again.</summary>
public sealed class RedisClusterTests(RedisClusterTests.Started started) : IClassFixture<RedisClusterTests.Started>
{
    private RedisCluster _cluster = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_whole_cluster_is_up_with_all_its_metrics_from_any_seed_and_in_any_mode()
    {
        await WholeAsync();
        var result = await ProbeAsync();
        Assert.True(result.IsClean, Words(result));
        Assert.Empty(result.Notes);
        Assert.Equal(
            [
                "dns_ms", "connect_ms", "address", "mode", "role", "version", "used_memory_bytes", "connected_clients", "ops_per_second", "uptime_seconds",
                "replicas", "nodes", "nodes_up", "slots_ok", "slots_fail",
            ],
            result.Metrics.Items.Select(metric => metric.Name));
        Assert.Equal("cluster", result.Metrics["mode"]!.Value.Text);
        Figures(result, replicas: 3, nodes: 6, up: 6, ok: 16384, lost: 0);
        foreach (var node in _cluster.Nodes)
        {
            var alone = await ProbeBench.RedisAsync(new { host = "127.0.0.1", port = node.Port, password = RedisCluster.Password, min_replicas = 1, min_nodes = 6 });
            Assert.True(alone.IsClean, Words(alone));
            Figures(alone, replicas: 3, nodes: 6, up: 6, ok: 16384, lost: 0);
        }

        var named = await ProbeBench.RedisAsync(new { nodes = Addresses, password = RedisCluster.Password, mode = "cluster" });
        Assert.True(named.IsClean, Words(named));
        var asServer = await ProbeBench.RedisAsync(new { host = "127.0.0.1", port = _cluster.Nodes[0].Port, password = RedisCluster.Password, mode = "standalone" });
        Assert.True(asServer.IsClean, Words(asServer));
        var wanting = await ProbeBench.RedisAsync(new { nodes = Addresses, password = RedisCluster.Password, min_replicas = 2, min_nodes = 7 });
        Assert.StartsWith("assertion: 6 nodes up < min_nodes 7; master 127.0.0.1:", wanting.Message, StringComparison.Ordinal);
        Assert.Contains(" has 1 working replicas < min_replicas 2", wanting.Message, StringComparison.Ordinal);
        var wrong = await ProbeBench.RedisAsync(new { nodes = Addresses, password = "wrong-one" });
        Assert.StartsWith("authentication: no contact point answers: 127.0.0.1:", wrong.Message, StringComparison.Ordinal);
        var database = await ProbeBench.RedisAsync(new { nodes = Addresses, password = RedisCluster.Password, database = 2 });
        Assert.Contains("database 2 was refused: ERR SELECT is not allowed in cluster mode", database.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_with_the_documented_rights_sees_all_and_one_without_those_of_the_cluster_gets_notes()
    {
        await WholeAsync();
        foreach (var node in _cluster.Nodes)
        {
            foreach (var line in DocumentedUsers.Of("redis.md", "redis-cli"))
            {
                await node.DoAsync(Token, line.Replace(">choose-a-password", ">pw-of-probe", StringComparison.Ordinal).Split(' '));
            }

            await node.DoAsync(Token, "ACL", "SETUSER", "narrow", "on", ">pw-of-probe", "-@all", "+ping", "+info");
        }

        var full = await ProbeBench.RedisAsync(new { nodes = Addresses, username = "monitor", password = "pw-of-probe" });
        var narrow = await ProbeBench.RedisAsync(new { nodes = Addresses, username = "narrow", password = "pw-of-probe" });
        Assert.True(full.IsClean, Words(full));
        Assert.Empty(full.Notes);
        Figures(full, replicas: 3, nodes: 6, up: 6, ok: 16384, lost: 0);
        Assert.True(narrow.IsClean, Words(narrow));
        Assert.Contains(narrow.Notes, note => note.Contains("CLUSTER NODES was refused, so that slots and other nodes are not checked (grant +cluster|nodes): NOPERM", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_dead_replica_is_a_warning_that_names_it_and_its_master()
    {
        await WholeAsync();
        var (master, replica) = await PairAsync();
        await replica.KillAsync();
        var early = await ProbeAsync(replica.Address);
        Assert.Equal(ProbeOutcome.Ok, early.Outcome);
        Assert.Contains(
            early.Warnings, warning => warning.StartsWith($"replica {replica.Address} of {master.Address} is down: ", StringComparison.Ordinal)
                && warning.Contains($"connect: connection refused ({replica.Address})", StringComparison.Ordinal));
        await FailedAsync(replica);
        var result = await ProbeAsync();
        Assert.Equal(ProbeOutcome.Ok, result.Outcome);
        Assert.Equal(
            [$"replica {replica.Address} of {master.Address} is down: failed in the eyes of the cluster, connect: connection refused ({replica.Address})"], result.Warnings);
        Figures(result, replicas: 2, nodes: 6, up: 5, ok: 16384, lost: 0);
        var limited = await ProbeBench.RedisAsync(new { nodes = Addresses, password = RedisCluster.Password, min_replicas = 1, min_nodes = 6 });
        Assert.Equal($"assertion: 5 nodes up < min_nodes 6; master {master.Address} has 0 working replicas < min_replicas 1", limited.Message);
        await replica.StartAgainAsync(Token);
        await WholeAsync();
        Assert.True((await ProbeAsync()).IsClean);
    }

    [Fact]
    public async Task A_dead_master_whose_replica_takes_over_is_a_warning()
    {
        await WholeAsync();
        var (master, replica) = await PairAsync();
        await master.KillAsync();
        await replica.UntilAsync("has taken over", text => text.Contains("role:master", StringComparison.Ordinal), Token, "INFO", "replication");
        await RedisCluster.UntilAsync(_cluster.Nodes.Where(node => node != master), text => text.Contains("cluster_state:ok", StringComparison.Ordinal), "ok again", Token);
        await FailedAsync(master);
        var result = await ProbeAsync();
        Assert.Equal(ProbeOutcome.Ok, result.Outcome);
        Assert.Contains(result.Warnings, warning => warning.StartsWith($"master {master.Address} is down: failed in the eyes of the cluster", StringComparison.Ordinal));
        Figures(result, replicas: 2, nodes: 6, up: 5, ok: 16384, lost: 0);
        await master.StartAgainAsync(Token);
        await WholeAsync();
        Assert.True((await ProbeAsync()).IsClean);
    }

    [Fact]
    public async Task A_frozen_node_costs_the_others_nothing_and_is_named()
    {
        await WholeAsync();
        var (master, replica) = await PairAsync();
        replica.Freeze();
        var result = await ProbeAsync(replica.Address, 2);
        Assert.Equal(ProbeOutcome.Ok, result.Outcome);
        Assert.Contains(
            result.Warnings, warning => warning.StartsWith($"replica {replica.Address} of {master.Address} is down: ", StringComparison.Ordinal)
                && warning.Contains("timeout: the answer to AUTH did not come within", StringComparison.Ordinal));
        Assert.True(result.Metrics["connect_ms"]!.Value.Number < 500);
        replica.Thaw();
        await WholeAsync();
    }

    [Fact]
    public async Task A_master_lost_with_its_replica_leaves_slots_uncovered_and_the_failure_names_both()
    {
        await WholeAsync();
        var (master, replica) = await PairAsync();
        var slots = (await master.AskAsync(Token, "CLUSTER", "NODES")).Split('\n').First(line => line.Contains("myself", StringComparison.Ordinal)).Split(' ')[8].Trim();
        await replica.KillAsync();
        await FailedAsync(replica);
        await master.KillAsync();
        var others = _cluster.Nodes.Where(node => node != master && node != replica).ToArray();
        await RedisCluster.UntilAsync(others, text => text.Contains("cluster_state:fail", StringComparison.Ordinal), "fail", Token);
        await FailedAsync(master);
        var result = await ProbeAsync();
        Assert.Equal(FailureStage.Assertion, result.Stage);
        Assert.StartsWith($"assertion: cluster_state is fail; slots not covered: {slots} (master {master.Address} failed); down: 127.0.0.1:", result.Message, StringComparison.Ordinal);
        Assert.Contains($"{master.Address} (failed in the eyes of the cluster, connect: connection refused ({master.Address}))", result.Message, StringComparison.Ordinal);
        Assert.Contains($"{replica.Address} (failed in the eyes of the cluster", result.Message, StringComparison.Ordinal);
        var info = await others[0].AskAsync(Token, "CLUSTER", "INFO");
        Assert.Contains($"cluster_slots_fail:{result.Metrics["slots_fail"]!.Value.Number}\n", info + "\n", StringComparison.Ordinal);
        Assert.Contains($"cluster_slots_ok:{result.Metrics["slots_ok"]!.Value.Number}\n", info + "\n", StringComparison.Ordinal);
        await master.StartAgainAsync(Token);
        await replica.StartAgainAsync(Token);
        await WholeAsync();
    }

    [Fact]
    public async Task Two_of_three_masters_gone_are_no_majority()
    {
        await WholeAsync();
        var masters = new List<RedisServer>();
        foreach (var node in _cluster.Nodes)
        {
            if ((await node.AskAsync(Token, "INFO", "replication")).Contains("role:master", StringComparison.Ordinal))
            {
                masters.Add(node);
            }
        }

        masters[0].Freeze();
        masters[1].Freeze();
        await RedisCluster.UntilAsync([masters[2]], text => text.Contains("cluster_state:fail", StringComparison.Ordinal), "fail", Token);
        var result = await ProbeAsync(timeoutSeconds: 3);
        masters[0].Thaw();
        masters[1].Thaw();
        Assert.StartsWith("assertion: cluster_state is fail", result.Message, StringComparison.Ordinal);
        Assert.Contains("no majority: 1 of 3 masters are up; down: ", result.Message, StringComparison.Ordinal);
        Assert.Contains(masters[0].Address, result.Message, StringComparison.Ordinal);
        Assert.Contains(masters[1].Address, result.Message, StringComparison.Ordinal);
        await WholeAsync();
    }

    [Fact]
    public async Task A_node_in_handshake_and_one_that_was_forgotten_are_named()
    {
        await WholeAsync();
        var (_, replica) = await PairAsync();
        var witness = _cluster.Nodes.First(node => node != replica);
        var nobody = FreePort.Next();
        await witness.DoAsync(Token, "CLUSTER", "MEET", "127.0.0.1", nobody.ToString(CultureInfo.InvariantCulture), FreePort.Next().ToString(CultureInfo.InvariantCulture));
        var meeting = await ProbeAsync();
        Assert.Equal(ProbeOutcome.Ok, meeting.Outcome);
        Assert.Contains($"127.0.0.1:{nobody} is in handshake with {witness.Address}", meeting.Warnings);
        Figures(meeting, replicas: 3, nodes: 6, up: 6, ok: 16384, lost: 0);

        await witness.DoAsync(Token, "CLUSTER", "FORGET", await replica.AskAsync(Token, "CLUSTER", "MYID"));
        var forgotten = await ProbeAsync();
        Assert.Equal(ProbeOutcome.Ok, forgotten.Outcome);
        Assert.Contains($"{replica.Address} is not known to {witness.Address}", forgotten.Warnings);
        await witness.UntilAsync("handshake over", text => !text.Contains("handshake", StringComparison.Ordinal), Token, "CLUSTER", "NODES");
        await _cluster.MeetAsync(_cluster.Nodes.ToList().IndexOf(witness), _cluster.Nodes.ToList().IndexOf(replica), Token);
        await WholeAsync();
    }

    [Fact]
    public async Task A_replica_that_cannot_follow_its_master_is_named()
    {
        await WholeAsync();
        var (master, replica) = await PairAsync();
        await replica.DoAsync(Token, "CONFIG", "SET", "masterauth", "wrong-one");
        await master.DoAsync(Token, "CLIENT", "KILL", "TYPE", "replica");
        await replica.UntilAsync("link down", text => text.Contains("master_link_status:down", StringComparison.Ordinal), Token, "INFO", "replication");
        var result = await ProbeAsync();
        Assert.Equal(ProbeOutcome.Ok, result.Outcome);
        Assert.Contains(result.Warnings, warning => warning.StartsWith($"{replica.Address}: replication link to master {master.Address} is down", StringComparison.Ordinal));
        Figures(result, replicas: 2, nodes: 6, up: 6, ok: 16384, lost: 0);
        await replica.DoAsync(Token, "CONFIG", "SET", "masterauth", RedisCluster.Password);
        await WholeAsync();
    }

    [Fact]
    public async Task An_announced_address_that_was_never_reached_is_a_note_and_one_that_was_reached_before_is_down()
    {
        await WholeAsync();
        var hidden = _cluster.Nodes[5];
        var seed = _cluster.Nodes[0];
        var config = new { host = "127.0.0.1", port = seed.Port, password = RedisCluster.Password };

        // Outside of what this monitor may connect to stands for outside of what it can reach: refused at once instead of by silence.
        await hidden.DoAsync(Token, "CONFIG", "SET", "cluster-announce-ip", "127.9.9.9");
        await SeenAsync(text => text.Contains("127.9.9.9", StringComparison.Ordinal), "announced elsewhere");
        var never = await ProbeBench.RedisAsync(config);
        Assert.True(never.IsClean, Words(never));
        var note = Assert.Single(never.Notes);
        Assert.StartsWith("1 of 6 nodes were never reached from here, though the cluster has them; perhaps what they announce lies behind NAT: 127.9.9.9:", note, StringComparison.Ordinal);
        Assert.Contains("connect: connection refused (127.9.9.9:", note, StringComparison.Ordinal);
        Assert.Equal(6, never.Metrics["nodes"]!.Value.Number);

        // As a contact point it is reached, and known by its id, whatever it announces.
        var asContact = await ProbeBench.RedisAsync(new { nodes = new[] { seed.Address, hidden.Address }, password = RedisCluster.Password });
        Assert.True(asContact.IsClean, Words(asContact));
        Assert.Empty(asContact.Notes);
        Assert.NotNull(asContact.Memory);

        var later = await ProbeBench.RedisAsync(config, memory: asContact.Memory.Value);
        Assert.Equal(ProbeOutcome.Ok, later.Outcome);
        Assert.Contains(later.Warnings, warning => warning.Contains("127.9.9.9", StringComparison.Ordinal) && warning.Contains("is down: connect: connection refused", StringComparison.Ordinal));
        Assert.Null(later.Memory);
        var denied = await ProbeBench.RedisAsync(config, policy: new OutboundPolicy([], [System.Net.IPNetwork.Parse("127.9.9.9/32")]));
        Assert.Contains("not allowed: 127.9.9.9 is denied by Outbound:Deny", Assert.Single(denied.Notes), StringComparison.Ordinal);

        var garbage = await ProbeBench.RedisAsync(config, memory: Encoding.UTF8.GetBytes("{\"not\":\"mine\"}\n\0\xFF"));
        Assert.True(garbage.IsClean, Words(garbage));
        await hidden.DoAsync(Token, "CONFIG", "SET", "cluster-announce-ip", "");
        await SeenAsync(text => !text.Contains("127.9.9.9", StringComparison.Ordinal), "announced here");
    }

    [Fact]
    public async Task A_contact_point_that_is_dead_or_no_member_is_a_warning_beside_those_that_answer()
    {
        await WholeAsync();
        var closed = ProbeBench.ClosedPort();
        await using var stranger = await RedisServer.StartAsync(["--requirepass", RedisCluster.Password], Token, ["--no-auth-warning", "--pass", RedisCluster.Password]);
        var result = await ProbeBench.RedisAsync(
            new { nodes = (string[])[$"127.0.0.1:{closed}", _cluster.Nodes[1].Address, stranger.Address], password = RedisCluster.Password });
        Assert.Equal(ProbeOutcome.Ok, result.Outcome);
        Assert.Contains($"contact point 127.0.0.1:{closed} does not answer: connect: connection refused (127.0.0.1:{closed})", result.Warnings);
        Assert.Contains($"{stranger.Address} is no cluster node (mode standalone)", result.Warnings);
        Figures(result, replicas: 3, nodes: 6, up: 6, ok: 16384, lost: 0);
    }

    [Fact]
    public async Task An_announced_host_name_is_used_where_the_address_does_not_answer()
    {
        await WholeAsync();
        var node = _cluster.Nodes[4];
        var seed = _cluster.Nodes[0];
        await node.DoAsync(Token, "CONFIG", "SET", "cluster-announce-ip", "127.9.9.9");
        await node.DoAsync(Token, "CONFIG", "SET", "cluster-announce-hostname", "redis-4.test");
        await SeenAsync(text => text.Contains("127.9.9.9", StringComparison.Ordinal) && text.Contains("redis-4.test", StringComparison.Ordinal), "announced by name");
        var result = await ProbeBench.RedisAsync(
            new { host = "127.0.0.1", port = seed.Port, password = RedisCluster.Password }, names: new ScriptedNames(["127.0.0.1"]));
        Assert.True(result.IsClean, Words(result));
        Assert.Empty(result.Notes);
        await node.DoAsync(Token, "CONFIG", "SET", "cluster-announce-ip", "");
        await node.DoAsync(Token, "CONFIG", "SET", "cluster-announce-hostname", "");
        await SeenAsync(text => !text.Contains("127.9.9.9", StringComparison.Ordinal) && !text.Contains("redis-4", StringComparison.Ordinal), "announced plainly");
    }

    private string[] Addresses => [.. _cluster.Nodes.Select(node => node.Address)];

    private async Task WholeAsync()
    {
        Requires.Redis();
        _cluster = await started.ClusterAsync();
        await _cluster.MendAsync(Token);
    }

    /// <summary>Waits until every node sees it so.</summary>
    private Task SeenAsync(Func<string, bool> wanted, string what) => Task.WhenAll(_cluster.Nodes.Select(node => node.UntilAsync(what, wanted, Token, "CLUSTER", "NODES")));

    /// <summary>From a list of all, without the one given first: the others' word about it comes first.</summary>
    private Task<ProbeResult> ProbeAsync(string? last = null, double timeoutSeconds = 10) => ProbeBench.RedisAsync(
        new { nodes = Addresses.Where(address => address != last).Concat(last is null ? [] : [last]).ToArray(), password = RedisCluster.Password }, timeoutSeconds);

    /// <summary>A master with slots and its one replica, whoever holds these offices at the moment.</summary>
    private async Task<(RedisServer Master, RedisServer Replica)> PairAsync()
    {
        foreach (var node in _cluster.Nodes)
        {
            var info = await node.AskAsync(Token, "INFO", "replication");
            if (info.Contains("role:slave", StringComparison.Ordinal))
            {
                return (_cluster.Nodes.First(other => info.Contains($"master_port:{other.Port}\n", StringComparison.Ordinal)), node);
            }
        }

        throw new InvalidOperationException("the cluster has no replica");
    }

    /// <summary>Waits until all that live have agreed that it failed.</summary>
    private async Task FailedAsync(RedisServer dead)
    {
        foreach (var node in _cluster.Nodes.Where(node => node.IsRunning))
        {
            await node.UntilAsync(
                $"{dead.Address} has failed",
                text => text.Split('\n').Any(line => line.Contains($"{dead.Address}@", StringComparison.Ordinal) && line.Contains("fail ", StringComparison.Ordinal) && !line.Contains("fail?", StringComparison.Ordinal)),
                Token,
                "CLUSTER",
                "NODES");
        }
    }

    private static void Figures(ProbeResult result, int replicas, int nodes, int up, int ok, int lost) => Assert.Equal(
        [replicas, nodes, up, ok, lost],
        new[] { "replicas", "nodes", "nodes_up", "slots_ok", "slots_fail" }.Select(name => (int)(result.Metrics[name]?.Number ?? -1)));

    private static string Words(ProbeResult result) => $"{result.Message} | {string.Join("; ", result.Warnings)} | {string.Join("; ", result.Notes)}";

    /// <summary>One cluster for all of them: each test waits until it is whole.</summary>
    public sealed class Started : IAsyncLifetime
    {
        private Task<RedisCluster>? _starting;

        public ValueTask InitializeAsync() => ValueTask.CompletedTask;

        public Task<RedisCluster> ClusterAsync() => _starting ??= RedisCluster.StartAsync(Token);

        public async ValueTask DisposeAsync()
        {
            if (_starting is not null)
            {
                await (await _starting).DisposeAsync();
            }
        }
    }
}
