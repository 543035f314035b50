using Monitor.Core.Alerts;
using Monitor.Core.Channels;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Grains.Notifying;
using Monitor.Grains.Writing;
using Xunit;
using static Monitor.UnitTests.Grains.Notifying.RobotSimulation;

namespace Monitor.UnitTests.Grains.Notifying;

/// <summary>A notifier that answers for the robots of one shard, beside other silos.</summary>
public sealed class RobotScopeTests
{
    private static readonly AlertRecord Alert = NewAlert(7, 3);
    private static readonly byte[] Secret = new byte[32];

    private static readonly Channel Ours = NewChannel(1, "secret-key-1");
    private static readonly Fence Fence = new(ShardOf(Ours), 5, 9);
    private static readonly Channel Theirs = Enumerable.Range(2, 100).Select(number => NewChannel(2, $"secret-key-{number}")).First(channel => ShardOf(channel) != Fence.Shard);

    [Fact]
    public async Task A_robot_of_another_shard_is_left_to_its_owner()
    {
        await using var bench = await StartAsync();
        bench.Decide(Alert, DeliveryKind.Firing, 1, 2);
        await bench.UntilAsync(() => bench.Row(Alert, DeliveryKind.Firing).Status == DeliveryStatus.Sent);

        Assert.Contains("secret-key-1", Assert.Single(bench.Posts).Url, StringComparison.Ordinal);
        Assert.Equal(DeliveryStatus.Pending, bench.Row(Alert, DeliveryKind.Firing, 2).Status);
    }

    [Fact]
    public async Task What_another_silo_decided_is_found_in_the_store_and_sent_once()
    {
        await using var bench = await StartAsync();
        bench.Rows[Key(DeliveryKind.Firing)] = Open(Alert, DeliveryKind.Firing, bench, DeliveryStatus.Pending);
        await LookAsync(bench);
        await bench.UntilAsync(() => bench.Row(Alert, DeliveryKind.Firing).Status == DeliveryStatus.Sent);

        // A look that was begun before the mark was written still says pending.
        bench.Notifier.Look([Ours, Theirs], [Open(Alert, DeliveryKind.Firing, bench, DeliveryStatus.Pending)]);
        bench.Decide(Over(Alert), DeliveryKind.Resolved, 1);
        await bench.UntilAsync(() => bench.Row(Alert, DeliveryKind.Resolved).Status == DeliveryStatus.Sent);
        Assert.Equal(2, bench.Posts.Count);
    }

    [Fact]
    public async Task What_is_brought_once_more_after_it_was_told_is_not_told_again()
    {
        await using var bench = await StartAsync();
        bench.Decide(Alert, DeliveryKind.Firing, 1);
        await bench.UntilAsync(() => bench.Row(Alert, DeliveryKind.Firing).Status == DeliveryStatus.Sent);

        // The answer was lost, or the silo that decided it was killed and started while the store is away.
        bench.Notifier.Enqueue([Open(Alert, DeliveryKind.Firing, bench, DeliveryStatus.Pending)]);
        bench.Decide(Over(Alert), DeliveryKind.Resolved, 1);
        await bench.UntilAsync(() => bench.Row(Alert, DeliveryKind.Resolved).Status == DeliveryStatus.Sent);
        Assert.Equal(2, bench.Posts.Count);
    }

    [Fact]
    public async Task Claims_carry_the_fence_and_marks_do_not()
    {
        var writes = new List<DeliveryWrite>();
        await using var bench = await StartAsync(bench => bench.Write = write =>
        {
            lock (writes)
            {
                writes.Add(write);
            }

            bench.Store(write);
            return Task.FromResult(Durability.Committed);
        });
        bench.Decide(Alert, DeliveryKind.Firing, 1);
        await bench.UntilAsync(() => bench.Row(Alert, DeliveryKind.Firing).Status == DeliveryStatus.Sent);

        Assert.Equal([Fence, null], writes.Select(write => write.Fence));
    }

    [Fact]
    public async Task Without_the_shard_nothing_is_claimed_and_nothing_is_posted()
    {
        var claimed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var lost = await StartAsync(bench => bench.Write = _ =>
        {
            claimed.TrySetResult();
            return Task.FromResult(Durability.FenceLost);
        });
        lost.Decide(Alert, DeliveryKind.Firing, 1);
        await claimed.Task;
        await lost.UntilAsync(() => lost.Log.Exists(line => line.Contains("belongs to another silo", StringComparison.Ordinal)));
        Assert.Empty(lost.Posts);

    }

