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

    /// <summary>Of <see cref="_renewed"/>: those that were lost again before what was owed to them was restored.</summary>
    private readonly HashSet<Fence> _forsaken = [];

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
            return IsToCome_NeedsLock(fence);
        }
    }

    /// <summary>Something has yet to be restored: nothing that was kept goes into the store before, because with what is restored it would be nowhere if this process ended in between.</summary>
    public bool Owes
    {
        get
        {
            lock (_lock)
            {
                return _owed.Count > 0;
            }
        }
    }

    /// <summary>That, or deliveries that nobody has told the promoted server of yet.</summary>
    public bool MustRestore
    {
        get
        {
            lock (_lock)
            {
                return _rowsOwed;
            }
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

    /// <summary>
    /// The batch without the decisions of shards that have gone on under another fence: they are restored with the claim, or were refused. With those whose new fence was lost before: the store refuses
    /// them, and what was told of them becomes an episode of its own.
    /// </summary>
    public CommitBatch Strip(CommitBatch batch)
    {
        lock (_lock)
        {
            return _renewed.Count > 0 && batch.States.Any(state => IsToCome_NeedsLock(state.Fence))
                ? batch with { States = [.. batch.States.Where(state => !IsToCome_NeedsLock(state.Fence))] }
                : batch;
        }
    }

    /// <summary>
    /// The batch with its decisions' deliveries as far as they have come since: the store must never call pending what was told, or a robot's owner that did not hear of it tells it again.
    /// The recoveries of its firings that were told, too, and before them: a firing alone would pass for that of a later outage which has its number by now, and which then is told to nobody.
    /// </summary>
    /// <param name="lend">What nobody has taken up goes in as on its way: it may be on its way by the time it is written. <see cref="Release"/> sets it free.</param>
    public CommitBatch Told(CommitBatch batch, bool lend)
    {
        lock (_lock)
        {
            // Once more as marks in the same transaction: a robot's owner that had it and did not send it may have put its row there before.
            Delivery[] ended = [.. batch.States.SelectMany(state => state.Deliveries).Select(row => Ended_NeedsLock(row.Key)).OfType<Delivery>()];
            Delivery[] over =
            [
                .. from row in ended.Concat(batch.Deliveries.SelectMany(write => write.Deliveries))
                   where row.Key.Kind == DeliveryKind.Firing
                   let recovery = Ended_NeedsLock(row.Key with { Kind = DeliveryKind.Resolved })
                   where recovery is not null
                   select recovery,
            ];
            return batch.States.All(state => state.Deliveries.Count == 0) && over.Length == 0 ? batch : batch with
            {
                States = [.. batch.States.Select(state => state.Deliveries.Count == 0 ? state : state with { Deliveries = [.. state.Deliveries.Select(Told)] })],
                Deliveries = [.. Marks(over), .. batch.Deliveries, .. Marks(ended)],
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
                if (_renewed.TryGetValue(fence.Shard, out var before))
                {
                    _forsaken.Remove(before);
                }

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

    /// <summary>What is owed to fences that have been lost is owed to nobody any more.</summary>
    public void Forsake(Func<Fence, bool> isHeld)
    {
        lock (_lock)
        {
            Fence[] lost = _owed.Count == 0 ? [] : [.. _owed.Where(fence => !isHeld(fence))];
            if (lost.Length == 0)
            {
                return;
            }

            _forsaken.UnionWith(lost);
            _owed.ExceptWith(lost);
            foreach (var (id, state) in _states)
            {
                if (state.IsOwed && _forsaken.Contains(state.Fence))
                {
                    _states.Remove(id);
                }
            }
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

    private static DeliveryWrite[] Marks(Delivery[] rows) => rows.Length == 0 ? [] : [new DeliveryWrite(rows, [])];

    /// <summary>Null: it is not known to have come to an end.</summary>
    private Delivery? Ended_NeedsLock(DeliveryKey key) => _deliveries.TryGetValue(key, out var known) && known.Row.Status != DeliveryStatus.Sending ? known.Row : null;

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

    /// <summary>And what was decided under it is restored under the other.</summary>
    private bool IsToCome_NeedsLock(Fence fence) => IsPast_NeedsLock(fence) && !_forsaken.Contains(_renewed[fence.Shard]);

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
