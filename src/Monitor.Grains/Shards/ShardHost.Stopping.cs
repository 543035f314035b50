using Monitor.Core.Ports;
using Monitor.Grains.Targets;

namespace Monitor.Grains.Shards;

/// <summary>How shards leave: with time for what is under way, or at once.</summary>
public sealed partial class ShardHost
{
    /// <summary>Runs of shards that are handed over may end within this; the new owner makes up for what is dropped.</summary>
    private static readonly TimeSpan HandOverTime = TimeSpan.FromMilliseconds(500);

    /// <summary>Lets the shard go: no new turns, runs under way may end for the drain time, what waits for its minute is stored. Nothing becomes a failure.</summary>
    public Task StopShardAsync(int shard, CancellationToken cancellationToken) => StopAsync([shard], options.DrainTime, cancellationToken);

    public Task StopAllAsync(CancellationToken cancellationToken) => StopAsync([.. Shards], options.DrainTime, cancellationToken);

    /// <summary>
    /// Lets shards go that another silo waits for, quickly. All that was seen of them is stored when it returns, so that the new owner begins where this one ended.
    /// </summary>
    public async Task HandOverAsync(IReadOnlyCollection<int> shards, CancellationToken cancellationToken)
    {
        // What was sent and not recorded is sent again by the new owner, after it has waited for whoever may still be sending it.
        var told = Leaving?.Invoke(shards) ?? Task.CompletedTask;
        await StopAsync(shards, HandOverTime, cancellationToken);
        await InTimeAsync(told, HandOverTime, cancellationToken);

        await InTimeAsync(WrittenAsync(cancellationToken), EndTime, cancellationToken);
    }

    /// <summary>Completes behind all results that were given to the writer before.</summary>
    private async Task WrittenAsync(CancellationToken cancellationToken) => await services.Writer.WriteAsync(new DeliveryWrite([], []), cancellationToken);

    /// <summary>They are another's, or go on under another fence: ends them at once, without a word to the store.</summary>
    public void DropShards(IReadOnlyCollection<int> shards)
    {
        var leases = shards.Select(shard => _shards.GetValueOrDefault(shard)).OfType<ShardLease>().ToArray();
        var ended = leases.Count(lease => lease.End());
        if (ended > 0)
        {
            LogDropped(ended);
        }

        Drop(leases);
    }

    private async Task StopAsync(IReadOnlyCollection<int> shards, TimeSpan drainTime, CancellationToken cancellationToken)
    {
        var leases = shards.Select(shard => _shards.GetValueOrDefault(shard)).OfType<ShardLease>().ToHashSet();
        foreach (var lease in leases)
        {
            lease.Leave();
        }

        var leaving = Grains.Where(grain => leases.Contains(grain.Lease)).ToArray();
        foreach (var grain in leaving)
        {
            services.Scheduler.Remove(grain);
        }

        var idle = Task.WhenAll(leaving.Select(grain => grain.WhenIdleAsync()));
        if (!await InTimeAsync(idle, drainTime, cancellationToken))
        {
            foreach (var lease in leases)
            {
                lease.DropRuns();
            }

            await InTimeAsync(idle, EndTime, cancellationToken);
        }

        await InTimeAsync(Task.WhenAll(leaving.Select(grain => grain.FlushAsync())), EndTime, cancellationToken);
        Drop(leases);
    }

    private async Task<bool> InTimeAsync(Task work, TimeSpan time, CancellationToken cancellationToken)
    {
        try
        {
            await work.WaitAsync(time, services.Clock.Time, cancellationToken);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            if (e is not TimeoutException)
            {
                LogStopTrouble(e);
            }

            return false;
        }
    }
}
