using System.Collections.Concurrent;

namespace Monitor.Grains.Shards;

/// <summary>A thread that does one thing after the other. Not one of the pool's: load must not look like death.</summary>
internal sealed class LeaseThread : IDisposable
{
#pragma warning disable CA2213 // Disposed by the thread itself, when it has done what was left.
    private readonly BlockingCollection<Action> _todo = [];
#pragma warning restore CA2213

    public LeaseThread(string name) => new Thread(Run) { IsBackground = true, Name = name, Priority = ThreadPriority.AboveNormal }.Start();

    public void Post(Action what)
    {
        try
        {
            _todo.Add(what);
        }
        catch (InvalidOperationException)
        {
            // It has ended: a call that nobody waits for any more.
        }
    }

    /// <summary>Ends when what is under way has ended.</summary>
    public void Dispose() => _todo.CompleteAdding();

    private void Run()
    {
        foreach (var what in _todo.GetConsumingEnumerable())
        {
            what();
        }

        _todo.Dispose();
    }
}
