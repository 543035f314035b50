using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Grains.Shards.Leases;
using Monitor.Tests.Shared;
using Monitor.UnitTests.Grains.Targets;
using Xunit;

namespace Monitor.UnitTests.Grains.Shards;

public sealed class LeaseKeeperTests : IDisposable
{
    private readonly LeaseStage _stage = new();

    [Fact]
    public async Task A_silo_alone_runs_all_shards_at_once()
    {
        var one = _stage.Add();
        var took = await _stage.UntilAsync(() => one.Host.Shards.Count == ShardMap.Count);
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(0.5));
        Assert.True(one.Term.Holds);
    }

    [Fact]
    public async Task Two_share_all_and_a_third_gets_its_part_without_moving_a_shard_twice()
    {
        _stage.Add();
        _stage.Add();
        await _stage.UntilAsync(_stage.IsBalanced);
        var before = _stage.Table.Image.Shards;
        _stage.Add();
        await _stage.UntilAsync(_stage.IsBalanced, seconds: 10);

        Assert.All(_stage.Table.Image.Shards, row => Assert.InRange(row.Epoch - before[row.Shard].Epoch, 0, 1));
        Assert.Equal(85, _stage.Table.Image.Shards.Count(row => row.Owner != before[row.Shard].Owner));
    }

    [Fact]
    public async Task In_the_steady_state_a_silo_asks_the_store_four_times_a_second()
    {
        _stage.Add();
        _stage.Add();
        await _stage.UntilAsync(_stage.IsBalanced);
        await _stage.PassAsync(TimeSpan.FromSeconds(1));
        var before = _stage.Table.Calls;
        await _stage.PassAsync(TimeSpan.FromSeconds(10));
        Assert.InRange(_stage.Table.Calls - before, 70, 82);
    }

    [Fact]
    public async Task Whoever_is_killed_is_replaced_within_its_lease()
    {
        var (one, two, _) = await ThreeAsync();
        one.Gone = true;
        var took = await _stage.UntilAsync(_stage.IsBalanced);
        Assert.InRange(took, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3.2));
        Assert.Equal(128, two.Host.Shards.Count);
    }

    [Fact]
    public async Task Whoever_stops_hands_everything_over_and_is_gone_from_the_cluster()
    {
        var (one, _, _) = await ThreeAsync();
        var before = _stage.Table.Image.Shards;
        one.Keeper.Post(new LeaseEvent.StopAsked(SteadyNow()));
        await _stage.UntilAsync(() => one.Keeper.MayEnd, seconds: 5);
        Assert.Empty(one.Host.Shards);
        one.Keeper.Post(new LeaseEvent.AllEnded(SteadyNow()));
        await _stage.UntilAsync(() => one.Keeper.HasLeft, seconds: 1);
        one.Gone = true;

        Assert.True(_stage.IsBalanced());
        Assert.All(_stage.Table.Image.Shards, row => Assert.InRange(row.Epoch - before[row.Shard].Epoch, 0, 1));
    }

    [Fact]
    public async Task Its_loop_ends_it_at_a_stop_and_whoever_made_it_may_end_it_again()
    {
        var one = _stage.Add();
        await _stage.UntilAsync(() => one.Host.Shards.Count == ShardMap.Count);
        one.Loop.Dispose();

        // A silo that threw here ended with an unhandled exception after each orderly stop.
        Assert.Null(Record.Exception(one.Keeper.Dispose));
    }

    [Fact]
    public async Task Whoever_was_frozen_holds_nothing_from_the_first_moment_on_and_gets_its_share_again()
    {
        var (one, two, three) = await ThreeAsync();
        one.Frozen = true;
        await _stage.UntilAsync(() => two.Host.Shards.Count + three.Host.Shards.Count == ShardMap.Count);
        await _stage.PassAsync(TimeSpan.FromSeconds(5));

        Assert.NotEmpty(one.Host.Shards);
        Assert.False(one.Term.Holds);
        Assert.DoesNotContain(Enumerable.Range(0, ShardMap.Count), one.Host.Holds);
        one.Frozen = false;
        await _stage.UntilAsync(_stage.IsBalanced, seconds: 10);
    }

    /// <summary>Nobody has taken its shards, so nobody else makes up for what was due meanwhile.</summary>
    [Fact]
    public async Task Whoever_gets_its_lease_back_in_time_makes_up_for_the_turns_it_could_not_take()
    {
        var one = _stage.Add();
        one.Grains.Store.Targets[GrainStage.Id] = one.Grains.Stored(GrainStage.Id);
        await _stage.UntilAsync(() => one.Host.Find(GrainStage.Id) is not null && one.Term.Holds);
        _stage.Add();
        await _stage.UntilAsync(_stage.IsBalanced);
        var owner = _stage.Silos.Single(silo => silo.Host.Holds(ShardMap.Of(GrainStage.Id)));
        owner.Grains.Store.Targets[GrainStage.Id] = owner.Grains.Stored(GrainStage.Id);
        await owner.Host.TargetChangedAsync(GrainStage.Id, TestContext.Current.CancellationToken);
        var grain = owner.Host.Find(GrainStage.Id)!;
        owner.Store.Away = true;
        await _stage.UntilAsync(() => !owner.Term.Holds, seconds: 3);
        Assert.True(grain.TryBegin(1));
        grain.Execute();
        await grain.WhenIdleAsync();
        owner.Grains.Services.Scheduler.Set(grain, long.MaxValue);

        owner.Store.Away = false;
        await _stage.UntilAsync(() => owner.Term.Holds, seconds: 1);
        Assert.Same(grain, owner.Host.Find(GrainStage.Id));
        Assert.InRange(grain.Due - owner.Grains.Services.Clock.Ticks, 0, TimeSpan.FromSeconds(0.2).Ticks);
    }

    [Fact]
    public async Task A_store_that_is_away_for_long_moves_nothing_and_stops_nobody()
    {
        await ThreeAsync();
        var before = _stage.Table.Image.Shards;
        _stage.Silos.ForEach(silo => silo.Store.Away = true);
        for (var i = 0; i < 150; i++)
        {
            await _stage.PassAsync(TimeSpan.FromSeconds(0.1));
            Assert.All(_stage.Silos, silo => Assert.True(silo.Term.Holds));
        }

        Assert.All(_stage.Silos, silo => Assert.Equal(StoreReach.Down, silo.Keeper.State.Reach));
        _stage.Silos.ForEach(silo => silo.Store.Away = false);
        await _stage.PassAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(before.Select(row => row.Owner), _stage.Table.Image.Shards.Select(row => row.Owner));
        Assert.True(_stage.IsBalanced());
    }

    [Fact]
    public async Task With_the_store_away_a_silo_that_is_killed_stops_nobody_else()
    {
        var (one, two, three) = await ThreeAsync();
        _stage.Silos.ForEach(silo => silo.Store.Away = true);
        await _stage.PassAsync(TimeSpan.FromSeconds(3));
        one.Gone = true;
        await _stage.PassAsync(TimeSpan.FromSeconds(5));
        Assert.True(two.Term.Holds && three.Term.Holds);
        _stage.Silos.ForEach(silo => silo.Store.Away = false);
        await _stage.UntilAsync(_stage.IsBalanced, seconds: 5);
    }

    [Fact]
    public async Task A_silo_whose_own_way_to_the_store_is_cut_stops_and_the_others_take_over()
    {
        var (one, _, _) = await ThreeAsync();
        one.Store.Away = true;
        var took = await _stage.UntilAsync(() => _stage.Table.Image.Shards.All(row => row.Owner != 1), seconds: 4);
        Assert.InRange(took, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4));
        Assert.Equal(LeaseStanding.Stopped, one.Keeper.Standing);
        Assert.Equal(StoreReach.OthersReachIt, one.Keeper.State.Reach);
        one.Store.Away = false;
        await _stage.UntilAsync(_stage.IsBalanced, seconds: 10);
    }

    [Fact]
    public async Task A_silo_that_is_cut_off_from_everything_only_looks()
    {
        var (one, _, _) = await ThreeAsync();
        (one.Store.Away, one.CutOff) = (true, true);
        await _stage.UntilAsync(() => one.Term.IsLooking, seconds: 6);
        Assert.True(one.Term.MayProbe);
        Assert.DoesNotContain(Enumerable.Range(0, ShardMap.Count), one.Host.Holds);
    }

    [Fact]
    public async Task A_silo_whose_scheduler_stands_still_lets_its_shards_go()
    {
        var (one, two, three) = await ThreeAsync();
        one.Stalled = true;
        await _stage.UntilAsync(() => two.Host.Shards.Count + three.Host.Shards.Count == ShardMap.Count, seconds: 4);
        await _stage.UntilAsync(() => one.Host.Shards.Count == 0, seconds: 1);
        one.Stalled = false;
        await _stage.UntilAsync(_stage.IsBalanced, seconds: 10);
    }

    [Fact]
    public async Task A_shard_whose_commit_was_refused_runs_again_when_the_store_calls_it_mine()
    {
        var one = _stage.Add();
        await _stage.UntilAsync(_stage.IsBalanced);
        one.Host.DropShards([5]);
        one.Host.Refused!(new Fence(5, 1, 1, 1));
        await _stage.UntilAsync(() => one.Host.Holds(5), seconds: 1);
        Assert.Equal(1, _stage.Table.Image.Shards[5].Epoch);
    }

    [Fact]
    public async Task After_a_promoted_standby_has_lost_a_join_everything_is_claimed_anew_and_nothing_is_held_twice()
    {
        await ThreeAsync();
        _stage.Table.Keep(TimeSpan.Zero);
        _stage.Add();
        await _stage.UntilAsync(_stage.IsBalanced);
        _stage.Table.Promote(TimeSpan.Zero);
        await _stage.PassAsync(TimeSpan.FromSeconds(4));
        await _stage.UntilAsync(_stage.IsBalanced, seconds: 10);
        Assert.All(_stage.Silos, silo => Assert.All(silo.Keeper.State.Held.Values, holding => Assert.Equal(2, holding.Fence.Timeline)));
    }

    [Fact]
    public async Task An_edit_through_another_silo_is_live_within_a_second()
    {
        var one = _stage.Add();
        await _stage.UntilAsync(_stage.IsBalanced);
        await _stage.PassAsync(TimeSpan.FromSeconds(1));
        one.Grains.Store.Targets[11] = one.Grains.Stored(11);
        one.Store.Revisions.Add(new TargetRevision(11, 1, Deleted: false));
        _stage.Table.Edit(ShardMap.Of(11));

        await _stage.PassAsync(TimeSpan.FromSeconds(1));
        await Eventually.TrueAsync("the new target runs", () => one.Host.Find(11) is not null, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task The_loop_has_threads_of_its_own_and_a_stop_leaves_the_cluster()
    {
        var one = _stage.Add();
        await one.Loop.StartAsync(TestContext.Current.CancellationToken);
        await Eventually.TrueAsync("it owns all shards", () => Passed(one.Host.Shards.Count == ShardMap.Count), TestContext.Current.CancellationToken);
        var stopping = one.Loop.StopAsync(TestContext.Current.CancellationToken);
        await Eventually.TrueAsync("it has stopped", () => Passed(stopping.IsCompleted), TestContext.Current.CancellationToken);
        Assert.Empty(one.Host.Shards);
        Assert.All(_stage.Table.Image.Silos, row => Assert.True(row.Dead));
    }

    public void Dispose() => _stage.Dispose();

    private bool Passed(bool so)
    {
        _stage.Time.Advance(TimeSpan.FromMilliseconds(20));
        return so;
    }

    private TimeSpan SteadyNow() => _stage.Time.GetElapsedTime(0);

    private async Task<(StagedSilo One, StagedSilo Two, StagedSilo Three)> ThreeAsync()
    {
        var silos = (_stage.Add(), _stage.Add(), _stage.Add());
        await _stage.UntilAsync(_stage.IsBalanced);
        await _stage.PassAsync(TimeSpan.FromSeconds(1));
        return silos;
    }
}
