using Monitor.Core.Ports;
using Monitor.Core.Shards;

namespace Monitor.Tests.Shared;

/// <summary>A store as a test holds it: all of its ports. The grain port may go through a <see cref="FaultStore"/>.</summary>
public sealed record StorePorts(
    IGrainStore Grains, ITargetStore Targets, IHistoryStore History, ITokenStore Tokens, IStoreLifecycle Lifecycle, IShardStore Shards)
{
    public static StorePorts Of<T>(T store)
        where T : IGrainStore, ITargetStore, IHistoryStore, ITokenStore, IStoreLifecycle, IShardStore =>
        new(store, store, store, store, store, store);

    public async Task<Fence[]> ClaimAsync(CancellationToken cancellationToken) =>
        [.. await Shards.ClaimAllAsync(new SiloIdentity("silo-1", "default", "http://127.0.0.1:5080", StoreExamples.Start), cancellationToken)];
}
