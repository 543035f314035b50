using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Monitor.Core.Shards;
using Monitor.Grains.Shards;
using Monitor.Grains.Shards.Leases;

namespace Monitor.Grains.Reserve;

/// <summary>Brings what is to be kept to the disk, in the order in which it came and within moments, and keeps that small.</summary>
public sealed partial class ReserveKeeper(ReserveLog log, ReserveQueue queue, ReservedStore store, LeaseKeeper leases, Rescue rescue, TimeProvider time, ILogger<ReserveKeeper> logger)
    : BackgroundService
{
    private static readonly TimeSpan Round = TimeSpan.FromMilliseconds(250);

    /// <summary>Between two writes: a storm of decisions must not take the disk from the journal.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan AfterTrouble = TimeSpan.FromSeconds(5);

    /// <summary>Sends that may still count.</summary>
    private static readonly TimeSpan SendsOf = TimeSpan.FromMinutes(10);

    private readonly List<ReserveRecord> _waiting = [];
    private readonly SemaphoreSlim _wake = new(0, 1);
    private string _noted = "";
    private bool _begun;
    private bool _troubled;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        store.Holds = shard => leases.State.Held.ContainsKey(shard);
        queue.Wake = Wake;

        // At once: what stands in for the store is kept on before anything can happen to it.
        Write();
        return base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        Write();
    }

    public override void Dispose()
    {
        queue.Wake = null;
        _wake.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Run(Write, stoppingToken);
            await Task.Delay(_troubled ? AfterTrouble : Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

            await ((Task)_wake.WaitAsync(Round, stoppingToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Write()
    {
        try
        {
            _waiting.AddRange(queue.Take());
            if (Cluster() is { } cluster)
            {
                _waiting.Add(new ReserveRecord { Cluster = cluster });
            }

            if (!_begun)
            {
                // What an earlier process has kept counts on only where it stands in for the store.
                log.Begin((rescue.Restored ?? new ReserveState()).Whole(_ => true, time.GetUtcNow() - SendsOf));
                _begun = true;
            }

            if (_waiting.Count > 0)
            {
                log.Append(_waiting);
                _waiting.Clear();
            }

            if (log.IsLong)
            {
                log.Begin(log.Read().Whole(store.Holds, time.GetUtcNow() - SendsOf));
            }

            _troubled = false;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            if (!_troubled)
            {
                LogNotKept(e);
            }

            _troubled = true;
        }
    }

    /// <summary>Null when nothing is new, or what is new must not be kept: whoever ends without having told anybody still has what it had.</summary>
    private ReserveCluster? Cluster()
    {
        var state = leases.State;
        if (state.View is not { } view || state.Stop == StopStage.Ended)
        {
            return null;
        }

        Fence[] held = [.. state.Held.Values.Select(holding => holding.Fence).OrderBy(fence => fence.Shard)];
        var seen = string.Join(';', view.Silos.Select(silo => $"{silo.Id} {silo.Address} {silo.Dead} {silo.Stopping}")) + "|" + state.Silo + "|"
            + string.Join(',', held.Select(fence => $"{fence.Shard}:{fence.Epoch}:{fence.Timeline}"));
        if (seen == _noted)
        {
            return null;
        }

        _noted = seen;
        return new ReserveCluster(state.Silo, view, held);
    }

    private void Wake()
    {
        try
        {
            if (_wake.CurrentCount == 0)
            {
                _wake.Release();
            }
        }
        catch (Exception e) when (e is SemaphoreFullException or ObjectDisposedException)
        {
            // Somebody else has woken it, or the process ends.
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "What a start without the store would need could not be kept; it is tried every few seconds")]
    private partial void LogNotKept(Exception error);
}
