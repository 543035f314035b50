using Monitor.Core.Probing;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Probers.Kafka;

/// <summary>What is said while brokers of a real cluster are dead or frozen. Every test gives back what it took away.</summary>
[Collection(KafkaCollection.Name)]
public sealed class KafkaBrokenTests(KafkaCluster cluster)
{
    private static CancellationToken Token => KafkaBench.Token;

    [Fact]
    public async Task A_dead_broker_is_missing_its_partitions_under_replicated_and_its_only_copies_without_leader()
    {
        var servers = await cluster.OwnServersAsync();
        var (safe, lone, group, other) = await PrepareAsync(servers);
        await servers.KillAsync(2, Token);
        try
        {
            // At once, before the cluster knows: whoever is asked says that broker 2 leads.
            var early = await KafkaBench.OnceAsync(new { bootstrap_servers = servers.Bootstrap, expected_brokers = 3 }, 5);
            Assert.NotEqual(ProbeOutcome.Skipped, early.Outcome);
            Assert.True(early.Outcome == ProbeOutcome.Failed || early.Warnings.Count > 0, "a broker that died a moment ago went unnoticed");

            // The first bootstrap server is dead as well: from any that answers.
            string[] deadFirst = [servers.Plain(2), servers.Plain(0)];
            var target = new KafkaBench(new { bootstrap_servers = deadFirst, expected_brokers = 3, topics = new[] { safe } });
            var warned = await target.UntilAsync("the cluster has noticed", result => result.Outcome == ProbeOutcome.Ok && result.Warnings.Any(one => one.Contains("is missing", StringComparison.Ordinal)));
            warned.Warned("brokers 2 < expected_brokers 3");
            warned.Warned("broker 2 is missing: it should hold replicas of 3 partitions");
            warned.Warned($"3 partitions under-replicated ({safe}/0, {safe}/1, {safe}/2): not in sync on broker 2");
            Assert.Contains(warned.Notes, note => note.StartsWith($"bootstrap server {servers.Plain(2)} did not answer: connect: connection refused", StringComparison.Ordinal));
            Assert.Equal((2d, 3d, 0d), (warned.Number("brokers"), warned.Number("under_replicated_partitions"), warned.Number("offline_partitions")));
            (await KafkaBench.OnceAsync(new { bootstrap_servers = servers.Bootstrap, min_brokers = 3, topics = new[] { safe } })).FailedWith(FailureStage.Assertion, "brokers 2 < min_brokers 3");
            (await KafkaBench.OnceAsync(new { bootstrap_servers = servers.Bootstrap })).FailedWith(FailureStage.Assertion, $"{lone}/0: replicas on broker 2");

            // A group on what has copies is well but for those; one that needs the lost partition is not.
            var lagging = await new KafkaBench(new { bootstrap_servers = servers.Bootstrap, consumer_group = group })
                .UntilAsync("the group and all it has committed are found again", result => result.Outcome == ProbeOutcome.Ok && result.Number("partitions_without_commit") == 0);
            lagging.Warned("3 partitions under-replicated");
            Assert.Equal(30, lagging.Number("lag"));
            // A coordinator that has just taken over answers that it knows no such group, until what it has read is committed anew.
            var lost = await new KafkaBench(new { bootstrap_servers = servers.Bootstrap, consumer_group = other })
                .UntilAsync("the other group is found again", result => result.Number("offline_partitions") == 1);
            lost.FailedWith(FailureStage.Assertion, $"1 partition without leader ({lone}/0: replicas on broker 2)");
            Assert.Null(lost.Metrics["lag"]);
            Assert.Equal(1, lost.Number("offline_partitions"));
        }
        finally
        {
            await servers.ReviveAsync(2, Token);
        }

        await WholeAsync(servers);
    }

    [Fact]
    public async Task A_frozen_leader_is_named_with_its_partitions_within_the_deadline()
    {
        var servers = await cluster.OwnServersAsync();
        var (_, lone, _, other) = await PrepareAsync(servers);
        await servers.SignalAsync(2, "STOP", Token);
        try
        {
            var began = TimeProvider.System.GetTimestamp();
            var frozen = await KafkaBench.OnceAsync(new { bootstrap_servers = new[] { servers.Plain(2), servers.Plain(0) }, consumer_group = other }, 3);
            Assert.Equal(ProbeOutcome.Failed, frozen.Outcome);
            Assert.InRange(TimeProvider.System.GetElapsedTime(began).TotalSeconds, 0, 3.5);
            Assert.True(
                frozen.Message!.Contains("broker 2 advertised as " + servers.Plain(2), StringComparison.Ordinal) || frozen.Message.Contains("replicas on broker 2", StringComparison.Ordinal),
                frozen.Message);

            var alone = await KafkaBench.OnceAsync(new { bootstrap_servers = new[] { servers.Plain(2) } }, 1);
            Assert.Equal($"timeout: an answer to ApiVersions from {servers.Plain(2)} did not come within 1 s (connected to {servers.Plain(2)})", alone.Message);
            var noticed = await new KafkaBench(new { bootstrap_servers = servers.Bootstrap, consumer_group = other })
                .UntilAsync("the cluster has noticed", result => result.Message?.Contains("without leader", StringComparison.Ordinal) ?? false);
            noticed.FailedWith(FailureStage.Assertion, $"{lone}/0: replicas on broker 2");
        }
        finally
        {
            await servers.SignalAsync(2, "CONT", Token);
        }

        await WholeAsync(servers);
    }

