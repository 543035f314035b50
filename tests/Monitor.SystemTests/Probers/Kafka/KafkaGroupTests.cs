using Monitor.Core.Probing;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Probers.Kafka;

/// <summary>What a real cluster of three shows of consumer groups while all is well with its brokers.</summary>
[Collection(KafkaCollection.Name)]
public sealed class KafkaGroupTests(KafkaCluster cluster)
{
    private static readonly int[][] Spread = [[0, 1, 2], [1, 2, 0], [2, 0, 1]];

    private static readonly string[] Unknown = ["no-such-topic"];

    private static CancellationToken Token => KafkaBench.Token;

    [Fact]
    public async Task Lag_is_counted_by_partition_and_topic_and_judged_by_its_limits()
    {
        var (servers, client, topic, group) = await SceneAsync();
        using var own = client;
        for (var partition = 0; partition < 3; partition++)
        {
            await client.ProduceAsync(topic, partition, 100 * (partition + 1), Token);
            await client.CommitAsync(group, topic, partition, 50, Token);
        }

        await client.JoinAsync(group, topic, 3, Token);
        var calm = await KafkaBench.OnceAsync(new { bootstrap_servers = servers.Bootstrap, consumer_group = group, max_lag = 450, warn_lag = 450, max_partition_lag = 250 });
        calm.Healthy();
        Assert.Equal(450, calm.Number("lag"));
        Assert.Equal(250, calm.Number("max_partition_lag"));
        Assert.Equal(450, calm.Metrics["lag_by_topic"]!.Value.Map![topic]);
        Assert.Equal(3, calm.Number("partitions"));
        Assert.Equal(0, calm.Number("partitions_without_commit"));
        Assert.Equal("Stable", calm.Metrics["group_state"]!.Value.Text);
        Assert.Equal(1, calm.Number("members"));
        Assert.Equal(3, calm.Number("brokers"));
        Assert.Equal(0, calm.Number("offline_partitions"));
        Assert.Equal(0, calm.Number("under_replicated_partitions"));
        Assert.Equal("127.0.0.1", calm.Metrics["address"]!.Value.Text);

        var loud = await KafkaBench.OnceAsync(new { bootstrap_servers = servers.Bootstrap, consumer_group = group, max_lag = 449, max_partition_lag = 249 });
        Assert.Equal(
            $"assertion: lag 450 > max_lag 449 ({topic}/2: 250, {topic}/1: 150, {topic}/0: 50); partition lag 250 > max_partition_lag 249 ({topic}/2: 250)", loud.Message);
        var warned = await KafkaBench.OnceAsync(new { bootstrap_servers = servers.Bootstrap, consumer_group = group, warn_lag = 449 });
        Assert.Equal([$"lag 450 > warn_lag 449 ({topic}/2: 250, {topic}/1: 150, {topic}/0: 50)"], warned.Warnings);
    }

    [Fact]
    public async Task A_group_that_lags_and_commits_nothing_is_stalled_after_as_many_probes_as_told()
    {
        var (servers, client, topic, group) = await SceneAsync();
        using var own = client;
        await client.ProduceAsync(topic, 0, 10, Token);
        await CommitAllAsync(client, group, topic, 0, 0, 0);
        var (generation, member) = await client.JoinAsync(group, topic, 3, Token);
        var target = new KafkaBench(new { bootstrap_servers = servers.Bootstrap, consumer_group = group, stalled_after_probes = 2 });
        (await target.ProbeAsync()).Healthy();
        (await target.ProbeAsync()).Healthy();
        Assert.Equal(
            $"assertion: stalled: lag 10 and no committed offset moved in 2 probes (stalled_after_probes 2; {topic}/0: 10)", (await target.ProbeAsync()).Message);
        await client.CommitAsync(group, topic, 0, 4, Token, generation, member);
        (await target.ProbeAsync()).Healthy();
        await client.CommitAsync(group, topic, 0, 10, Token, generation, member);
        for (var i = 0; i < 4; i++)
        {
            (await target.ProbeAsync()).Healthy();
        }

        var off = new KafkaBench(new { bootstrap_servers = servers.Bootstrap, consumer_group = group, stalled_after_probes = 0 });
        await client.ProduceAsync(topic, 0, 1, Token);
        for (var i = 0; i < 12; i++)
        {
            (await off.ProbeAsync()).Healthy();
        }
    }

