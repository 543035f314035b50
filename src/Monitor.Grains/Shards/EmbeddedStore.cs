using Microsoft.Extensions.Hosting;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Grains.Writing;

namespace Monitor.Grains.Shards;

/// <summary>
/// The store of a silo that has it to itself: open it, take all shards, bring home what an earlier process left in the journal, and only then let anybody read.
/// Started before and stopped after everything else that works with the store.
/// </summary>
public sealed class EmbeddedStore(IStoreLifecycle lifecycle, IShardStore shards, RecordWriter writer, SiloIdentity silo) : IHostedService
{
    /// <summary>The right to write for every shard, from the start on.</summary>
    public IReadOnlyList<Fence> Fences { get; private set; } = [];

    /// <exception cref="StoreRefusedException">With the one line that a person reads.</exception>
    /// <exception cref="StoreUnavailableException">The start fails: nothing would be watched.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await lifecycle.OpenAsync(cancellationToken);
        Fences = await shards.ClaimAllAsync(silo, cancellationToken);
        var byShard = Fences.ToDictionary(fence => fence.Shard);
        await writer.ReplayAsync(shard => byShard[shard], cancellationToken);
        await writer.StartAsync();
    }

    public Task StopAsync(CancellationToken cancellationToken) => writer.StopAsync(cancellationToken);
}
