using Monitor.Core.Ports;
using Monitor.Grains.Notifying;
using Monitor.Grains.Shards;
using Monitor.Grains.Shards.Leases;

namespace Monitor.Grains.Peers;

/// <summary>What the leases and the rounds of peers say of who sends while the store is out of reach.</summary>
public sealed class RobotPeers(LeaseKeeper leases, PeerClient peers, SteadyClock clock) : IRobotPeers
{
    public long Self => leases.State.Silo;

    public TimeSpan Now => clock.Now;

    public bool MayStandIn => MayStandInBy(leases.State, clock.Now);

    public TimeSpan? HeardOf(int shard)
    {
        var state = leases.State;
        return state.View?.OwnerOf(shard) is not { } owner ? null : owner.Id == state.Silo ? clock.Now : state.HeardOf(owner.Id);
    }

    public int Most(bool standsIn) => MostBy(leases.State, clock.Now, standsIn);

    public bool IsGone(long silo)
    {
        var state = leases.State;
        return state.HasLostStore(clock.Now) && state.Absent.Contains(silo);
    }

    public Task<BringAnswer?> BringAsync(BringCall call, CancellationToken cancellationToken)
    {
        var state = leases.State;
        return state.View?.OwnerOf(call.Shard) is { } owner && owner.Id != state.Silo ? peers.BringAsync(owner, call, cancellationToken) : Task.FromResult<BringAnswer?>(null);
    }

    internal static bool MayStandInBy(LeaseState state, TimeSpan now) =>
        state.Reach == StoreReach.Down && state.HasLostStore(now) && state.Standing(now) == LeaseStanding.Held;

    /// <summary>While somebody is silent, who sends to what cannot be known: all keep to a part each, so that together they stay near the robot's own limit.</summary>
    internal static int MostBy(LeaseState state, TimeSpan now, bool standsIn)
    {
        if (!state.HasLostStore(now) || state.View is not { } view)
        {
            return SendBudget.Slots;
        }

        var living = view.Silos.Where(silo => !silo.Dead).ToArray();
        var isSilent = living.Any(silo => silo.Id != state.Silo && (standsIn || !state.Absent.Contains(silo.Id)) && now - state.HeardOf(silo.Id) >= Outbox.Patience);
        return isSilent ? Math.Max(1, SendBudget.Slots / living.Length) : SendBudget.Slots;
    }
}
