using Monitor.Core.Alerts;
using Monitor.Core.Ports;

namespace Monitor.Grains.Notifying;

/// <summary>What waits for one robot, in the order in which it was decided. Messages carry a beginning of it, so no recovery overtakes its firing.</summary>
internal sealed class RobotQueue
{
    private readonly LinkedList<Notice> _notices = [];
    private readonly Dictionary<NoticeKey, Notice> _waiting = [];

    public bool IsEmpty => _notices.Count == 0;

    public void Add(OpenDelivery open, bool mayHaveArrived)
    {
        var key = new NoticeKey(open.Alert.TargetId, open.Alert.Episode, open.Delivery.Key.Kind);
        if (!_waiting.TryGetValue(key, out var notice))
        {
            notice = new Notice(open.Alert, key.Kind);
            _waiting.Add(key, notice);
            Place(notice);
        }

        notice.Deliveries.Add(open.Delivery);
        notice.MayHaveArrived |= mayHaveArrived;
    }

    /// <summary>Notices that wait, without what is under way.</summary>
    public int Waiting => _waiting.Count;

    /// <summary>What may be sent, oldest first, at most so much; a recovery is joined to its firing where people have not heard of that yet.</summary>
    /// <param name="mayBegin">What has no right to be told waits, and a recovery with its firing.</param>
    public List<Entry> Entries(int most, Func<Notice, bool> mayBegin)
    {
        var entries = new List<Entry>(Math.Min(most, _waiting.Count));
        HashSet<Notice>? joined = null;
        foreach (var notice in _notices)
        {
            if (entries.Count == most)
            {
                break;
            }

            if (notice.InFlight || joined?.Contains(notice) == true || !mayBegin(notice))
            {
                continue;
            }

            if (notice.Kind == DeliveryKind.Resolved)
            {
                if (!_waiting.TryGetValue(notice.Key with { Kind = DeliveryKind.Firing }, out var firing) || mayBegin(firing))
                {
                    entries.Add(new Entry(null, notice));
                }
            }
            else if (!notice.MayHaveArrived && _waiting.TryGetValue(notice.Key with { Kind = DeliveryKind.Resolved }, out var resolved) && mayBegin(resolved))
            {
                (joined ??= []).Add(resolved);
                entries.Add(new Entry(notice, resolved));
            }
            else
            {
                entries.Add(new Entry(notice, null));
            }
        }

        return entries;
    }

    public void Start(Notice notice)
    {
        notice.InFlight = true;
        _waiting.Remove(notice.Key);
    }

    public void Remove(Notice notice)
    {
        _notices.Remove(notice);
        if (_waiting.TryGetValue(notice.Key, out var waiting) && waiting == notice)
        {
            _waiting.Remove(notice.Key);
        }
    }

    /// <summary>It was not told: it waits again, at its old place. Channels that came meanwhile are told with it.</summary>
    public void Return(Notice notice)
    {
        notice.InFlight = false;
        if (_waiting.TryGetValue(notice.Key, out var newer) && newer != notice)
        {
            notice.Deliveries.AddRange(newer.Deliveries);
            _notices.Remove(newer);
        }

        _waiting[notice.Key] = notice;
        FiringFirst(notice);
    }

    public bool HasUnderWay => _notices.Any(notice => notice.InFlight);

    public bool Holds(DeliveryKey key) => _notices.Any(notice => notice.Deliveries.Exists(delivery => delivery.Key == key));

    public bool IsUnderWay(long channelId) => _notices.Any(notice => notice.InFlight && notice.Deliveries.Exists(delivery => delivery.Key.ChannelId == channelId));

    /// <summary>Takes out what waits for a channel, in order, but not what is under way.</summary>
    public List<(OpenDelivery Open, bool MayHaveArrived)> Withdraw(Func<Delivery, bool> which)
    {
        var withdrawn = new List<(OpenDelivery, bool)>();
        foreach (var notice in _notices.Where(notice => !notice.InFlight).ToList())
        {
            foreach (var delivery in notice.Deliveries.Where(which).ToList())
            {
                notice.Deliveries.Remove(delivery);
                withdrawn.Add((new OpenDelivery(delivery, notice.Alert), notice.MayHaveArrived));
            }

            if (notice.Deliveries.Count == 0)
            {
                Remove(notice);
            }
        }

        return withdrawn;
    }

    /// <summary>
    /// What came while a recovery was under way (a channel that moved here from another robot) is of a firing that has its place after it: the recovery was told first, and then once more.
    /// </summary>
    private void FiringFirst(Notice recovery)
    {
        if (recovery.Kind != DeliveryKind.Resolved || !_waiting.TryGetValue(recovery.Key with { Kind = DeliveryKind.Firing }, out var firing))
        {
            return;
        }

        var place = _notices.Find(recovery)!;
        for (var later = place.Next; later is not null; later = later.Next)
        {
            if (later.Value == firing)
            {
                _notices.Remove(later);
                _notices.AddBefore(place, later);
                return;
            }
        }
    }

    private void Place(Notice notice)
    {
        // A firing that comes after its own recovery (a load in another order) still goes before it.
        if (notice.Kind == DeliveryKind.Firing
            && _waiting.TryGetValue(notice.Key with { Kind = DeliveryKind.Resolved }, out var resolved)
            && _notices.Find(resolved) is { } place)
        {
            _notices.AddBefore(place, notice);
            return;
        }

        _notices.AddLast(notice);
    }
}
