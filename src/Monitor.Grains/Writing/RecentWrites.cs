using Monitor.Core.Alerts;
using Monitor.Core.Ports;
using Monitor.Core.Shards;

namespace Monitor.Grains.Writing;

/// <summary>
/// What this silo has decided and sent within the last minute, and all of it that has yet to reach the store. A standby that is promoted may have lost the last seconds: what was told
/// of them would be decided, and told, once more. So a shard that is claimed anew on another timeline begins with what is kept here (<see cref="LostSeconds"/>), and
/// what was decided under its old fence and comes to the writer later counts as refused: it is in neither.
/// </summary>
public sealed class RecentWrites(TimeProvider time)
{
    private static readonly TimeSpan Age = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan TrimEvery = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly Dictionary<long, RecentState> _states = [];
    private readonly Dictionary<DeliveryKey, (Delivery Row, long At)> _deliveries = [];
    private readonly Dictionary<string, (SendSlot Slot, long At)> _sends = new(StringComparer.Ordinal);

    /// <summary>By shard: under which fence it went on.</summary>
    private readonly Dictionary<int, Fence> _renewed = [];
    private readonly HashSet<Fence> _owed = [];

    /// <summary>In the store as on their way, because nobody else may take them up before all that was kept is there.</summary>
    private readonly Dictionary<DeliveryKey, Delivery> _lent = [];
    private bool _rowsOwed;
    private bool _hadGap;
    private long _trimmedAt = time.GetTimestamp();

    /// <summary>Whether this silo still takes itself for the owner by this very fence, because it has not seen the cluster yet or has yet to claim anew.</summary>
    public Func<Fence, bool> IsHeld { get; set; } = _ => false;

    /// <summary>
    /// Whether a refusal under this fence is not the last word on what was decided: its shard has yet to be claimed anew, or has been while the decision was on its way, and is restored with that.
    /// </summary>
    public bool MayComeBack(Fence fence)
    {
        // In this order: the claim is taken note of here before the fence ceases to be held.
        if (IsHeld(fence))
        {
            return true;
        }

        lock (_lock)
        {
            return IsPast_NeedsLock(fence);
        }
    }

    /// <summary>A decision is stored, or kept for the store. False: its shard has gone on under another fence, and nobody may hear of it.</summary>
    public bool Take(StateWrite write)
    {
        lock (_lock)
        {
            if (IsPast_NeedsLock(write.Fence))
            {
                return false;
            }

            var now = time.GetTimestamp();
            if (_states.TryGetValue(write.TargetId, out var known) && known.Fence == write.Fence)
            {
                known.Add(write, now);
            }
            else
            {
                _states[write.TargetId] = new RecentState(write, now);
            }

            return true;
        }
    }

    /// <summary>Deliveries have come so far.</summary>
    public void Take(DeliveryWrite write)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            foreach (var row in write.Deliveries)
            {
                if (row.Status == DeliveryStatus.Pending)
                {
                    // It waits again: what the store has of it says that, or that it is being sent.
                    _deliveries.Remove(row.Key);
                }
                else if (!_deliveries.TryGetValue(row.Key, out var known) || known.Row.Status == DeliveryStatus.Sending)
                {
                    _deliveries[row.Key] = (row, now);
                }
            }

