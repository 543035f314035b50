using System.Collections.Concurrent;

namespace Monitor.Grains.Reserve;

/// <summary>What is to be kept, on its way to the disk: nobody waits for it. From any thread.</summary>
public sealed class ReserveQueue
{
    /// <summary>A disk that takes nothing must not fill the memory.</summary>
    private const int Most = 50_000;

    private readonly ConcurrentQueue<ReserveRecord> _records = new();

    /// <summary>Called when something has come.</summary>
    public Action? Wake { get; set; }

    internal bool IsEmpty => _records.IsEmpty;

    internal void Add(ReserveRecord record)
    {
        if (_records.Count < Most)
        {
            _records.Enqueue(record);
            Wake?.Invoke();
        }
    }

    internal List<ReserveRecord> Take()
    {
        var taken = new List<ReserveRecord>();
        while (_records.TryDequeue(out var record))
        {
            taken.Add(record);
        }

        return taken;
    }
}