    [Fact]
    public async Task A_coordinator_that_dies_is_replaced_within_a_probe_or_named()
    {
        var servers = await cluster.OwnServersAsync();
        using var client = await servers.ConnectAsync(Token);
        var name = Guid.NewGuid().ToString("N")[..10];
        await client.CreateTopicAsync("orders-" + name, [[0, 1, 2]], Token);
        await client.CommitAsync("billing-" + name, "orders-" + name, 0, 0, Token);
        using var coordinator = await client.CoordinatorAsync("billing-" + name, 0, Token);
        var node = (coordinator.Port - servers.Port) / 10;
        var seed = servers.Plain((node + 1) % 3);
        await servers.KillAsync(node, Token);
        try
        {
            // While the cluster still names the dead one, the probe asks again; with time enough it outlives the change. The new one may know nothing of the group for an instant.
            var result = await KafkaBench.OnceAsync(new { bootstrap_servers = new[] { seed }, consumer_group = "billing-" + name }, 20);
            Assert.True(
                result.Outcome == ProbeOutcome.Ok || result.Message!.Contains($"broker {node} advertised as {servers.Plain(node)}, the coordinator of group billing-{name}", StringComparison.Ordinal)
                    || result.Message.Contains($"consumer group billing-{name} does not exist", StringComparison.Ordinal),
                result.Message);
            await new KafkaBench(new { bootstrap_servers = new[] { seed }, consumer_group = "billing-" + name })
                .UntilAsync("another coordinator has taken over", one => one.Outcome == ProbeOutcome.Ok);
        }
        finally
        {
            await servers.ReviveAsync(node, Token);
        }

        await WholeAsync(servers);
    }

    [Fact]
    public async Task A_quorum_that_is_lost_is_no_controller_though_the_last_broker_goes_on_to_name_one()
    {
        var servers = await cluster.OwnServersAsync();
        await servers.KillAsync(1, Token);
        await servers.KillAsync(2, Token);
        try
        {
            var result = await new KafkaBench(new { bootstrap_servers = new[] { servers.Plain(0) } }, 4).UntilAsync(
                "the quorum is lost", result => result.Message?.Contains("no controller", StringComparison.Ordinal) ?? false);
            result.FailedWith(FailureStage.Assertion, $"no controller: {servers.Plain(0)} got no answer of one in ");
            Assert.Equal(1, result.Number("brokers"));
        }
        finally
        {
            await Task.WhenAll(servers.ReviveAsync(1, Token), servers.ReviveAsync(2, Token));
        }

        await WholeAsync(servers);
    }

    [Fact]
    public async Task No_bootstrap_server_that_answers_is_a_failure_that_names_them_all()
    {
        var (first, second) = (ProbeBench.ClosedPort(), ProbeBench.ClosedPort());
        var result = await KafkaBench.OnceAsync(new { bootstrap_servers = new[] { $"127.0.0.1:{first}", $"127.0.0.1:{second}" } });
        Assert.Equal(
            $"connect: no bootstrap server answers (127.0.0.1:{first}: connect: connection refused (127.0.0.1:{first}), 127.0.0.1:{second}: connect: connection refused (127.0.0.1:{second}))",
            result.Message);
    }

    private static async Task<(string Safe, string Lone, string Group, string Other)> PrepareAsync(KafkaServers servers)
    {
        using var client = await servers.ConnectAsync(Token);
        var name = Guid.NewGuid().ToString("N")[..10];
        var (safe, lone, group, other) = ("safe-" + name, "lone-" + name, "billing-" + name, "other-" + name);
        await client.CreateTopicAsync(safe, [[0, 1, 2], [1, 0, 2], [0, 1, 2]], Token);
        await client.CreateTopicAsync(lone, [[2]], Token);
        for (var partition = 0; partition < 3; partition++)
        {
            await client.ProduceAsync(safe, partition, 10, Token);
            await client.CommitAsync(group, safe, partition, 0, Token);
        }

        await client.CommitAsync(other, lone, 0, 0, Token);
        (await KafkaBench.OnceAsync(new { bootstrap_servers = servers.Bootstrap, expected_brokers = 3 })).Healthy();
        return (safe, lone, group, other);
    }

    private static Task<ProbeResult> WholeAsync(KafkaServers servers) => new KafkaBench(new { bootstrap_servers = servers.Bootstrap, expected_brokers = 3 })
        .UntilAsync("all brokers are back and in sync", result => result.IsClean);
}