    [Fact]
    public async Task A_group_without_members_is_told_when_it_lags_and_fails_where_members_are_expected()
    {
        var (servers, client, topic, group) = await SceneAsync();
        using var own = client;
        await client.ProduceAsync(topic, 1, 7, Token);
        await CommitAllAsync(client, group, topic, 0, 7, 0);
        (await KafkaBench.OnceAsync(new { bootstrap_servers = servers.Bootstrap, consumer_group = group })).Healthy();
        (await KafkaBench.OnceAsync(new { bootstrap_servers = servers.Bootstrap, consumer_group = group, expect_members = true }))
            .FailedWith(FailureStage.Assertion, $"group {group} has no members (state Empty), lag 0");
        await client.CommitAsync(group, topic, 1, 5, Token);
        var lagging = await KafkaBench.OnceAsync(new { bootstrap_servers = servers.Bootstrap, consumer_group = group });
        lagging.Warned($"group {group} has no members (state Empty), lag 2");
        Assert.Equal("Empty", lagging.Metrics["group_state"]!.Value.Text);
        Assert.Equal(0, lagging.Number("members"));
    }

    [Fact]
    public async Task A_group_that_does_not_come_to_rest_is_told_after_three_probes()
    {
        var (servers, client, topic, group) = await SceneAsync();
        using var own = client;
        await CommitAllAsync(client, group, topic, 0, 0, 0);
        await client.EnterAsync(group, Token);
        var target = new KafkaBench(new { bootstrap_servers = servers.Bootstrap, consumer_group = group });
        (await target.ProbeAsync()).Healthy();
        (await target.ProbeAsync()).Healthy();
        (await target.ProbeAsync()).Warned($"group {group} has been rebalancing for 3 probes (state CompletingRebalance)");
    }

    [Fact]
    public async Task A_group_or_topic_that_does_not_exist_is_a_failure_and_is_not_created()
    {
        var (servers, client, topic, group) = await SceneAsync();
        using var own = client;
        await CommitAllAsync(client, group, topic, 0, 0, 0);
        (await KafkaBench.OnceAsync(new { bootstrap_servers = servers.Bootstrap, consumer_group = "nobody" }))
            .FailedWith(FailureStage.Assertion, "consumer group nobody does not exist: it has neither members nor committed offsets");
        (await KafkaBench.OnceAsync(new { bootstrap_servers = servers.Bootstrap, consumer_group = group, topics = new[] { topic, "no-such-topic" } }))
            .FailedWith(FailureStage.Assertion, "topic no-such-topic does not exist");
        (await KafkaBench.OnceAsync(new { bootstrap_servers = servers.Bootstrap, topics = Unknown }))
            .FailedWith(FailureStage.Assertion, "topic no-such-topic does not exist");
        Assert.Equal(3, (await client.MetadataAsync(Token, "no-such-topic")).Topics[0].Error);
    }

    [Fact]
    public async Task Only_the_named_topics_count()
    {
        var (servers, client, topic, group) = await SceneAsync();
        using var own = client;
        var other = topic + "-other";
        await client.CreateTopicAsync(other, Spread, Token);
        await client.ProduceAsync(other, 0, 1000, Token);
        await client.ProduceAsync(topic, 0, 5, Token);
        await CommitAllAsync(client, group, topic, 0, 0, 0);
        await CommitAllAsync(client, group, other, 0, 0, 0);
        Assert.Equal(1005, (await KafkaBench.OnceAsync(new { bootstrap_servers = servers.Bootstrap, consumer_group = group })).Number("lag"));
        var one = await KafkaBench.OnceAsync(new { bootstrap_servers = servers.Bootstrap, consumer_group = group, topics = new[] { topic }, max_lag = 10 });
        Assert.Equal((5d, 3d), (one.Number("lag"), one.Number("partitions")));
    }

    [Fact]
    public async Task Offsets_that_cannot_be_right_are_told_by_partition()
    {
        var (servers, client, topic, group) = await SceneAsync();
        using var own = client;
        await client.ProduceAsync(topic, 0, 20, Token);
        await client.ProduceAsync(topic, 1, 20, Token);
        await CommitAllAsync(client, group, topic, 5, 25, 0);
        await client.DeleteRecordsAsync(topic, 0, 12, Token);
        var result = await KafkaBench.OnceAsync(new { bootstrap_servers = servers.Bootstrap, consumer_group = group });
        result.Warned($"data lost, records were deleted before the group had read them ({topic}/0: committed 5 < log start 12)");
        result.Warned($"committed offset beyond the log's end, the topic was re-created or truncated ({topic}/1: committed 25 > end 20)");
        Assert.Equal(8, result.Number("lag"));
    }

