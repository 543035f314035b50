using Monitor.Core.Shards;
using Monitor.Grains.Notifying;
using Monitor.Grains.Peers;
using Monitor.Grains.Shards.Leases;
using Xunit;

namespace Monitor.UnitTests.Grains.Peers;

/// <summary>How many POSTs a silo may make to one robot, and when in another's place.</summary>
public sealed class RobotPeersTests
{
    private static readonly TimeSpan Now = TimeSpan.FromSeconds(100);

    [Fact]
    public void While_the_store_is_out_of_reach_and_somebody_is_silent_all_keep_to_their_share()
    {
        Assert.Equal(6, RobotPeers.MostBy(Away(heardAgo: [0.1, 2.1]), Now, standsIn: false));
        Assert.Equal(SendBudget.Slots, RobotPeers.MostBy(Away(heardAgo: [0.1, 1.9]), Now, standsIn: false));
        Assert.Equal(10, RobotPeers.MostBy(Away(heardAgo: [3]), Now, standsIn: false));
        Assert.Equal(1, RobotPeers.MostBy(Away(heardAgo: [.. Enumerable.Repeat(3.0, 24)]), Now, standsIn: false));
    }

    [Fact]
    public void Who_is_certainly_gone_sends_nothing_but_several_may_stand_in_for_it()
    {
        var away = Away(heardAgo: [0.1, 9]) with { Absent = [3] };
        Assert.Equal(SendBudget.Slots, RobotPeers.MostBy(away, Now, standsIn: false));
        Assert.Equal(6, RobotPeers.MostBy(away, Now, standsIn: true));
    }

    [Fact]
    public void As_long_as_the_store_answers_all_slots_are_the_owners_whoever_is_silent() =>
        Assert.Equal(SendBudget.Slots, RobotPeers.MostBy(Away(heardAgo: [9, 9]) with { ConfirmedAt = Now }, Now, standsIn: false));

    [Fact]
    public void Only_who_has_its_lease_because_nobody_reaches_the_store_stands_in()
    {
        var away = Away(heardAgo: [0.1, 9]);
        Assert.True(RobotPeers.MayStandInBy(away, Now));
        Assert.False(RobotPeers.MayStandInBy(away with { Reach = StoreReach.OthersReachIt }, Now));
        Assert.False(RobotPeers.MayStandInBy(away with { Reach = StoreReach.CutOff }, Now));
        Assert.False(RobotPeers.MayStandInBy(away with { RenewedFrom = Now - away.Rules.Lease }, Now));
        Assert.False(RobotPeers.MayStandInBy(away with { ConfirmedAt = Now }, Now));
    }

    private static LeaseState Away(double[] heardAgo)
    {
        var silos = Enumerable.Range(1, heardAgo.Length + 1).Select(id => new SiloRow(id, $"silo-{id}", "", "", 1, false, false)).ToArray();
        return LeaseState.New(LeaseRules.Default) with
        {
            Silo = 1,
            Vital = true,
            View = new ClusterView(1, [.. silos], []),
            ConfirmedAt = Now - TimeSpan.FromSeconds(30),
            RenewedFrom = Now,
            Reach = StoreReach.Down,
            Sightings = Few<long, Sighting>.Of([.. heardAgo.Select((ago, index) => KeyValuePair.Create(index + 2L, new Sighting(1, Now, Heard: Now - TimeSpan.FromSeconds(ago))))]),
        };
    }
}