    [Fact]
    public async Task While_the_lease_is_not_certain_nothing_is_posted_and_when_it_is_again_nothing_is_forgotten()
    {
        var held = false;
        await using var bench = await StartAsync(maySend: () => Volatile.Read(ref held));
        bench.Decide(Alert, DeliveryKind.Firing, 1);
        await bench.UntilAsync(() => bench.Log.Exists(line => line.Contains("not certain", StringComparison.Ordinal)));
        Assert.Empty(bench.Posts);
        Assert.Equal(DeliveryStatus.Sending, bench.Row(Alert, DeliveryKind.Firing).Status);

        Volatile.Write(ref held, true);
        var sent = bench.UntilAsync(() => bench.Row(Alert, DeliveryKind.Firing).Status == DeliveryStatus.Sent);
        await bench.Clock.AdvanceUntilAsync(sent);
        await sent;
        Assert.Single(bench.Posts);
    }

    [Fact]
    public async Task What_an_earlier_owner_claimed_is_watched_for_six_seconds_and_then_sent_before_its_recovery()
    {
        var bench = Bench(() => true);
        bench.Rows[Key(DeliveryKind.Firing)] = Open(Alert, DeliveryKind.Firing, bench, DeliveryStatus.Sending);
        bench.Rows[Key(DeliveryKind.Resolved)] = Open(Over(Alert), DeliveryKind.Resolved, bench, DeliveryStatus.Pending);
        await bench.StartAsync(loaded: false);
        var began = bench.Time.GetTimestamp();
        await bench.Clock.AdvanceUntilAsync(bench.Notifier.Loaded);
        Assert.InRange(bench.Time.GetElapsedTime(began).TotalSeconds, 6, 7);

        await bench.UntilAsync(() => bench.Row(Alert, DeliveryKind.Resolved).Status == DeliveryStatus.Sent);
        Assert.Contains("#7-3", bench.Posts[0].Content, StringComparison.Ordinal);
        Assert.Equal(DeliveryStatus.Sent, bench.Row(Alert, DeliveryKind.Firing).Status);
        await bench.DisposeAsync();
    }

    [Fact]
    public async Task What_its_owner_marked_meanwhile_is_not_sent_again()
    {
        var bench = Bench(() => true);
        bench.Rows[Key(DeliveryKind.Firing)] = Open(Alert, DeliveryKind.Firing, bench, DeliveryStatus.Sending);
        await bench.StartAsync(loaded: false);
        bench.Store(new DeliveryWrite([bench.Row(Alert, DeliveryKind.Firing) with { Status = DeliveryStatus.Sent }], []));
        await bench.Clock.AdvanceUntilAsync(bench.Notifier.Loaded);
        Assert.Empty(bench.Posts);
        await bench.DisposeAsync();
    }

    [Fact]
    public async Task A_channel_that_another_silo_deleted_or_moved_takes_its_deliveries_along()
    {
        await using var bench = await StartAsync();
        bench.Answer = (_, cancellationToken) => new TaskCompletionSource<HttpResponseMessage>().Task.WaitAsync(cancellationToken);
        var second = NewAlert(8);
        bench.Decide(Alert, DeliveryKind.Firing, 1);
        await bench.UntilAsync(() => bench.Posts.Count == 1);
        bench.Decide(second, DeliveryKind.Firing, 1);

        bench.Notifier.Look([Theirs], []);
        await bench.UntilAsync(() => bench.Row(second, DeliveryKind.Firing).Status == DeliveryStatus.Dead);
    }

    private static int ShardOf(Channel channel) => RobotScope.ShardOf(RobotScope.NameOf(Secret, channel.Settings.WebhookUrl));

    private static DeliveryKey Key(DeliveryKind kind) => new(Alert.TargetId, Alert.Episode, kind, 1);

    private static OpenDelivery Open(AlertRecord alert, DeliveryKind kind, NotifierBench bench, DeliveryStatus status) =>
        new(new Delivery { Key = Key(kind), CreatedAt = bench.Time.GetUtcNow(), Status = status, Attempts = status == DeliveryStatus.Sending ? 1 : 0 }, alert);

    private static NotifierBench Bench(Func<bool> maySend)
    {
        var bench = new NotifierBench { Scope = new RobotScope(Fence, maySend) };
        bench.Channels.Clear();
        bench.Channels.AddRange([Ours, Theirs]);
        return bench;
    }

    private static async Task<NotifierBench> StartAsync(Action<NotifierBench>? prepare = null, Func<bool>? maySend = null)
    {
        var bench = Bench(maySend ?? (() => true));
        prepare?.Invoke(bench);
        return await bench.StartAsync();
    }

    private static async Task LookAsync(NotifierBench bench) => bench.Notifier.Look(
        [.. bench.Channels], [.. await bench.LoadOpenDeliveriesAsync(TestContext.Current.CancellationToken)]);
}