    [Fact]
    public async Task A_commit_that_is_gone_is_told_and_one_that_never_was_too_when_there_are_records()
    {
        var (servers, client, topic, group) = await SceneAsync();
        using var own = client;
        await client.ProduceAsync(topic, 2, 6, Token);
        await CommitAllAsync(client, group, topic, 0, 0, 6);
        var target = new KafkaBench(new { bootstrap_servers = servers.Bootstrap, consumer_group = group });
        (await target.ProbeAsync()).Healthy();
        await client.DeleteOffsetAsync(group, topic, 2, Token);
        var expired = await target.ProbeAsync();
        expired.Warned($"committed offset expired or deleted, the group had one before ({topic}/2)");
        Assert.Equal(1, expired.Number("partitions_without_commit"));
        (await KafkaBench.OnceAsync(new { bootstrap_servers = servers.Bootstrap, consumer_group = group }))
            .Warned($"no committed offset (expired, or never committed) though there are records ({topic}/2: 6)");
    }

    [Fact]
    public async Task A_topic_that_was_deleted_is_told_and_left_out_and_one_made_anew_begins_anew()
    {
        var (servers, client, topic, group) = await SceneAsync();
        using var own = client;
        var other = topic + "-other";
        await client.CreateTopicAsync(other, Spread, Token);
        await CommitAllAsync(client, group, topic, 0, 0, 0);
        await client.ProduceAsync(other, 0, 9, Token);
        await CommitAllAsync(client, group, other, 9, 0, 0);
        var target = new KafkaBench(new { bootstrap_servers = servers.Bootstrap, consumer_group = group });
        (await target.ProbeAsync()).Healthy();
        await client.DeleteTopicAsync(other, Token);
        var gone = await target.ProbeAsync();
        gone.Warned($"topic {other}, to which the group has committed, does not exist any more: it is left out");
        Assert.Equal(3, gone.Number("partitions"));

        await client.CreateTopicAsync(other, Spread, Token);
        await client.ProduceAsync(other, 0, 2, Token);
        await client.CommitAsync(group, other, 0, 9, Token);
        (await target.ProbeAsync()).Warned($"committed offset beyond the log's end, the topic was re-created or truncated ({other}/0: committed 9 > end 2)");
    }

    [Fact]
    public async Task An_open_transaction_counts_unless_committed_records_alone_do()
    {
        var (servers, client, topic, group) = await SceneAsync();
        using var own = client;
        await client.ProduceAsync(topic, 0, 4, Token);
        await CommitAllAsync(client, group, topic, 4, 0, 0);
        await client.ProduceInTransactionAsync("t-" + group, topic, 0, 6, Token);
        var all = await KafkaBench.OnceAsync(new { bootstrap_servers = servers.Bootstrap, consumer_group = group });
        var committed = await KafkaBench.OnceAsync(new { bootstrap_servers = servers.Bootstrap, consumer_group = group, isolation = "read_committed" });
        Assert.Equal((6d, 0d), (all.Number("lag"), committed.Number("lag")));
        committed.Healthy();

        // A consumer that reads uncommitted records too is beyond the stable end, and not beyond the log's.
        await client.CommitAsync(group, topic, 0, 10, Token);
        (await KafkaBench.OnceAsync(new { bootstrap_servers = servers.Bootstrap, consumer_group = group, isolation = "read_committed" })).Healthy();
    }

    private static async Task CommitAllAsync(KafkaClient client, string group, string topic, params long[] offsets)
    {
        for (var partition = 0; partition < offsets.Length; partition++)
        {
            await client.CommitAsync(group, topic, partition, offsets[partition], Token);
        }
    }

    private async Task<(KafkaServers Servers, KafkaClient Client, string Topic, string Group)> SceneAsync()
    {
        var servers = await cluster.ServersAsync();
        var client = await servers.ConnectAsync(Token);
        var name = Guid.NewGuid().ToString("N")[..10];
        await client.CreateTopicAsync("orders-" + name, Spread, Token);
        return (servers, client, "orders-" + name, "billing-" + name);
    }
}
