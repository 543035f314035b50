using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Grains.Notifying;
using Monitor.Grains.Shards;
using Monitor.Grains.Targets;

namespace Monitor.Grains.Peers;

/// <summary>Looks at the leases four times a second: what the cluster is like for those who ask, and which robots are this silo's.</summary>
public sealed partial class ClusterWatch(
    LeaseKeeper leases, ShardHost host, ShardNotifiers robots, RobotPeers peers, TimeProvider time, ILogger<ClusterWatch> logger)
    : BackgroundService, ICluster
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentDictionary<long, (long Beat, DateTimeOffset At)> _seen = new();
    private readonly Dictionary<int, ShardLease> _told = [];

    public long Self => leases.State.Silo;

    public ClusterView? View => leases.State.View;

    public DateTimeOffset LastSeen(long silo) => _seen.TryGetValue(silo, out var seen) ? seen.At : time.GetUtcNow();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        robots.Peers = peers;
        host.Leaving = shards => robots.StopAsync(shards, CancellationToken.None);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                See();
                Tell();
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                LogFailed(e);
            }

            await Task.Delay(Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void See()
    {
        if (View is not { } view)
        {
            return;
        }

        var now = time.GetUtcNow();
        foreach (var silo in view.Silos)
        {
            _seen.AddOrUpdate(silo.Id, (silo.Beat, now), (_, known) => known.Beat == silo.Beat ? known : (silo.Beat, now));
        }

        foreach (var gone in _seen.Keys.Except(view.Silos.Select(silo => silo.Id)).ToArray())
        {
            _seen.TryRemove(gone, out _);
        }
    }

    private void Tell()
    {
        var present = host.Leases.ToDictionary(lease => lease.Fence.Shard);
        var gone = _told.Where(told => !present.TryGetValue(told.Key, out var lease) || lease != told.Value).Select(told => told.Key).ToArray();
        if (gone.Length > 0)
        {
            // Their claims are refused from now on, and what is under way is left to come back by itself.
            _ = robots.LoseAsync(gone);
            foreach (var shard in gone)
            {
                _told.Remove(shard);
            }
        }

        var fresh = present.Values.Where(lease => !_told.ContainsKey(lease.Fence.Shard)).ToArray();
        if (fresh.Length > 0)
        {
            robots.Run(fresh);
            foreach (var lease in fresh)
            {
                _told[lease.Fence.Shard] = lease;
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A look at the leases failed; the next comes at once")]
    private partial void LogFailed(Exception e);
}
