using System.Collections.Immutable;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Grains.Shards.Leases;
using Xunit;

namespace Monitor.UnitTests.Grains.Shards.Leases;

/// <summary>Rules that the simulation found missing, each in the few steps that show it: one silo (row 1), what the store and the peers tell it, and what it does.</summary>
public sealed class LeaseRuleTests
{
    private static readonly LeaseRules Rules = LeaseRules.Default with { Shards = 1 };

    private readonly SiloRow[] _alone = [Row(1)];
    private LeaseState _state = LeaseState.New(Rules);
    private long _beat = 1;

    [Fact]
    public void What_nobody_has_ever_had_is_claimed_at_once() => Assert.Single(Claims(Join(View(1, _alone, owner: 0, epoch: 0))));

    [Fact]
    public void Who_joins_a_promoted_store_leaves_what_that_calls_nobody_s_for_a_lease_to_who_may_hold_it()
    {
        var view = View(timeline: 2, _alone, owner: 0, epoch: 0);
        Assert.Empty(Claims(Join(view)));
        Assert.Empty(Claims(Breathe(1.2, view)));
        Assert.Empty(Claims(Breathe(2.4, view)));
        Assert.Single(Claims(Breathe(2.7, view)));
    }

    [Fact]
    public void Who_learns_without_the_store_of_a_silo_that_has_joined_has_what_its_last_beat_gave_until_that_one_agrees()
    {
        SiloRow[] both = [Row(1), Row(2)];
        Own(View(1, both, owner: 0, epoch: 0));
        Round(1.2, new PeerAnswer(2, ReachesStore: false, [1], both));
        Assert.Equal((StoreReach.Down, LeaseStanding.Held), (_state.Reach, _state.Standing(At(2.8))));

        Round(2.4, new PeerAnswer(2, ReachesStore: null, [1], [.. both, Row(3)]));
        Assert.Equal(LeaseStanding.Stopped, _state.Standing(At(2.4)));

        Round(2.7, new PeerAnswer(2, ReachesStore: false, [1], both), new PeerAnswer(3, ReachesStore: false, [1], both));
        Assert.Equal((StoreReach.Down, LeaseStanding.Held), (_state.Reach, _state.Standing(At(2.8))));
    }

