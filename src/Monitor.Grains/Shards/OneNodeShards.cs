using Microsoft.Extensions.Hosting;
using Monitor.Core.Ports;

namespace Monitor.Grains.Shards;

/// <summary>How shards come to the only silo of an embedded store: it takes them all at its start. In a cluster, leases do this instead.</summary>
public sealed class OneNodeShards(IShardStore store, ShardHost host, SiloIdentity silo) : IHostedService
{
    /// <exception cref="StoreUnavailableException">The start fails: nothing would be watched.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var fences = await store.ClaimAllAsync(silo, cancellationToken);
        await host.RunShardsAsync(fences, cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => host.StopAllAsync(cancellationToken);
}
