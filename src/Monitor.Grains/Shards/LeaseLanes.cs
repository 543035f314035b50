using Monitor.Core.Threads;

namespace Monitor.Grains.Shards;

/// <summary>The threads on which the store is called. Not those of the pool: load must not look like death.</summary>
public sealed class LeaseLanes : ILeaseLanes, IDisposable
{
    private readonly OwnThreads _pulse = New("lease beat");
    private readonly OwnThreads _work = New("lease work");

    public void Pulse(Action call) => _pulse.Post(call);

    public void Work(Action call) => _work.Post(call);

    public void Dispose()
    {
        _pulse.Dispose();
        _work.Dispose();
    }

    private static OwnThreads New(string name) => new(name, 1, Timeout.InfiniteTimeSpan, ThreadPriority.AboveNormal);
}
