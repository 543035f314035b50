using Monitor.Core.Alerts;

namespace Monitor.Core.Ports;

/// <summary>Takes in what was decided without the store by a silo whose shard has moved on meanwhile. Only where shards can move.</summary>
public interface IStrayEpisodes
{
    /// <summary>
    /// Does in one transaction what <see cref="Health.StrayPlan"/> says: the alert record, its deliveries, and its number into the target's state, whose version goes up with that, so that its owner
    /// reads it again. Asked again for the same episode it finds it there.
    /// </summary>
    /// <returns>False: it waits until its target is well.</returns>
    /// <exception cref="StoreUnavailableException">Nothing was confirmed.</exception>
    Task<bool> AdoptAsync(StrayEpisode stray, CancellationToken cancellationToken);
}