    [Fact]
    public void A_claim_anew_that_was_given_up_and_lands_after_its_repetition_costs_no_wait()
    {
        Own(View(1, _alone, owner: 0, epoch: 0));
        var promoted = View(timeline: 2, _alone, owner: 1, epoch: 1);
        var reclaim = Assert.Single(Breathe(0.6, promoted).OfType<LeaseAction.Call>().Select(call => call.What).OfType<LeaseCall.Reclaim>());
        Happens(new LeaseEvent.Claimed(At(0.7), reclaim, new ClaimAnswer(Alive: true, [new Fence(0, 1, 2, 2)])));

        var run = Assert.Single(Breathe(1.2, View(timeline: 2, _alone, owner: 1, epoch: 3)).OfType<LeaseAction.Run>());
        Assert.Equal(new Fence(0, 1, 3, 2), Assert.Single(run.Fences));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Who_wakes_up_takes_nobody_for_cut_off_before_it_has_asked_for_a_lease(bool askedBefore)
    {
        Own(View(1, [Row(1), Row(2), Row(3)], owner: 0, epoch: 0));
        if (askedBefore)
        {
            // It falls asleep in the middle of a round, and that ends when it wakes up.
            var asked = Assert.Single(Happens(Tick(1.2)).OfType<LeaseAction.AskPeers>());
            Happens(new LeaseEvent.PeersAnswered(At(60), asked.Round, asked.Start, []));
        }
        else
        {
            Happens(Tick(60));
        }

        Happens(new LeaseEvent.PeersAnswered(At(60.1), _state.Round, At(60), []));
        Round(60.6);
        Round(61.5);
        Round(62.4);
        Assert.Equal((StoreReach.Unasked, LeaseStanding.Stopped), (_state.Reach, _state.Standing(At(62.4))));
        Round(62.7);
        Assert.Equal((StoreReach.CutOff, LeaseStanding.Looking), (_state.Reach, _state.Standing(At(62.7))));
    }

    [Fact]
    public void Who_wakes_up_does_not_say_that_it_cannot_reach_the_store_before_it_has_tried_for_a_while()
    {
        Own(View(1, [Row(1), Row(2)], owner: 0, epoch: 0));
        Assert.Null(_state.Reaches(tried: false, At(60)));
        Happens(Tick(60));
        Assert.Null(_state.Reaches(tried: false, At(60.4)));
        Happens(Tick(60.8));
        Happens(Tick(61.2));
        Assert.Equal(false, _state.Reaches(tried: false, At(61.3)));
        Assert.True(_state.Reaches(tried: true, At(61.3)));
    }

    [Fact]
    public void Who_said_that_it_reaches_the_store_and_is_silent_since_is_waited_for_a_lease()
    {
        SiloRow[] three = [Row(1), Row(2), Row(3)];
        Own(View(1, three, owner: 0, epoch: 0));
        Round(1.2, new PeerAnswer(2, ReachesStore: true, [1], three), new PeerAnswer(3, ReachesStore: false, [1], three));
        Round(2.4, new PeerAnswer(2, ReachesStore: true, [1], three), new PeerAnswer(3, ReachesStore: false, [1], three));
        Round(3.3, new PeerAnswer(3, ReachesStore: false, [1], three));
        Assert.Equal((StoreReach.OthersReachIt, LeaseStanding.Stopped), (_state.Reach, _state.Standing(At(3.3))));
        Round(4.2, new PeerAnswer(3, ReachesStore: false, [1], three));
        Round(5.0, new PeerAnswer(3, ReachesStore: false, [1], three));
        Assert.Equal((StoreReach.Down, LeaseStanding.Held), (_state.Reach, _state.Standing(At(5.0))));
    }

    [Fact]
    public void Who_wakes_up_waits_a_lease_for_whoever_is_silent()
    {
        SiloRow[] three = [Row(1), Row(2), Row(3)];
        Own(View(1, three, owner: 0, epoch: 0));
        Happens(Tick(1));
        for (var second = 60.0; second < 62.5; second += 0.8)
        {
            Round(second, new PeerAnswer(3, ReachesStore: false, [1], three));
            Assert.NotEqual(StoreReach.Down, _state.Reach);
        }

        Round(62.7, new PeerAnswer(3, ReachesStore: false, [1], three));
        Assert.Equal(StoreReach.Down, _state.Reach);
    }

    [Fact]
    public void Who_said_that_it_cannot_reach_the_store_leaves_what_it_is_given_to_the_giver_for_a_lease()
    {
        Join(View(1, [Row(1), Row(2)], owner: 2, epoch: 1));
        Happens(new LeaseEvent.ToldUnreachable(At(1.1)));
        var given = View(1, [Row(1), Row(2)], owner: 1, epoch: 2);
        Assert.Empty(Breathe(1.2, given).OfType<LeaseAction.Run>());
        Assert.Empty(Breathe(2.3, given).OfType<LeaseAction.Run>());
        Assert.Empty(Breathe(3.5, given).OfType<LeaseAction.Run>());
        Assert.Equal(new Fence(0, 1, 2, 1), Assert.Single(Assert.Single(Breathe(4.1, given).OfType<LeaseAction.Run>()).Fences));
    }

    [Fact]
    public void Who_starts_from_its_journal_with_a_right_of_before_a_promotion_that_it_had_seen_claims_it_anew_when_nobody_has_after_a_lease()
    {
        var promoted = View(timeline: 2, _alone, owner: 1, epoch: 1);
        _state = LeaseState.Restored(Rules, 1, promoted, [new Fence(0, 1, 1, 1)]);
        ReclaimsAfterALease(0, promoted);
    }

    [Fact]
    public void Whose_lease_had_ended_before_the_promotion_claims_anew_only_when_nobody_has_after_a_lease()
    {
        Own(View(1, [Row(1), Row(2)], owner: 0, epoch: 0));
        Happens(Tick(1));
        ReclaimsAfterALease(10, View(timeline: 2, [Row(1), Row(2)], owner: 1, epoch: 1));
    }

    [Fact]
    public void Whose_lease_had_ended_before_the_promotion_leaves_to_its_owner_what_is_another_s_by_it()
    {
        Own(View(1, [Row(1), Row(2)], owner: 0, epoch: 0));
        Happens(Tick(1));
        var drop = Assert.Single(Breathe(10, View(timeline: 2, [Row(1), Row(2)], owner: 2, epoch: 0)).OfType<LeaseAction.Drop>());
        Assert.Contains(0, drop.Shards);
        Assert.Empty(_state.Held);
    }

    [Fact]
    public void What_was_handed_over_with_unknown_outcome_before_a_promotion_is_claimed_anew_only_when_nobody_has_after_a_lease()
    {
        Happens(new LeaseEvent.Failed(At(0.7), Give()));
        ReclaimsAfterALease(0.8, Wanted(timeline: 2));
    }

    [Fact]
    public void What_was_handed_over_before_a_promotion_and_confirmed_after_it_is_claimed_anew_when_nobody_has_after_a_lease()
    {
        var given = Give();
        Breathe(1.2, Wanted(timeline: 2));
        Happens(new LeaseEvent.HandedOver(At(1.3), given, [0]));
        ReclaimsAfterALease(1.4, Wanted(timeline: 2), seen: 1.2);
    }

    [Fact]
    public void What_the_store_goes_on_calling_mine_is_mine_whatever_a_peer_has_seen_of_it_before_a_promotion()
    {
        Own(View(1, [Row(1), Row(2)], owner: 0, epoch: 0));
        Round(1.2, new PeerAnswer(2, ReachesStore: true, [7], []));
        var mine = View(1, [Row(1), Row(2)], owner: 1, epoch: 1);
        var run = Assert.Single(Breathe(1.6, mine).Concat(Breathe(1.9, mine)).OfType<LeaseAction.Run>());
        Assert.Equal(new Fence(0, 1, 1, 1), Assert.Single(run.Fences));
    }

    [Fact]
    public void What_was_claimed_anew_and_could_not_be_begun_is_held_and_begun_with_the_next_look_and_not_after_a_lease()
    {
        Own(View(1, [Row(1), Row(2)], owner: 0, epoch: 0));
        var old = View(timeline: 2, [Row(1), Row(2)], owner: 1, epoch: 1);
        Breathe(0.6, old);
        var again = Assert.IsType<LeaseCall.Reclaim>(_state.Work);
        var next = new Fence(0, 1, 2, 2);
        Assert.Single(Happens(new LeaseEvent.Claimed(At(0.7), again, new ClaimAnswer(Alive: true, [next]))).OfType<LeaseAction.Run>());

        Happens(new LeaseEvent.NotBegun(At(0.8), [next]));
        Assert.Equal(next, Assert.Single(_state.Held).Value.Fence);
        var mine = View(timeline: 2, [Row(1), Row(2)], owner: 1, epoch: 2);
        var run = Assert.Single(Breathe(1.1, mine).Concat(Breathe(1.4, mine)).OfType<LeaseAction.Run>());
        Assert.Equal(next, Assert.Single(run.Fences));
    }

    [Fact]
    public void What_another_has_claimed_since_the_promotion_is_dropped_at_the_first_look()
    {
        Own(View(1, [Row(1), Row(2)], owner: 0, epoch: 0));
        var drop = Assert.Single(Breathe(0.6, View(timeline: 2, [Row(1), Row(2)], owner: 2, epoch: 2)).OfType<LeaseAction.Drop>());
        Assert.Equal(0, Assert.Single(drop.Shards));
    }

    [Fact]
    public void Who_starts_from_its_journal_on_a_promoted_store_leaves_what_that_calls_its_own_for_a_lease_to_who_may_hold_it()
    {
        var promoted = View(timeline: 2, [Row(1), Row(2)], owner: 1, epoch: 1);
        _state = LeaseState.Restored(Rules, 1, promoted, []);
        Assert.Empty(Breathe(0, promoted).OfType<LeaseAction.Run>());
        Assert.Empty(Breathe(1.2, promoted).OfType<LeaseAction.Run>());
        Assert.Empty(Breathe(2.4, promoted).OfType<LeaseAction.Run>());
        Assert.Single(Breathe(2.7, promoted).OfType<LeaseAction.Run>());
    }

    /// <summary>A silo beats on for up to a second when its scheduler stands still, and a beat is read some time after it was made: turns of that time were a hole of a whole interval.</summary>
    [Fact]
    public void Who_takes_over_makes_up_for_a_lease_more_than_the_last_sign_of_life()
    {
        SiloRow[] both = [Row(1), Row(2)];
        Join(View(1, both, owner: 2, epoch: 1));
        var (second, claims) = (0.0, Array.Empty<LeaseCall.Claim>());
        while (claims.Length == 0)
        {
            second += 0.3;
            claims = [.. Claims(Breathe(second, View(1, both, owner: 2, epoch: 1)))];
        }

        var run = Assert.Single(Happens(new LeaseEvent.Claimed(At(second + 0.1), claims[0], new ClaimAnswer(Alive: true, [new Fence(0, 1, 2, 1)]))).OfType<LeaseAction.Run>());
        Assert.InRange(second, 2.5, 3.5);
        Assert.Equal(At(-2.5), run.Since);
    }

    /// <summary>On a starved machine a hand-over took longer than a lease.</summary>
    [Fact]
    public void Who_is_given_a_shard_makes_up_for_longer_than_any_hand_over_takes()
    {
        Join(View(1, [Row(1), Row(2)], owner: 2, epoch: 1));
        var run = Assert.Single(Breathe(1.2, View(1, [Row(1), Row(2)], owner: 1, epoch: 2)).OfType<LeaseAction.Run>());
        Assert.Equal(At(1.2) - Rules.MadeUp, run.Since);
    }

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);

