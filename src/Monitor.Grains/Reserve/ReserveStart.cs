using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Monitor.Core.Ports;
using Monitor.Grains.Notifying;
using Monitor.Grains.Shards;
using Monitor.Grains.Shards.Leases;

namespace Monitor.Grains.Reserve;

/// <summary>
/// After a start without the store: takes up the shards that this silo had, without a right to them yet (a round of peers, or a beat, gives it), and opens the store as soon as it can be
/// reached. Registered just before the lease loop.
/// </summary>
public sealed partial class ReserveStart(
    Rescue rescue, IStoreLifecycle lifecycle, IShardStore shards, LeaseKeeper leases, ShardHost host, IDeliveryQueue deliveries, TimeProvider time, ILogger<ReserveStart> logger)
    : BackgroundService
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(0.5);

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (rescue.Restored is { Cluster: { } cluster } state)
        {
            leases.Restore(LeaseState.Restored(LeaseRules.Default, cluster.Silo, cluster.View, cluster.Held));
            await host.RunShardsAsync(cluster.Held, cancellationToken);

            // Also those of robots that others have: they know what they have sent already.
            deliveries.Enqueue(state.Open);
        }

        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        string? trouble = null;
        var opened = false;
        var isAway = rescue.Restored is not null;
        while (isAway && !stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (!opened)
                {
                    await lifecycle.OpenAsync(stoppingToken);
                    rescue.Opened(lifecycle.InstallationSecret);
                    opened = true;
                    LogOpened();
                }

                // Edits of which the process before this one had not heard.
                host.Compare(await shards.LoadRevisionsAsync(stoppingToken));
                return;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                if (e.Message != trouble)
                {
                    LogNotOpened(e.Message);
                }

                trouble = e.Message;
            }

            await Task.Delay(Retry, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The store is open; what was kept of it stands in for it no more")]
    private partial void LogOpened();

    [LoggerMessage(Level = LogLevel.Warning, Message = "The store cannot be opened yet: {Reason}")]
    private partial void LogNotOpened(string reason);
}
