using Monitor.Core.Ports;
using Monitor.Core.Shards;

namespace Monitor.Grains.Shards.Leases;

/// <summary>Something that has happened, and when by this silo's steady clock.</summary>
public abstract record LeaseEvent(TimeSpan Now)
{
    /// <param name="SchedulerAge">Since its loop turned last.</param>
    /// <param name="WriterAge">The same.</param>
    /// <param name="Backlog">Records of a time without the store have yet to be stored.</param>
    public sealed record Tick(TimeSpan Now, TimeSpan SchedulerAge, TimeSpan WriterAge, bool Backlog) : LeaseEvent(Now);

    public sealed record Registered(TimeSpan Now, LeaseCall.Register Call, long Silo) : LeaseEvent(Now);

    public sealed record Beaten(TimeSpan Now, LeaseCall.Beat Call, BeatAnswer Answer) : LeaseEvent(Now);

    public sealed record Looked(TimeSpan Now, LeaseCall.Look Call, ClusterView View) : LeaseEvent(Now);

    /// <summary>Claimed, or claimed anew.</summary>
    public sealed record Claimed(TimeSpan Now, LeaseCall Call, ClaimAnswer Answer) : LeaseEvent(Now);

    public sealed record HandedOver(TimeSpan Now, LeaseCall.HandOver Call, IReadOnlyList<int> Shards) : LeaseEvent(Now);

    /// <summary>A bid, or a mark of stopping or leaving, is stored.</summary>
    public sealed record Done(TimeSpan Now, LeaseCall Call) : LeaseEvent(Now);

    /// <summary>Nothing was confirmed: it may have happened or not, or happen yet.</summary>
    public sealed record Failed(TimeSpan Now, LeaseCall Call) : LeaseEvent(Now);

    /// <summary>The host has ended the shard, and what was to be written of it is.</summary>
    public sealed record Drained(TimeSpan Now, int Shard) : LeaseEvent(Now);

    /// <summary>The host could not begin these: they are begun anew when the next look calls them mine.</summary>
    public sealed record NotBegun(TimeSpan Now, IReadOnlyList<Fence> Fences) : LeaseEvent(Now);

    /// <summary>The store has refused a commit by this fence.</summary>
    public sealed record Refused(TimeSpan Now, Fence Fence) : LeaseEvent(Now);

    /// <param name="Start">When the round began: what it proves, it proves from then on.</param>
    /// <param name="Answers">Of those that answered, or are certainly absent.</param>
    public sealed record PeersAnswered(TimeSpan Now, int Round, TimeSpan Start, IReadOnlyList<PeerAnswer> Answers) : LeaseEvent(Now);

    /// <summary>A peer was told that the store does not answer here: it counts on my not claiming anything for a lease from now.</summary>
    public sealed record ToldUnreachable(TimeSpan Now) : LeaseEvent(Now);

    public sealed record StopAsked(TimeSpan Now) : LeaseEvent(Now);

    /// <summary>The host has ended all shards that were left.</summary>
    public sealed record AllEnded(TimeSpan Now) : LeaseEvent(Now);
}
