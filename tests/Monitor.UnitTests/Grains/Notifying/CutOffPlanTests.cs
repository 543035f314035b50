using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Grains.Notifying;
using Monitor.Grains.Shards.Leases;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.UnitTests.Grains.Notifying;

public sealed class CutOffPlanTests
{
    private readonly CutOffPlan _plan = new();

    [Fact]
    public void A_blink_is_not_told_and_a_cut_is_told_once_to_each_robot()
    {
        Assert.Empty(Due(0, Sees("a", 7)));
        Assert.Empty(Due(4.9, Sees("a", 7)));
        Assert.Empty(_plan.Due(At(4.95), false, 3, [Sees("a", 7)]));
        Assert.Empty(Due(5, Sees("a", 7)));
        Assert.Empty(Due(9.9, Sees("a", 7)));
        Assert.Equal(["a", "b"], Tell(10, Sees("a", 7), Sees("b")));
        Assert.Empty(Due(300, Sees("a", 7), Sees("b")));
    }

    [Fact]
    public void What_has_changed_is_told_but_at_most_once_a_minute_and_what_has_not_is_repeated_seldom()
    {
        Due(0);
        Assert.Equal(["a"], Tell(5, Sees("a", 7)));
        Assert.Empty(Due(40, Sees("a", 7, 8)));
        Assert.Equal(["a"], Tell(65.3, Sees("a", 7, 8)));
        Assert.Empty(Due(600, Sees("a", 8, 7)));
        Assert.Equal(["a"], Tell(666, Sees("a", 7, 8)));
        Assert.Equal(["a"], Tell(730, Sees("a")));
    }

    [Fact]
    public void A_silo_that_comes_and_goes_tells_once_a_minute_all_the_same()
    {
        var told = 0;
        for (var second = 0.0; second < 600; second += 0.5)
        {
            // Ten seconds cut off, two not.
            told += second % 12 < 10 ? Tell(second, Sees("a", (long)second)).Count : _plan.Due(At(second), false, 3, []).Count;
        }

        Assert.InRange(told, 8, 10);
    }

    [Fact]
    public void A_silo_that_stands_still_itself_between_its_looks_does_not_tell_that_it_is_cut_off()
    {
        for (var second = 0.0; second < 60; second += 1.6)
        {
            Assert.Empty(Due(second, Sees("a", 7)));
            _plan.Looked(At(second));
        }

        // From here on it looks in time, and has to be cut off for the whole while.
        var told = new List<double>();
        for (var second = 60.0; second < 90; second += 1.4)
        {
            told.AddRange(Tell(second, Sees("a", 7)).Select(_ => second));
            _plan.Looked(At(second));
        }

        Assert.InRange(Assert.Single(told), 65, 67);
    }

    [Fact]
    public void A_look_that_posts_for_long_is_no_standing_still()
    {
        Due(0);
        _plan.Looked(At(4));
        Assert.Equal(["a"], Tell(5, Sees("a", 7)));
    }

    [Fact]
    public void What_surely_did_not_arrive_is_tried_again_soon()
    {
        Due(0);
        var robot = Assert.Single(Due(5, Sees("a", 7)));
        _plan.Told(robot, mayHaveArrived: false, At(5));
        Assert.Empty(Due(19.9, Sees("a", 7)));
        Assert.Equal(["a"], Tell(20, Sees("a", 7)));
        Assert.Empty(Due(79, Sees("a", 8)));
    }

    [Theory]
    [InlineData(1, 19, true)]
    [InlineData(1, 20, false)]
    [InlineData(3, 5, true)]
    [InlineData(3, 6, false)]
    [InlineData(50, 0, true)]
    [InlineData(50, 1, false)]
    public void A_robot_gets_it_within_this_silos_share_of_the_twenty(int silos, int sent, bool told)
    {
        Due(0);
        Assert.Equal(told, _plan.Due(At(5), true, silos, [Sees("a", 7) with { Sent = sent }]).Count == 1);
    }

