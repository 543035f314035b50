using Monitor.Core.Alerts;
using Monitor.Core.Ports;

namespace Monitor.Grains.Notifying;

/// <summary>
/// Deliveries that the store may hold untold, by the look at it that was the last to find them so, or that had begun when they were decided. When the store goes away they wait for it, and
/// a recovery of theirs must not be told without them. From any thread.
/// </summary>
internal sealed class Untold
{
    private readonly Lock _lock = new();
    private readonly Dictionary<DeliveryKey, long> _keys = [];
    private long _looks;

    public bool IsEmpty
    {
        get
        {
            lock (_lock)
            {
                return _keys.Count == 0;
            }
        }
    }

    /// <summary>Stored just now.</summary>
    public void Add(IEnumerable<OpenDelivery> decided)
    {
        lock (_lock)
        {
            foreach (var open in decided)
            {
                _keys[open.Delivery.Key] = _looks;
            }
        }
    }

    /// <summary>Before the store is read.</summary>
    public long Begin()
    {
        lock (_lock)
        {
            return ++_looks;
        }
    }

    /// <summary>What that look has found; what was decided since it began stays.</summary>
    public void Seen(long look, IEnumerable<OpenDelivery> open)
    {
        lock (_lock)
        {
            foreach (var (key, at) in _keys)
            {
                if (at < look)
                {
                    _keys.Remove(key);
                }
            }

            foreach (var one in open.Where(one => one.Delivery.Status is DeliveryStatus.Pending or DeliveryStatus.Sending))
            {
                _keys.TryAdd(one.Delivery.Key, look);
            }
        }
    }

    public bool Contains(DeliveryKey key)
    {
        lock (_lock)
        {
            return _keys.ContainsKey(key);
        }
    }
}
