using Monitor.Core.Alerts;
using Monitor.Core.Ports;

namespace Monitor.Grains.Notifying;

/// <summary>While the store is away: what other silos have decided and lend to this one, or this one tells in another's place, and what came to an end elsewhere.</summary>
internal sealed partial class DeliveryRouter
{
    private readonly Dictionary<DeliveryKey, Commission> _borrowed = [];
    private readonly Dictionary<DeliveryKey, TimeSpan> _others = [];

    /// <summary>What came to an end elsewhere while it was on its way here.</summary>
    private readonly Dictionary<DeliveryKey, Delivery> _learned = [];

    /// <summary>Told of everything that comes to an end here.</summary>
    public Action<Delivery>? Ended { get; set; }

    /// <summary>Something that this router has begun is on its way.</summary>
    public bool IsBusy => _desks.Values.Any(desk => desk.Queue.HasUnderWay);

    /// <summary>Takes in what another silo has decided, as far as it has the right to tell it; what has a final status has come to an end elsewhere.</summary>
    public List<Delivery> Borrow(IEnumerable<OpenDelivery> deliveries, Commission right)
    {
        var rows = new List<Delivery>();
        foreach (var open in deliveries)
        {
            var key = open.Delivery.Key;
            if (open.Delivery.Status is not (DeliveryStatus.Pending or DeliveryStatus.Sending))
            {
                Learn(open.Delivery);
            }
            else if (_borrowed.ContainsKey(key))
            {
                _borrowed[key] = right;
            }
            else if (!HasEnded(open) && _open.Add(key))
            {
                _borrowed[key] = right;
                Route(open, false, rows);
            }
        }

        return rows;
    }

    /// <summary>It has come to an end elsewhere. What of it is on its way here cannot be held up any more.</summary>
    public void Learn(Delivery row)
    {
        if (_ended.ContainsKey(row.Key))
        {
            return;
        }

        var underWay = false;
        foreach (var desk in _desks.Values)
        {
            desk.Queue.Withdraw(delivery => delivery.Key == row.Key);
            underWay |= desk.Queue.Holds(row.Key);
        }

        _orphans.RemoveAll(orphan => orphan.Delivery.Key == row.Key);
        if (underWay)
        {
            _learned[row.Key] = row;
        }
        else
        {
            Remember(row, mayHaveArrived: false);
        }
    }

    /// <summary>How far it is: its last row when it has ended, null while it waits or is on its way.</summary>
    public bool TryFind(DeliveryKey key, out Delivery? ended)
    {
        ended = _ended.TryGetValue(key, out var known) ? known.Row : null;
        return ended is not null || _open.Contains(key);
    }

    /// <summary>The rows of what was claimed and not posted, as they wait again.</summary>
    /// <param name="all">Else only of what is borrowed.</param>
    public IEnumerable<Delivery> Waiting(Dispatch dispatch, bool all) =>
        dispatch.Deliveries.Where(delivery => all || _borrowed.ContainsKey(delivery.Key)).Select(delivery => delivery with { Status = DeliveryStatus.Pending });

    private bool MayBegin(Notice notice) =>
        _borrowed.Count == 0 || notice.Deliveries.TrueForAll(delivery => !_borrowed.TryGetValue(delivery.Key, out var right) || right.Holds);

    private void Forget(DeliveryKey key)
    {
        _open.Remove(key);
        _borrowed.Remove(key);
        _learned.Remove(key);
    }

    /// <summary>A message has come back untold: what of it has come to an end elsewhere meanwhile does not wait again. It did once, and was told here later, when the other was silent.</summary>
    private void EndLearned(RobotDesk desk, List<Delivery> rows)
    {
        foreach (var (key, row) in _learned.Count == 0 ? [] : _learned.ToArray())
        {
            desk.Queue.Withdraw(delivery => delivery.Key == key);
            if (!rows.Exists(own => own.Key == key && own.Status == DeliveryStatus.Sent) && !_desks.Values.Any(other => other.Queue.Holds(key)))
            {
                rows.RemoveAll(own => own.Key == key);
                Remember(row, mayHaveArrived: false);
            }
        }
    }

    /// <summary>What the store has as pending is the robot's owner's to tell. Of the rest, what the right has run out of is left to who lent it: it has ended, or will be in the store.</summary>
    private void ReturnBorrowed(IReadOnlyCollection<OpenDelivery> open)
    {
        if (_borrowed.Count == 0)
        {
            return;
        }

        foreach (var one in open.Where(one => one.Delivery.Status == DeliveryStatus.Pending))
        {
            _borrowed.Remove(one.Delivery.Key);
        }

        var left = _borrowed.Where(lent => !lent.Value.Holds).Select(lent => lent.Key).ToHashSet();
        foreach (var desk in left.Count > 0 ? Desks : [])
        {
            foreach (var (withdrawn, _) in desk.Queue.Withdraw(delivery => left.Contains(delivery.Key)))
            {
                Forget(withdrawn.Delivery.Key);
            }
        }
    }

    /// <summary>
    /// On its way by the store, and not from here: somebody stands in for this silo, or has put into the store what was decided without it and has yet to say how far it is. Who has done
    /// so and is gone leaves it so.
    /// </summary>
    private void TakeOrphans(IReadOnlyCollection<OpenDelivery> open, Moment now, List<Delivery> rows)
    {
        if (scope.Shard is null)
        {
            return;
        }

        var others = open.Where(one => one.Delivery.Status == DeliveryStatus.Sending && IsAnothers(one)).ToArray();
        foreach (var gone in _others.Keys.Except(others.Select(one => one.Delivery.Key)).ToArray())
        {
            _others.Remove(gone);
        }

        foreach (var one in others)
        {
            var key = one.Delivery.Key;
            if (!_others.TryGetValue(key, out var since))
            {
                _others.Add(key, now.Elapsed);
            }
            else if (now.Elapsed - since >= RobotScope.OrphanAge && _open.Add(key))
            {
                _others.Remove(key);
                Route(one, true, rows);
            }
        }
    }

    private bool IsAnothers(OpenDelivery open) =>
        !_open.Contains(open.Delivery.Key) && !HasEnded(open) && _channels.TryGetValue(open.Delivery.Key.ChannelId, out var channel) && IsHere(channel);

    /// <summary>
    /// It has, here. An episode that its owner told without the store, and could not write down before others took its shard, leaves its number to the next outage: that is another, and is
    /// told, where the store says so, or where the one that has ended was over before this one fired.
    /// </summary>
    private bool HasEnded(OpenDelivery open)
    {
        var key = open.Delivery.Key;
        if (!_ended.TryGetValue(key, out var known))
        {
            return false;
        }

        var recovery = key.Kind == DeliveryKind.Resolved ? known.Row : _ended.GetValueOrDefault(key with { Kind = DeliveryKind.Resolved }).Row;
        var isOver = recovery is not null && recovery.CreatedAt >= known.Row.CreatedAt && recovery.CreatedAt < open.Alert.FiredAt;
        if (!isOver && !(open.IsNext && !known.Row.CreatedAt.IsSameMoment(open.Delivery.CreatedAt)))
        {
            return true;
        }

        _ended.Remove(key);
        return false;
    }
}