    [Fact]
    public void Own_sends_count_for_a_minute_and_each_robot_by_itself()
    {
        var time = new FakeTime();
        var sends = new OwnSends(time);
        var (one, other) = (new Uri("http://robot/send?key=1"), new Uri("http://robot/send?key=2"));
        sends.Add(one);
        time.Advance(TimeSpan.FromSeconds(30));
        sends.Add(one);
        sends.Add(other);
        Assert.Equal((2, 1), (sends.Count(one), sends.Count(other)));
        time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal((1, 1), (sends.Count(one), sends.Count(other)));
        time.Advance(TimeSpan.FromSeconds(30));
        sends.Add(other);
        Assert.Equal((0, 1), (sends.Count(one), sends.Count(other)));
    }

    [Fact]
    public void Whoever_starts_or_stops_or_is_the_only_one_or_is_told_that_the_store_is_down_or_goes_on_elsewhere_is_not_cut_off()
    {
        var fresh = LeaseMachine.Step(LeaseState.New(LeaseRules.Default), Tick(0)).State;
        Assert.False(CutOffPlan.IsCutOff(fresh, At(60)));

        // Its last beat was 10 s ago; the round of peers is to say what that means.
        Assert.True(CutOffPlan.IsCutOff(After(2), At(10)));
        Assert.False(CutOffPlan.IsCutOff(After(1), At(10)));
        Assert.False(CutOffPlan.IsCutOff(After(2, new PeerAnswer(2, false, [], [])), At(10)));
        Assert.False(CutOffPlan.IsCutOff(After(2, new PeerAnswer(2, true, [], [])), At(10)));
        Assert.False(CutOffPlan.IsCutOff(LeaseMachine.Step(After(2), new LeaseEvent.StopAsked(At(10))).State, At(10)));

        // Frozen, and thawed: its loops have not turned yet.
        Assert.False(CutOffPlan.IsCutOff(LeaseMachine.Step(After(2), new LeaseEvent.Tick(At(10), TimeSpan.FromSeconds(8), TimeSpan.Zero, false)).State, At(10)));
    }

    /// <summary>The lease of silo 1 at the tenth second, whose last beat was at the first, with what its peers have answered.</summary>
    internal static LeaseState After(int silos, params PeerAnswer[] answers)
    {
        var rows = Enumerable.Range(1, silos).Select(id => new SiloRow(id, $"silo-{id}", "http://127.0.0.1:1", "z", 1, false, false)).ToArray();
        var view = new ClusterView(1, [.. rows], [.. Enumerable.Range(0, ShardMap.Count).Select(shard => new ShardRow(shard, 1, 1, 0, 0))]);
        var state = LeaseState.Restored(LeaseRules.Default, 1, view, [new Fence(0, 1, 1, 1)]);
        foreach (var second in (double[])[6.5, 8])
        {
            state = LeaseMachine.Step(state, Tick(second)).State;
            state = LeaseMachine.Step(state, new LeaseEvent.PeersAnswered(At(second + 0.5), state.Round, At(second), [])).State;
            Assert.False(CutOffPlan.IsCutOff(state, At(8.5)));
        }

        state = LeaseMachine.Step(state, Tick(9)).State;
        Assert.True(state.Asking);
        return LeaseMachine.Step(state, new LeaseEvent.PeersAnswered(At(9.5), state.Round, At(9), answers)).State;
    }

    private static LeaseEvent.Tick Tick(double second) => new(At(second), TimeSpan.Zero, TimeSpan.Zero, false);

    private static TimeSpan At(double second) => TimeSpan.FromSeconds(second);

    private static RobotSight Sees(string robot, params long[] down) => new(robot, down.ToHashSet(), 0);

    private IReadOnlyList<RobotSight> Due(double second, params RobotSight[] robots) => _plan.Due(At(second), true, 3, robots);

    private List<string> Tell(double second, params RobotSight[] robots)
    {
        var due = Due(second, robots);
        foreach (var robot in due)
        {
            _plan.Told(robot, mayHaveArrived: true, At(second));
        }

        return [.. due.Select(robot => robot.Robot)];
    }
}
