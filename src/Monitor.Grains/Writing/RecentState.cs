using Monitor.Core.Alerts;
using Monitor.Core.Ports;
using Monitor.Core.Shards;

namespace Monitor.Grains.Writing;

/// <summary>One target's decisions under one fence, as one: the last state, and all alerts and deliveries that came with it or before.</summary>
public sealed class RecentState
{
    private readonly Dictionary<int, (AlertRecord Alert, long At)> _alerts = [];
    private readonly Dictionary<DeliveryKey, (Delivery Row, long At)> _deliveries = [];
    private StateWrite _last;
    private ReadOnlyMemory<byte>? _memory;

    internal RecentState(StateWrite write, long now)
    {
        _last = write;
        Fence = write.Fence;
        Add(write, now);
    }

    public long TargetId => _last.TargetId;

    /// <summary>What the state's version was once it was stored.</summary>
    public long Version => _last.ExpectedVersion + 1;

    internal Fence Fence { get; set; }

    internal bool IsOwed { get; set; }

    internal long At { get; set; }

    /// <summary>The same once more, on what the store has now.</summary>
    public StateWrite Again(long version, bool remove) => _last with
    {
        Fence = Fence,
        ExpectedVersion = version,
        Memory = _memory,
        Alerts = [.. _alerts.Values.Select(known => known.Alert)],
        Deliveries = [.. _deliveries.Values.Select(known => known.Row)],
        RemoveTarget = _last.RemoveTarget && remove,
    };

    internal void Add(StateWrite write, long now)
    {
        _last = write;
        At = now;
        _memory = write.Memory ?? _memory;
        foreach (var alert in write.Alerts)
        {
            if (alert.ResolvedAt is not null || !_alerts.TryGetValue(alert.Episode, out var known) || known.Alert.IsOpen)
            {
                _alerts[alert.Episode] = (alert, now);
            }
        }

        foreach (var delivery in write.Deliveries)
        {
            _deliveries.TryAdd(delivery.Key, (delivery, now));
        }
    }

    internal void Trim(Func<long, bool> old)
    {
        foreach (var (episode, known) in _alerts)
        {
            if (old(known.At))
            {
                _alerts.Remove(episode);
            }
        }

        foreach (var (key, known) in _deliveries)
        {
            if (old(known.At))
            {
                _deliveries.Remove(key);
            }
        }
    }
}
