using Monitor.Core.Shards;

namespace Monitor.Grains.Targets;

/// <summary>The right by which a target runs here, shared by all of its shard. How it came about is not the target's business.</summary>
public sealed class ShardLease(Fence fence, Action<ShardLease> lost) : IDisposable
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

    /// <summary>The store says that the shard is another's: nothing of it may be written, told or run any more.</summary>
    public void Lose()
    {
        if (Interlocked.Exchange(ref _lost, 1) == 0)
        {
            DropRuns();
            lost(this);
        }
    }

    public void Leave() => Volatile.Write(ref _leaving, 1);

    public void DropRuns() => _stop.Cancel();

    public void Dispose() => _stop.Dispose();
}
