using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Grains.Shards.Leases;

namespace Monitor.Grains.Shards;

/// <summary>
/// How shards begin and are given away. What a promoted standby has not got of them goes into it before: begun or given without, an alert that was told would be told once more by whoever
/// has the shard then, or have no record and never end.
/// </summary>
public sealed partial class LeaseKeeper
{
    /// <summary>They begin when that has been done. Of the thread that turns.</summary>
    private readonly HashSet<Fence> _restoring = [];
    private volatile bool _isFailing;

    /// <summary>The silo ends: what is still owed to shards that nobody has bid for is stored before they are free.</summary>
    /// <exception cref="StoreUnavailableException">It is in the journal, if that could be written; nowhere else.</exception>
    public async Task RestoreAllAsync(CancellationToken cancellationToken)
    {
        if (MustRestore)
        {
            await _lost!.RestoreAsync([.. State.Held.Values.Select(holding => holding.Fence)], cancellationToken);
        }
    }

    private bool MustRestore => _lost is not null && _recent?.MustRestore == true;

    private void Begin(LeaseAction.Run run)
    {
        // What is about to begin anyway is not begun twice: it was let go and came back meanwhile.
        Fence[] fences = [.. run.Fences.Where(fence => !_restoring.Contains(fence))];
        if (fences.Length == 0)
        {
            return;
        }

        if (MustRestore)
        {
            _restoring.UnionWith(fences);
            _ = RestoreAsync(run with { Fences = fences });
        }
        else
        {
            _ = RunAsync(run with { Fences = fences });
        }
    }

    private async Task RestoreAsync(LeaseAction.Run run)
    {
        var error = await TryRestoreAsync(run.Fences);
        Enqueue(() =>
        {
            _restoring.ExceptWith(run.Fences);
            if (error is not null)
            {
                NotBegun(error, run.Fences);
                return;
            }

            // What was dropped or let go meanwhile does not begin.
            Fence[] still = [.. run.Fences.Where(fence => IsIn(fence, HoldingPhase.Running))];
            if (still.Length > 0)
            {
                _ = RunAsync(run with { Fences = still });
            }
        });
    }

    private async Task GiveAsync(LeaseCall.HandOver give)
    {
        Fence[] fences = [.. give.Gifts.Select(gift => new Fence(gift.Shard, give.Silo, gift.Epoch, give.Timeline))];
        var error = await TryRestoreAsync(fences);
        Enqueue(() =>
        {
            // What has been resumed meanwhile, because the store was away, runs: a call that begins now would give it away from under itself.
            if (error is null && fences.All(fence => IsIn(fence, HoldingPhase.Drained)))
            {
                _desk.Carry(give, Post);
            }
            else
            {
                Take(new LeaseEvent.Failed(_clock.Now, give));
            }
        });
    }

    private async Task<Exception?> TryRestoreAsync(IReadOnlyCollection<Fence> fences)
    {
        try
        {
            await _lost!.RestoreAsync(fences, _ended);
            return null;
        }
#pragma warning disable CA1031 // Whatever it was: it is still owed, and tried again.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return e;
        }
    }

    private async Task RunAsync(LeaseAction.Run run)
    {
        try
        {
            await _host.RunShardsAsync(run.Fences, _ended, _clock.Now - run.Since);
            _isFailing = false;
        }
#pragma warning disable CA1031 // Whatever it was, these shards do not run here: the protocol begins them anew.
        catch (Exception e)
#pragma warning restore CA1031
        {
            NotBegun(e, run.Fences);
        }
    }

    private void NotBegun(Exception error, IReadOnlyList<Fence> fences)
    {
        if (!_isFailing)
        {
            _isFailing = true;
            LogNotBegun(error, fences.Count);
        }

        Post(new LeaseEvent.NotBegun(_clock.Now, [.. fences.Where(fence => !_host.Runs(fence))]));
    }

    private bool IsIn(Fence fence, HoldingPhase phase) => _state.Held.TryGetValue(fence.Shard, out var holding) && holding == new Holding(fence, phase);
}
