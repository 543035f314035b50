using Monitor.Core.Shards;

namespace Monitor.Core.Ports;

/// <summary>Who owns which shard.</summary>
public interface IShardStore
{
    /// <summary>
    /// Takes all shards for this silo, raising each epoch: what an embedded store's only process does at its start, after which nothing
    /// that an earlier process left under way can commit.
    /// </summary>
    Task<IReadOnlyList<Fence>> ClaimAllAsync(SiloIdentity silo, CancellationToken cancellationToken);

    /// <summary>How far each target's settings have come, tombstones included: for owners to find edits that nobody told them of.</summary>
    Task<IReadOnlyList<TargetRevision>> LoadRevisionsAsync(CancellationToken cancellationToken);
}

/// <param name="Deleted">Only its tombstone is left.</param>
/// <param name="StateVersion">Of its state; 0 where none is stored, or where only its owner writes it.</param>
public readonly record struct TargetRevision(long TargetId, long Revision, bool Deleted, long StateVersion = 0);
