using Monitor.Core.Health;
using Monitor.Core.Ports;
using Monitor.Core.Scheduling;
using Monitor.Core.Shards;
using Monitor.UnitTests.Grains.Probing;
using Monitor.UnitTests.Grains.Scheduling;
using Monitor.UnitTests.Grains.Targets;
using Xunit;

namespace Monitor.UnitTests.Grains.Shards;

public sealed class ShardHostTests : IDisposable
{
    private readonly GrainStage _stage = new();

    [Fact]
    public async Task Only_targets_of_given_shards_run()
    {
        _stage.Store.Targets[8] = _stage.Stored(8);
        await _stage.Host.RunShardsAsync([new Fence(ShardMap.Of(GrainStage.Id), 1, 1)], TestContext.Current.CancellationToken);

        Assert.NotNull(_stage.Host.Find(GrainStage.Id));
        Assert.Null(_stage.Host.Find(8));
        await _stage.Host.TargetChangedAsync(8, TestContext.Current.CancellationToken);
        Assert.Null(_stage.Host.Find(8));
    }

    [Fact]
    public async Task An_edit_that_nobody_told_of_is_found_by_comparing_and_a_missing_row_ends_nothing()
    {
        _stage.Store.Targets[8] = _stage.Stored(8);
        await _stage.StartAsync();
        _stage.Store.Targets[9] = _stage.Stored(9);

        _stage.Host.Compare([new TargetRevision(8, 1, Deleted: false), new TargetRevision(9, 1, Deleted: false), new TargetRevision(10, 1, Deleted: true)]);
        await _stage.Host.TakeUpOwedAsync(TestContext.Current.CancellationToken);

        Assert.NotNull(_stage.Host.Find(9));
        Assert.NotNull(_stage.Host.Find(GrainStage.Id));
        Assert.Null(_stage.Host.Find(10));
    }

    [Fact]
    public async Task A_state_that_another_silo_has_written_is_taken_over_and_a_target_that_is_still_down_is_told_anew()
    {
        await _stage.StartAsync();
        await _stage.PlayAsync("FFFF");
        var stored = _stage.Store.Targets[GrainStage.Id];
        var well = stored.State! with { Outage = null, ConsecutiveFailures = 2, Status = HealthStatus.Healthy };
        _stage.Store.Targets[GrainStage.Id] = stored with { State = well, Version = stored.Version + 1 };

        _stage.Host.Compare([new TargetRevision(GrainStage.Id, 1, Deleted: false, stored.Version)]);
        await _stage.Host.TakeUpOwedAsync(TestContext.Current.CancellationToken);
        Assert.NotNull(_stage.Grain.State.Outage);

        _stage.Host.Compare([new TargetRevision(GrainStage.Id, 1, Deleted: false, stored.Version + 1)]);
        await _stage.Host.TakeUpOwedAsync(TestContext.Current.CancellationToken);
        Assert.Null(_stage.Grain.State.Outage);
        await _stage.PlayAsync("F");
        Assert.Equal("F1>9 F2>9", _stage.Store.Told);
    }

    [Fact]
    public async Task A_target_that_was_made_here_runs_as_it_was_made_without_being_read_and_only_where_its_shard_runs()
    {
        await _stage.Host.RunShardsAsync([new Fence(ShardMap.Of(8), 1, 1)], TestContext.Current.CancellationToken);
        var elsewhere = Enumerable.Range(9, 100).First(id => ShardMap.Of(id) != ShardMap.Of(8));
        _stage.Store.Away = true;

        await _stage.Host.TargetCreatedAsync(_stage.Stored(8).Target);
        await _stage.Host.TargetCreatedAsync(_stage.Stored(elsewhere).Target);

        Assert.Equal(1, _stage.Host.Find(8)?.Revision);
        Assert.Null(_stage.Host.Find(elsewhere));
    }

    [Fact]
    public async Task What_was_made_elsewhere_is_owed_until_the_store_can_be_read()
    {
        await _stage.StartAsync();
        _stage.Store.Targets[8] = _stage.Stored(8);
        _stage.Host.Compare([new TargetRevision(8, 1, Deleted: false)]);
        _stage.Store.Away = true;
        await _stage.Host.TakeUpOwedAsync(TestContext.Current.CancellationToken);
        Assert.Null(_stage.Host.Find(8));

        _stage.Store.Away = false;
        await _stage.Host.TakeUpOwedAsync(TestContext.Current.CancellationToken);
        Assert.NotNull(_stage.Host.Find(8));
    }

    [Fact]
    public async Task A_store_that_is_away_leaves_no_shard_half_begun()
    {
        _stage.Store.Away = true;
        await Assert.ThrowsAsync<StoreUnavailableException>(_stage.StartAsync);
        Assert.Empty(_stage.Host.Shards);

        _stage.Store.Away = false;
        await _stage.StartAsync();
        Assert.Equal(ShardMap.Count, _stage.Host.Shards.Count);
    }