    private static SiloRow Row(long id) => new(id, $"silo {id}", "", "default", Beat: 1, Stopping: false, Dead: false);

    private static ClusterView View(long timeline, SiloRow[] silos, long owner, long epoch) => new(timeline, [.. silos], [new ShardRow(0, owner, epoch, 0, 0)]);

    private static IEnumerable<LeaseCall.Claim> Claims(ImmutableArray<LeaseAction> actions) =>
        actions.OfType<LeaseAction.Call>().Select(call => call.What).OfType<LeaseCall.Claim>().Where(claim => claim.Request.Shards.Count > 0);

    /// <summary>A step leaves the state that it was given as it was.</summary>
    private ImmutableArray<LeaseAction> Happens(LeaseEvent happened)
    {
        var before = _state with { };
        var (state, actions) = LeaseMachine.Step(_state, happened);
        Assert.Equal(before, _state);
        _state = state;
        return actions;
    }

    /// <summary>Registers at 0 and sees the cluster.</summary>
    private ImmutableArray<LeaseAction> Join(ClusterView view)
    {
        Happens(Tick(0));
        Happens(new LeaseEvent.Registered(At(0), Assert.IsType<LeaseCall.Register>(_state.Pulse), 1));
        return Answer(0, view);
    }

    private void Own(ClusterView view)
    {
        var claim = Assert.Single(Claims(Join(view)));
        Happens(new LeaseEvent.Claimed(At(0), claim, new ClaimAnswer(Alive: true, [new Fence(0, 1, 1, view.Timeline)])));
    }

