using Monitor.Core.Shards;

namespace Monitor.Grains.Shards.Leases;

/// <summary>The times of the lease protocol. They are facts of a cluster: silos with different ones would condemn each other.</summary>
public sealed record LeaseRules
{
    public static readonly LeaseRules Default = new();

    public int Shards { get; init; } = ShardMap.Count;

    /// <summary>Another silo is expired when I have read the same beat of it for this long.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(2.5);

    /// <summary>An owner stops this long before its lease ends: what clocks may differ by, and what a message that was just let go may take to leave.</summary>
    public TimeSpan Margin { get; init; } = TimeSpan.FromSeconds(0.3);

    /// <summary>Without a confirmed call for this long, the store is out of reach: what I have seen of others counts no more.</summary>
    public TimeSpan Contact { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan BeatEvery { get; init; } = TimeSpan.FromSeconds(0.5);

    public TimeSpan LookEvery { get; init; } = TimeSpan.FromSeconds(0.25);

    /// <summary>While shards are on their way from one silo to another.</summary>
    public TimeSpan HastyLook { get; init; } = TimeSpan.FromSeconds(0.05);

    /// <summary>A loop that has not turned for this long stands still.</summary>
    public TimeSpan Vital { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Who is given a shard makes up for turns that were due this long ago, and were not made by what is stored. Longer than a hand-over takes on a machine that has ten times too much to
    /// do: what lies before it is a hole of a whole interval, of a day in a daily check.
    /// </summary>
    public TimeSpan MadeUp { get; init; } = TimeSpan.FromSeconds(10);

    public TimeSpan AskEvery { get; init; } = TimeSpan.FromSeconds(0.25);

    /// <summary>A round of peers ends after this.</summary>
    public TimeSpan PeerPatience { get; init; } = TimeSpan.FromSeconds(0.45);

    /// <summary>What a silo that is asked gives its own try of the store.</summary>
    public TimeSpan TryPatience { get; init; } = TimeSpan.FromSeconds(0.3);

    /// <summary>What is still nobody's this long after its owner was seen dead is taken whatever the shares are: whose part it was has other troubles.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(0.6);

    /// <summary>A new silo looks this long before it bids, so that several that start together do not take shards from each other.</summary>
    public TimeSpan Settle { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>Shards that are being let go at a time: few enough that each is away for an instant only.</summary>
    public int DrainAtOnce { get; init; } = 16;
}
