using Microsoft.Extensions.Hosting;

namespace Monitor.Grains.Shards;

/// <summary>How shards come to the only silo of an embedded store: all of them at its start. In a cluster, leases do this instead.</summary>
public sealed class OneNodeShards(EmbeddedStore store, ShardHost host) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => host.RunShardsAsync(store.Fences, cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => host.StopAllAsync(cancellationToken);
}