    /// <summary>What is due of beat or look is asked and answered.</summary>
    private ImmutableArray<LeaseAction> Breathe(double now, ClusterView view)
    {
        var actions = _state.Pulse is null ? Happens(Tick(now)) : [];
        return actions.AddRange(Answer(now, view));
    }

    private ImmutableArray<LeaseAction> Answer(double now, ClusterView view)
    {
        var seen = view with { Silos = [.. view.Silos.Select(row => row.Id == 1 ? row with { Beat = ++_beat } : row)] };
        return Happens(_state.Pulse switch
        {
            LeaseCall.Beat beat => new LeaseEvent.Beaten(At(now), beat, new BeatAnswer(true, seen)),
            LeaseCall.Look look => new LeaseEvent.Looked(At(now), look, seen),
            var other => throw new InvalidOperationException($"{other} is under way"),
        });
    }

    private static ClusterView Wanted(long timeline) => View(timeline, [Row(1), Row(2)], owner: 1, epoch: 1) with { Shards = [new ShardRow(0, 1, 1, 2, 0)] };

    /// <summary>The one shard is on its way to row 2.</summary>
    private LeaseCall.HandOver Give()
    {
        Own(View(1, [Row(1), Row(2)], owner: 0, epoch: 0));
        Breathe(0.6, Wanted(timeline: 1));
        Happens(new LeaseEvent.Drained(At(0.6), 0));
        return Assert.IsType<LeaseCall.HandOver>(_state.Work);
    }

    private void ReclaimsAfterALease(double first, ClusterView promoted, double? seen = null)
    {
        var until = (seen ?? first) + 2.5;
        for (var second = first; second < until; second += 0.6)
        {
            Assert.Empty(Reclaims(Breathe(second, promoted)));
        }

        Assert.Equal(1, Assert.Single(Assert.Single(Reclaims(Breathe(until + 0.5, promoted))).Held).Epoch);

        static IEnumerable<LeaseCall.Reclaim> Reclaims(ImmutableArray<LeaseAction> actions) =>
            actions.OfType<LeaseAction.Call>().Select(call => call.What).OfType<LeaseCall.Reclaim>();
    }

    private void Round(double now, params PeerAnswer[] answers)
    {
        var ask = Assert.Single(Happens(Tick(now)).OfType<LeaseAction.AskPeers>());
        Happens(new LeaseEvent.PeersAnswered(At(now), ask.Round, ask.Start, answers));
    }

    private static LeaseEvent.Tick Tick(double now) => new(At(now), TimeSpan.Zero, TimeSpan.Zero, Backlog: false);
}
