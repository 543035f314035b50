using Monitor.Core.Alerts;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Grains.Shards.Leases;
using Monitor.Tests.Shared;
using Monitor.UnitTests.Grains.Writing;
using Xunit;

namespace Monitor.UnitTests.Grains.Shards;

/// <summary>A silo has told what the promoted standby has not got: that is in the store before its shard runs again, or is another's.</summary>
public sealed class PromotedStandbyTests : IDisposable
{
    private readonly LeaseStage _stage = new();

    public PromotedStandbyTests() => _stage.Add();

    private StagedSilo One => _stage.Silos[0];

    [Fact]
    public async Task It_is_owed_to_the_fence_that_follows_and_the_old_one_opens_nothing()
    {
        var write = await ToldAsync();
        Assert.True(One.Recent.IsHeld(write.Fence));
        await PromotedAsync(write);

        var next = Next(write);
        Assert.Equal(2, next.Timeline);
        Assert.False(One.Recent.Take(write) || One.Recent.IsHeld(write.Fence));
        Assert.Equal(write.TargetId, Assert.Single(One.Recent.Owed([next]).States).TargetId);
    }

    [Fact]
    public async Task A_store_that_does_not_take_it_is_asked_again_and_the_shard_runs_when_it_has()
    {
        var write = await ToldAsync();
        await PromotedAsync(write);
        var tried = One.Records.Tried.Count;
        await _stage.UntilAsync(() => One.Records.Tried.Count > tried + 2, seconds: 2);
        Assert.Empty(One.Host.Shards);

        One.Records.Faults = _ => Fault.None;
        await _stage.UntilAsync(() => One.Host.Shards.Count == ShardMap.Count, seconds: 1);
        Assert.Equal(Next(write), Assert.Single(One.Records.States[write.TargetId]).Fence);
    }

    /// <summary>It stopped before it had restored, and a lease later another had the shards: an alert had been told, had no record and never ended.</summary>
    [Fact]
    public async Task A_silo_that_stops_first_hands_over_only_when_it_is_in_the_store()
    {
        var two = _stage.Add();
        await _stage.UntilAsync(_stage.IsBalanced);
        var write = await ToldAsync();
        await PromotedAsync(write);
        One.Keeper.Post(new LeaseEvent.StopAsked(_stage.Time.GetElapsedTime(0)));
        await _stage.PassAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(Next(write).Owner, _stage.Table.Image.Shards[write.Fence.Shard].Owner);

        One.Records.Faults = _ => Fault.None;
        await _stage.UntilAsync(() => two.Host.Shards.Count == ShardMap.Count, seconds: 3);
        Assert.Equal((2, One.Keeper.State.Silo), (Assert.Single(One.Records.States[write.TargetId]).Fence.Timeline, One.Records.States[write.TargetId][0].Fence.Owner));
    }

    [Fact]
    public async Task A_silo_that_stops_alone_leaves_when_it_is_in_the_store()
    {
        var write = await ToldAsync();
        await PromotedAsync(write);
        await One.Loop.StartAsync(TestContext.Current.CancellationToken);
        var stopping = One.Loop.StopAsync(TestContext.Current.CancellationToken);
        One.Records.Faults = _ => Fault.None;
        await Eventually.TrueAsync(
            "it has stopped",
            () =>
            {
                _stage.Time.Advance(TimeSpan.FromMilliseconds(20));
                return stopping.IsCompleted;
            },
            TestContext.Current.CancellationToken);
        Assert.Equal(2, Assert.Single(One.Records.States[write.TargetId]).Fence.Timeline);
    }

    [Fact]
    public async Task What_is_dropped_while_it_is_restored_does_not_begin()
    {
        var write = await ToldAsync();
        await PromotedAsync(write, Fault.Hang);
        await _stage.UntilAsync(() => One.Records.Tried.Count > 0, seconds: 1);
        _stage.Table.Seize(write.Fence.Shard, owner: 99);
        await _stage.UntilAsync(() => !One.Keeper.State.Held.ContainsKey(write.Fence.Shard), seconds: 1);
        Assert.False(One.Recent.Owes);

        One.Records.Gate.SetResult();
        await Eventually.TrueAsync(
            "the others begin",
            () =>
            {
                One.Keeper.Turn();
                return One.Host.Shards.Count == ShardMap.Count - 1;
            },
            TestContext.Current.CancellationToken);
        Assert.DoesNotContain(write.Fence.Shard, One.Host.Shards);
    }

    public void Dispose() => _stage.Dispose();

    /// <summary>A decision under a fence of its own that no standby has.</summary>
    private async Task<StateWrite> ToldAsync()
    {
        await _stage.UntilAsync(_stage.IsBalanced);
        var fence = One.Keeper.State.Held.Values.First().Fence;
        var target = Enumerable.Range(1, 10_000).First(id => ShardMap.Of(id) == fence.Shard);
        var write = Samples.State(target) with { Fence = fence, Deliveries = [new Delivery { Key = new DeliveryKey(target, 1, DeliveryKind.Firing, 1), CreatedAt = Samples.Start }] };
        One.Records.States[target] = [];
        Assert.True(One.Recent.Take(write));
        return write;
    }

    private async Task PromotedAsync(StateWrite write, Fault fault = Fault.Before)
    {
        One.Records.Faults = _ => fault;
        _stage.Table.Keep(TimeSpan.Zero);
        _stage.Table.Promote(TimeSpan.Zero);
        await _stage.UntilAsync(() => One.Keeper.State.Held.TryGetValue(write.Fence.Shard, out var holding) && holding.Fence.Timeline == 2, seconds: 4);
    }

    private Fence Next(StateWrite write) => One.Keeper.State.Held[write.Fence.Shard].Fence;
}
