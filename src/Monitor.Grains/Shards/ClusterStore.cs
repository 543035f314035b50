using Microsoft.Extensions.Hosting;
using Monitor.Core.Ports;
using Monitor.Grains.Reserve;
using Monitor.Grains.Writing;

namespace Monitor.Grains.Shards;

/// <summary>
/// The store that several silos share: open it and bring home what an earlier process of this silo left in the journal, under the fences that it had: what is still its shard's
/// goes in, what has moved on meanwhile does not. Where it cannot be reached, what was kept of it stands in, and the journal waits. Started before and stopped after everything else that
/// works with the store.
/// </summary>
public sealed class ClusterStore(IStoreLifecycle lifecycle, RecordWriter writer, Rescue rescue) : IHostedService
{
    /// <exception cref="StoreRefusedException">With the one line that a person reads.</exception>
    /// <exception cref="StoreUnavailableException">The start fails: nothing was kept, and nothing would be watched.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await lifecycle.OpenAsync(cancellationToken);
        }
        catch (StoreUnavailableException e) when (rescue.TryRestore())
        {
            await writer.StartBehindAsync(rescue.LastSequence, e.Line);
            return;
        }

        rescue.Opened(lifecycle.InstallationSecret);
        await writer.ReplayAsync(null, cancellationToken);
        await writer.StartAsync();
    }

    public Task StopAsync(CancellationToken cancellationToken) => writer.StopAsync(cancellationToken);
}
