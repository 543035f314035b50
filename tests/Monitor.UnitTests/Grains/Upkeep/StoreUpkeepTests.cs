using Monitor.Core.Ports;
using Monitor.Grains.Upkeep;
using Monitor.Grains.Writing;
using Monitor.Tests.Shared;
using Monitor.UnitTests.Grains.Writing;
using Xunit;
using Fault = Monitor.UnitTests.Grains.Writing.Fault;

namespace Monitor.UnitTests.Grains.Upkeep;

public sealed class StoreUpkeepTests
{
    private static readonly Retention Keep = new(TimeSpan.FromDays(7), TimeSpan.FromDays(400), TimeSpan.FromDays(400));

    private readonly FakeTime _time = new();
    private readonly FakeStore _store = new();
    private readonly LogLines _lines = new();
    private int _rounds;

    [Fact]
    public async Task Rounds_follow_each_other_after_a_short_pause_while_there_is_more_to_do_and_else_every_ten_seconds()
    {
        _store.Maintain = () => ++_rounds < 3;
        using var upkeep = await StartedAsync(new StoreCondition(_store));
        Assert.Equal(1, _rounds);
        await AdvanceAsync(StoreUpkeep.Pause);
        Assert.Equal(2, _rounds);
        await AdvanceAsync(StoreUpkeep.Pause);
        Assert.Equal(3, _rounds);
        _time.Advance(StoreUpkeep.Interval - TimeSpan.FromMilliseconds(1));
        Assert.Equal(3, _rounds);
        await AdvanceAsync(TimeSpan.FromMilliseconds(1));
        Assert.Equal(4, _rounds);
        await upkeep.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_round_that_fails_is_told_once_and_the_next_one_comes()
    {
        _store.Maintain = () => ++_rounds < 4 ? throw new InvalidOperationException("database is locked") : false;
        using var upkeep = await StartedAsync(new StoreCondition(_store));
        for (var i = 0; i < 5; i++)
        {
            await AdvanceAsync(StoreUpkeep.Interval);
        }

        Assert.Equal(6, _rounds);
        Assert.Single(_lines.All);
        await upkeep.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_store_that_is_away_is_left_alone_until_what_waited_is_in_it()
    {
        await using var rig = await new WriterRig(_store).StartedAsync();
        _store.Maintain = () => ++_rounds < 0;
        _store.Faults = _ => Fault.Before;
        await rig.WriteAsync(Samples.State(1));
        using var upkeep = await StartedAsync(rig.Condition);
        await AdvanceAsync(StoreUpkeep.Interval);
        Assert.Equal(0, _rounds);
        _store.Faults = _ => Fault.None;
        await rig.RunUntilAsync(() => !rig.Condition.HasGap);
        await AdvanceAsync(StoreUpkeep.Interval);
        Assert.Equal(1, _rounds);
        await upkeep.StopAsync(TestContext.Current.CancellationToken);
    }

    private async Task<StoreUpkeep> StartedAsync(StoreCondition condition)
    {
        var upkeep = new StoreUpkeep(_store, condition, Keep, _time, new ListLog<StoreUpkeep>(_lines));
        var armed = _time.Armed;
        await upkeep.StartAsync(TestContext.Current.CancellationToken);
        await _time.ArmedBeyondAsync(armed);
        return upkeep;
    }

    private async Task AdvanceAsync(TimeSpan by)
    {
        var armed = _time.Armed;
        _time.Advance(by);
        await _time.ArmedBeyondAsync(armed);
    }
}