    [Fact]
    public async Task A_mass_registration_is_probed_within_two_seconds_and_is_no_burst()
    {
        await _stage.StartAsync();
        using var stop = new CancellationTokenSource();
        var running = _stage.Services.Scheduler.RunAsync(stop.Token);
        for (var id = 100; id < 1100; id++)
        {
            _stage.Store.Targets[id] = _stage.Stored(id);
            await _stage.Host.TargetChangedAsync(id, TestContext.Current.CancellationToken);
        }

        var most = 0;
        for (var i = 0; i < 20; i++)
        {
            var before = _stage.Store.Results.Count;
            _stage.Inner.Advance(TimeSpan.FromMilliseconds(100));
            await LoopedAsync();
            await Task.WhenAll(_stage.Host.Grains.Select(grain => grain.WhenIdleAsync()));
            most = Math.Max(most, _stage.Store.Results.Count - before);
        }

        await stop.CancelAsync();
        await running;
        Assert.Equal(1001, _stage.Store.Results.Select(result => result.TargetId).Distinct().Count());
        Assert.InRange(most, 1, 250);

        // A turn of this moment: when it runs, all that were due have begun. Timers do not tell that, for the runs arm some of their own.
        // The one after it, long overdue, makes the loop look now: it may have armed for a time that the clock has leapt over.
        async Task LoopedAsync()
        {
            var looked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _stage.Services.Scheduler.Set(new RecordingTurn(1, TimeSpan.FromDays(1), onRun: looked.SetResult), _stage.Services.Clock.Ticks);
            _stage.Services.Scheduler.Set(new RecordingTurn(2, TimeSpan.FromDays(1)), 0);
            await looked.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task A_stop_waits_for_runs_under_way_drops_those_that_hang_and_records_no_failure()
    {
        await _stage.StartAsync();
        await _stage.PlayAsync("FFFFF");
        _stage.Prober.Hangs();
        var armed = _stage.Inner.Armed;
        Assert.True(_stage.Grain.TryBegin(1));
        _stage.Grain.Execute();
        await _stage.Inner.ArmedBeyondAsync(armed + 1);

        armed = _stage.Inner.Armed;
        var stopping = _stage.Host.StopAllAsync(TestContext.Current.CancellationToken);
        await _stage.Inner.ArmedBeyondAsync(armed);
        _stage.Inner.Advance(_stage.Options.DrainTime);
        await stopping.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);

        Assert.Equal(5, _stage.Store.Results.Count);
        Assert.Equal(5, _stage.Store.Targets[GrainStage.Id].State!.ConsecutiveFailures);
        Assert.Empty(_stage.Host.Grains);
        Assert.Empty(_stage.Host.Shards);
    }

    [Fact]
    public async Task An_alert_carries_the_name_as_it_was_when_it_fired()
    {
        await _stage.StartAsync();
        _stage.Edited(settings => settings with { Name = "new" });
        await _stage.Host.TargetChangedAsync(GrainStage.Id, TestContext.Current.CancellationToken);
        await _stage.TurnAsync(ScriptedProber.Bad());
        await _stage.TurnAsync(ScriptedProber.Bad());
        await _stage.TurnAsync(ScriptedProber.Bad());

        Assert.Equal("new", _stage.Store.Alerts[(GrainStage.Id, 1)].TargetName);
    }

    [Fact]
    public async Task A_turn_that_was_due_while_nobody_ran_the_target_is_made_up_for_at_once_and_an_older_one_is_not()
    {
        var stored = _stage.Stored(GrainStage.Id);
        var interval = TimeSpan.FromSeconds(stored.Target.Settings.IntervalSeconds);
        var due = Cadence.Next(GrainStage.Id, interval, _stage.Time.GetUtcNow());
        _stage.Store.Targets[GrainStage.Id] = stored with { Target = stored.Target with { UpdatedAt = due - 2 * interval }, LastCheckedAt = due - interval };
        _stage.Inner.Advance(due - _stage.Time.GetUtcNow() + TimeSpan.FromSeconds(1));
        IReadOnlyCollection<Fence> fences = [new Fence(ShardMap.Of(GrainStage.Id), 1, 1)];

        await _stage.Host.RunShardsAsync(fences, TestContext.Current.CancellationToken, TimeSpan.FromSeconds(3));
        Assert.InRange(_stage.Grain.Due - _stage.Services.Clock.Ticks, 0, TimeSpan.FromMilliseconds(200).Ticks);

        _stage.Host.DropShards([fences.Single().Shard]);
        await _stage.Host.RunShardsAsync(fences, TestContext.Current.CancellationToken, TimeSpan.FromSeconds(0.5));
        Assert.Equal((due + interval).UtcTicks, _stage.Grain.Due);
    }

    [Fact]
    public async Task A_shard_that_comes_back_under_another_fence_is_not_ended_by_the_old_one()
    {
        await _stage.StartAsync();
        var old = _stage.Grain.Lease;
        _stage.Host.DropShards([_stage.Grain.Shard]);
        await _stage.Host.RunShardsAsync([old.Fence with { Epoch = 2 }], TestContext.Current.CancellationToken);

        old.Lose();
        Assert.Equal(2, _stage.Grain.Lease.Fence.Epoch);
    }

    public void Dispose() => _stage.Dispose();
}
