using Monitor.Core.Shards;
using Monitor.Grains.Shards;

namespace Monitor.Grains.Targets;

/// <summary>The right by which a target runs here, shared by all of its shard. How it came about is not the target's business.</summary>
/// <param name="term">Null where the right has no end: an embedded store's only process.</param>
public sealed class ShardLease(Fence fence, Action<ShardLease> lost, LeaseTerm? term = null) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private int _lost;
    private int _leaving;

    public Fence Fence => fence;

    /// <summary>It is being let go: runs under way may end, none is begun.</summary>
    public bool IsLeaving => Volatile.Read(ref _leaving) != 0;

    /// <summary>Cancelled when runs under way are to be dropped.</summary>
    public CancellationToken Stop => _stop.Token;

    public bool IsLost => Volatile.Read(ref _lost) != 0;

    /// <summary>It may decide, write and tell at this moment.</summary>
    public bool IsHeld => !IsLost && (term is null || term.Holds);

    /// <summary>It may probe at this moment; also when it may only look.</summary>
    public bool MayProbe => !IsLost && (term is null || term.MayProbe);

    /// <summary>The store says that the shard is another's: nothing of it may be written, told or run any more.</summary>
    public void Lose()
    {
        if (End())
        {
            lost(this);
        }
    }

    /// <summary>The same, by whoever keeps it. False: it was lost already.</summary>
    public bool End()
    {
        if (Interlocked.Exchange(ref _lost, 1) != 0)
        {
            return false;
        }

        DropRuns();
        return true;
    }

    public void Leave() => Volatile.Write(ref _leaving, 1);

    public void DropRuns() => _stop.Cancel();

    public void Dispose() => _stop.Dispose();
}
