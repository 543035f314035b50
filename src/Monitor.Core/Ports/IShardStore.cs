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
}
