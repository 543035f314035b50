using Monitor.Core.Probing;
using Monitor.Core.Shards;
using Monitor.Grains.Shards;
using Monitor.Grains.Shards.Leases;
using Monitor.Grains.Targets;
using Monitor.UnitTests.Grains.Probing;
using Xunit;

namespace Monitor.UnitTests.Grains.Targets;

/// <summary>A target whose right to run ends, and may come back.</summary>
public sealed class TargetLeaseTests : IDisposable
{
    private readonly GrainStage _stage = new();

    public void Dispose() => _stage.Dispose();

    [Fact]
    public async Task What_is_seen_while_it_only_looks_is_not_unseen_by_a_run_in_a_stall()
    {
        var term = new LeaseTerm(SteadyClock.Of(_stage.Time));
        term.Publish(TimeSpan.Zero, LeaseStanding.Looking);
        using var lease = new ShardLease(new Fence(ShardMap.Of(GrainStage.Id), 1, 1), _ => { }, term);
        var grain = new TargetGrain(_stage.Stored(GrainStage.Id), lease, _stage.Services);
        _stage.Stalls.Start();
        _stage.Prober.Answers(ScriptedProber.Bad());
        await grain.ProbeNowAsync();
        Assert.Equal(ProbeOutcome.Failed, grain.Sight!.Seen!.Outcome);

        var runs = 0;
        _stage.Prober.Does = (_, _) =>
        {
            runs++;
            _stage.Time.Jump(TimeSpan.FromSeconds(10));
            return ValueTask.FromResult(ScriptedProber.Bad());
        };
        await grain.ProbeNowAsync();
        Assert.Equal(1, runs);
        Assert.Equal(ProbeOutcome.Failed, grain.Sight!.Seen!.Outcome);

        _stage.Inner.Advance(TimeSpan.FromMilliseconds(50));
        _stage.Inner.Advance(TimeSpan.FromMilliseconds(50));
        _stage.Prober.Answers(ScriptedProber.Good);
        await grain.ProbeNowAsync();
        Assert.Equal(ProbeOutcome.Ok, grain.Sight!.Seen!.Outcome);
        Assert.Empty(_stage.Store.Results);
    }

    /// <summary>A lease that lapses for a moment (a store that hangs, a machine that stands still) and is renewed moves nothing: nobody else makes up for what was due in it.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_was_due_while_the_lease_was_over_is_made_up_for_when_it_is_back(bool begun)
    {
        var term = new LeaseTerm(SteadyClock.Of(_stage.Time));
        using var lease = new ShardLease(new Fence(ShardMap.Of(GrainStage.Id), 1, 1), _ => { }, term);
        var stored = _stage.Stored(GrainStage.Id);
        var grain = new TargetGrain(stored with { Target = stored.Target with { Settings = stored.Target.Settings with { IntervalSeconds = 86_400 } } }, lease, _stage.Services);
        term.Publish(begun ? TimeSpan.MaxValue : TimeSpan.Zero, begun ? LeaseStanding.Held : LeaseStanding.Stopped);
        _stage.Prober.Does = (_, _) =>
        {
            term.Publish(TimeSpan.Zero, LeaseStanding.Stopped);
            return ValueTask.FromResult(ScriptedProber.Good);
        };
        await TurnAsync(grain);
        Assert.Empty(_stage.Store.Results);
        Assert.Equal(0, grain.Due);

        term.Publish(TimeSpan.MaxValue, LeaseStanding.Held);
        grain.MakeUp();
        Assert.InRange(grain.Due - _stage.Services.Clock.Ticks, 0, TimeSpan.FromSeconds(0.2).Ticks);

        // Once, and only what is owed.
        _stage.Prober.Answers(ScriptedProber.Good);
        await TurnAsync(grain);
        Assert.Single(_stage.Store.Results);
        _stage.Services.Scheduler.Set(grain, long.MaxValue);
        grain.MakeUp();
        Assert.Equal(long.MaxValue, grain.Due);
    }

    private static async Task TurnAsync(TargetGrain grain)
    {
        Assert.True(grain.TryBegin(1));
        grain.Execute();
        await grain.WhenIdleAsync().WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }
}
