namespace Monitor.Core.Shards;

/// <summary>Taking what the dead have left.</summary>
/// <param name="Silo">Who claims.</param>
/// <param name="Timeline">On which all of this was read.</param>
/// <param name="Dead">Silos that have shown the same beat for a whole lease. Each is marked dead, whether it has shards or not, if its beat is still that one.</param>
/// <param name="Shards">May be empty: then the dead are only marked.</param>
public sealed record ClaimRequest(long Silo, long Timeline, IReadOnlyList<SiloSeen> Dead, IReadOnlyList<ShardSeen> Shards);

/// <param name="Beat">As it was read.</param>
public readonly record struct SiloSeen(long Silo, long Beat);

/// <param name="Epoch">As it was read.</param>
public readonly record struct ShardSeen(int Shard, long Epoch);

/// <param name="Alive">False: the caller's own row is dead or gone, nothing was done.</param>
/// <param name="Fences">What is now the caller's, with the new epochs and the timeline.</param>
public sealed record ClaimAnswer(bool Alive, IReadOnlyList<Fence> Fences);

/// <param name="Epoch">As it was read.</param>
/// <param name="WantedBefore">Who wanted it when it was read; 0: nobody.</param>
public readonly record struct ShardBid(int Shard, long Epoch, long WantedBefore);

/// <param name="Epoch">The caller's own.</param>
/// <param name="To">Who wants it.</param>
public readonly record struct ShardGift(int Shard, long Epoch, long To);
