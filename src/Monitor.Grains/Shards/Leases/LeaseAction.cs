using Monitor.Core.Shards;

namespace Monitor.Grains.Shards.Leases;

/// <summary>What is to be done. In order; drops come before anything that gives new rights.</summary>
public abstract record LeaseAction
{
    /// <summary>Ask the store; exactly one event must follow: the answer, or <see cref="LeaseEvent.Failed"/>.</summary>
    public sealed record Call(LeaseCall What) : LeaseAction;

    /// <summary>Load and run them.</summary>
    /// <param name="Since">Nobody may have run them from then on: turns that were due since are made up for.</param>
    public sealed record Run(IReadOnlyList<Fence> Fences, TimeSpan Since) : LeaseAction;

    /// <summary>Let them go; each is reported as <see cref="LeaseEvent.Drained"/>, in bounded time.</summary>
    public sealed record Drain(IReadOnlyList<int> Shards) : LeaseAction;

    /// <summary>They are another's: nothing of them may run, be written or told any more.</summary>
    public sealed record Drop(IReadOnlyList<int> Shards) : LeaseAction;

    /// <summary>Ask each of them whether it can reach the store; <see cref="LeaseEvent.PeersAnswered"/> must follow, in bounded time.</summary>
    public sealed record AskPeers(int Round, TimeSpan Start, IReadOnlyList<SiloRow> Peers) : LeaseAction;
}

/// <summary>A call to the store, with when it began: what a confirmed beat gives, it gives from its start.</summary>
public abstract record LeaseCall(TimeSpan Start)
{
    /// <param name="Incarnation">One row each.</param>
    public sealed record Register(TimeSpan Start, int Incarnation) : LeaseCall(Start);

    public sealed record Beat(TimeSpan Start, long Silo, long Value) : LeaseCall(Start);

    public sealed record Look(TimeSpan Start) : LeaseCall(Start);

    public sealed record Claim(TimeSpan Start, ClaimRequest Request) : LeaseCall(Start);

    public sealed record Bid(TimeSpan Start, long Silo, long Timeline, IReadOnlyList<ShardBid> Bids) : LeaseCall(Start);

    public sealed record HandOver(TimeSpan Start, long Silo, long Timeline, IReadOnlyList<ShardGift> Gifts) : LeaseCall(Start);

    public sealed record Reclaim(TimeSpan Start, long Silo, long Timeline, IReadOnlyList<Fence> Held) : LeaseCall(Start);

    public sealed record MarkStopping(TimeSpan Start, long Silo) : LeaseCall(Start);

    public sealed record Leave(TimeSpan Start, long Silo) : LeaseCall(Start);
}
