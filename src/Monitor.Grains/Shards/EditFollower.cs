using Microsoft.Extensions.Logging;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Grains.Shards.Leases;

namespace Monitor.Grains.Shards;

/// <summary>
/// Edits that were made through another silo: every view of the cluster has a version for each shard, and one that has moved means that its targets are compared with what is stored.
/// </summary>
public sealed partial class EditFollower(ILeaseStore store, ShardHost host, SteadyClock clock, ILogger<EditFollower> log)
{
    /// <summary>A mass registration moves all versions all the time.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(0.5);

    private readonly Dictionary<int, (long Epoch, long Version)> _known = [];
    private TimeSpan _lookedAt = LeaseState.LongAgo;
    private Task _looking = Task.CompletedTask;

    /// <summary>
    /// Compares what has moved. From one thread. A shard that has just come begins with the version of a view that was read before its targets were: what it then loads is not older.
    /// </summary>
    public void Look(ClusterView view, Few<int, Holding> held, CancellationToken cancellationToken)
    {
        if (!_looking.IsCompleted)
        {
            return;
        }

        List<MovedShard>? moved = null;
        foreach (var (shard, holding) in held)
        {
            var row = view.Shards[shard];
            if (!_known.TryGetValue(shard, out var known) || known.Epoch != holding.Fence.Epoch)
            {
                _known[shard] = (holding.Fence.Epoch, row.Version);
            }
            else if (row.Version != known.Version && holding.Phase == HoldingPhase.Running)
            {
                (moved ??= []).Add(new MovedShard(shard, known.Version, row.Version));
            }
        }

        if (moved is not null && clock.Now - _lookedAt >= Pace)
        {
            _lookedAt = clock.Now;
            _looking = CompareAsync(moved, held, cancellationToken);
        }
    }

    private async Task CompareAsync(List<MovedShard> moved, Few<int, Holding> held, CancellationToken cancellationToken)
    {
        try
        {
            host.Compare((await store.LoadEditsAsync(moved, cancellationToken)).Targets);
            foreach (var (shard, _, seen) in moved)
            {
                _known[shard] = (held[shard].Fence.Epoch, seen);
            }

            await host.TakeUpOwedAsync(cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogNotCompared(e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Edits of other silos could not be looked for; tried again with the next look: {Reason}")]
    private partial void LogNotCompared(string reason);
}
