using Monitor.Core.Probing;
using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Probers.Kafka;

/// <summary>One node that has never seen a group: the first question for one makes it set up where offsets are kept, and say "not yet" meanwhile.</summary>
[Collection(KafkaCollection.Name)]
public sealed class KafkaSingleNodeTests
{
    [Fact]
    public async Task A_cluster_that_never_had_a_group_is_asked_again_until_it_knows()
    {
        Requires.Kafka(KafkaServers.MissingOwn);
        await using var servers = await KafkaServers.StartAsync(1, KafkaBench.Token);
        var cluster = await KafkaBench.OnceAsync(new { bootstrap_servers = servers.Bootstrap, expected_brokers = 1, min_brokers = 1 });
        cluster.Healthy();
        Assert.Equal((1d, 0d), (cluster.Number("brokers"), cluster.Number("partitions")));
        Assert.Equal(["no topic is seen: there is none, or Describe is granted on none"], cluster.Notes);
        (await KafkaBench.OnceAsync(new { bootstrap_servers = servers.Bootstrap, consumer_group = "billing" }, 20))
            .FailedWith(FailureStage.Assertion, "consumer group billing does not exist: it has neither members nor committed offsets");

        using var client = await servers.ConnectAsync(KafkaBench.Token);
        await client.CreateTopicAsync("orders", [[0], [0]], KafkaBench.Token);
        await client.ProduceAsync("orders", 1, 3, KafkaBench.Token);
        await client.CommitAsync("billing", "orders", 0, 0, KafkaBench.Token);
        await client.CommitAsync("billing", "orders", 1, 1, KafkaBench.Token);
        Assert.Equal(2, (await KafkaBench.OnceAsync(new { bootstrap_servers = servers.Bootstrap, consumer_group = "billing" })).Number("lag"));
        await servers.KillAsync(0, KafkaBench.Token);
        (await new KafkaBench(new { bootstrap_servers = servers.Bootstrap, consumer_group = "billing" }).UntilAsync("the port is closed", result => result.Stage == FailureStage.Connect))
            .FailedWith(FailureStage.Connect, "connection refused");
    }
}