            foreach (var slot in write.Sends)
            {
                _sends[slot.MessageId] = (slot, now);
            }
        }
    }

    /// <summary>The batch without the decisions of shards that have gone on under another fence: they are restored with the claim, or were refused.</summary>
    public CommitBatch Strip(CommitBatch batch)
    {
        lock (_lock)
        {
            return _renewed.Count > 0 && batch.States.Any(state => IsPast_NeedsLock(state.Fence))
                ? batch with { States = [.. batch.States.Where(state => !IsPast_NeedsLock(state.Fence))] }
                : batch;
        }
    }

    /// <summary>
    /// The batch with its decisions' deliveries as far as they have come since: the store must never call pending what was told, or a robot's owner that did not hear of it tells it again.
    /// </summary>
    /// <param name="lend">What nobody has taken up goes in as on its way: it may be on its way by the time it is written. <see cref="Release"/> sets it free.</param>
    public CommitBatch Told(CommitBatch batch, bool lend)
    {
        lock (_lock)
        {
            if (batch.States.All(state => state.Deliveries.Count == 0))
            {
                return batch;
            }

            // Once more as marks in the same transaction: a robot's owner that had it and did not send it may have put its row there before.
            Delivery[] ended =
            [
                .. from state in batch.States
                   from row in state.Deliveries
                   where _deliveries.TryGetValue(row.Key, out var known) && known.Row.Status != DeliveryStatus.Sending
                   select _deliveries[row.Key].Row,
            ];
            return batch with
            {
                States = [.. batch.States.Select(state => state.Deliveries.Count == 0 ? state : state with { Deliveries = [.. state.Deliveries.Select(Told)] })],
                Deliveries = ended.Length == 0 ? batch.Deliveries : [.. batch.Deliveries, new DeliveryWrite(ended, [])],
            };

            Delivery Told(Delivery row) =>
                _deliveries.TryGetValue(row.Key, out var known) ? known.Row
                : lend && row.Status == DeliveryStatus.Pending ? row with { Status = DeliveryStatus.Sending }
                : row;
        }
    }

    /// <summary>A decision of a time without the store has come into it, lent.</summary>
    public void Lend(StateWrite write)
    {
        lock (_lock)
        {
            foreach (var row in write.Deliveries.Where(row => row.Status == DeliveryStatus.Pending))
            {
                _lent[row.Key] = row;
            }
        }
    }

    /// <summary>All that was kept is in the store: what nobody here has claimed or told is the robots' owners' to tell.</summary>
    public IReadOnlyList<Delivery> Release()
    {
        lock (_lock)
        {
            Delivery[] free = [.. _lent.Values.Where(row => !_deliveries.ContainsKey(row.Key))];
            _lent.Clear();
            return free;
        }
    }

    /// <summary>These shards were claimed anew by who had them all along. From here on nothing counts that is decided under the old fences; what was until now is owed to the new ones.</summary>
    public void Renew(IReadOnlyCollection<(Fence Old, Fence Next)> shards)
    {
        lock (_lock)
        {
            var next = new Dictionary<Fence, Fence>();
            foreach (var (old, fence) in shards)
            {
                next[old] = fence;
                _renewed[fence.Shard] = fence;
                _owed.Remove(old);
            }

            foreach (var (_, state) in _states)
            {
                if (next.TryGetValue(state.Fence, out var fence))
                {
                    state.Fence = fence;
                    state.IsOwed = true;
                    _owed.Add(fence);
                }
            }

            _rowsOwed = true;
        }
    }

    /// <summary>What has yet to be restored before these shards run. Empty in all but the moments after a promotion.</summary>
    public (IReadOnlyList<RecentState> States, DeliveryWrite Rows) Owed(IReadOnlyCollection<Fence> fences)
    {
        lock (_lock)
        {
            var states = fences.Any(_owed.Contains) ? _states.Values.Where(state => state.IsOwed && fences.Contains(state.Fence)).ToArray() : [];
            var rows = _rowsOwed
                ? new DeliveryWrite([.. _deliveries.Values.Select(known => known.Row)], [.. _sends.Values.Select(known => known.Slot)])
                : new DeliveryWrite([], []);
            return (states, rows);
        }
    }

    /// <summary>They are in the store, or the store has what came after them.</summary>
    public void Restored(IReadOnlyCollection<Fence> fences)
    {
        lock (_lock)
        {
            foreach (var (_, state) in _states)
            {
                if (state.IsOwed && fences.Contains(state.Fence))
                {
                    state.IsOwed = false;
                    state.At = time.GetTimestamp();
                }
            }

            _owed.ExceptWith(fences);
            _rowsOwed = _owed.Count > 0;
        }
    }

    /// <summary>Forgets what is older than a minute. What waits for the store does not age.</summary>
    public void Trim(bool hasGap)
    {
        lock (_lock)
        {
            if (hasGap || _owed.Count > 0)
            {
                _hadGap = true;
                return;
            }

            var now = time.GetTimestamp();
            if (_hadGap)
            {
                _hadGap = false;
                Refresh_NeedsLock(now);
            }

            if (time.GetElapsedTime(_trimmedAt, now) < TrimEvery)
            {
                return;
            }

            _trimmedAt = now;
            Remove(_states, state => Old(state.At));
            Remove(_deliveries, known => Old(known.At));
            Remove(_sends, known => Old(known.At));
            foreach (var (_, state) in _states)
            {
                state.Trim(Old);
            }

            bool Old(long at) => time.GetElapsedTime(at, now) > Age;
        }
    }

    /// <summary>All that waited has just been stored: it counts from now.</summary>
    private void Refresh_NeedsLock(long now)
    {
        foreach (var (_, state) in _states)
        {
            state.At = now;
        }

        foreach (var key in _deliveries.Keys.ToArray())
        {
            _deliveries[key] = (_deliveries[key].Row, now);
        }

        foreach (var key in _sends.Keys.ToArray())
        {
            _sends[key] = (_sends[key].Slot, now);
        }
    }

    /// <summary>A fence of this silo's that another has followed; of an earlier process nothing is known here.</summary>
    private bool IsPast_NeedsLock(Fence fence) =>
        _renewed.TryGetValue(fence.Shard, out var next) && fence.Owner == next.Owner && fence.Timeline != next.Timeline && fence.Epoch < next.Epoch;

    private static void Remove<TKey, TValue>(Dictionary<TKey, TValue> from, Func<TValue, bool> which)
        where TKey : notnull
    {
        foreach (var (key, value) in from)
        {
            if (which(value))
            {
                from.Remove(key);
            }
        }
    }
}

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
