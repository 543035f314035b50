using Monitor.Core.Alerts;
using Monitor.Core.Ports;

namespace Monitor.Grains.Notifying;

/// <summary>
/// What is decided here while the store is away, for robots that another silo sends to; no clock, no thread, no I/O. It is brought to that silo with the right to tell it, and kept until
/// its end is heard. When its owner has been silent for <see cref="Patience"/>, every right that it was lent is over, and what has no end yet is told here; when it answers again, nothing
/// is begun here any more, and once what is under way has come back it is the only sender again, after it has heard what was told meanwhile.
/// </summary>
internal sealed class Outbox(int shard, string run)
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(0.25);
    private const int AtOnce = 200;
    private const int AskedAtOnce = 2000;

    private readonly LinkedList<Errand> _errands = [];
    private readonly Dictionary<DeliveryKey, LinkedListNode<Errand>> _byKey = [];
    private long _round;
    private long _heard;
    private int _open;
    private TimeSpan _since;
    private TimeSpan? _answeredAt;

    /// <summary>Messages are begun here, in the owner's place.</summary>
    public bool StandsIn { get; private set; }

    /// <summary>Something has yet to be told, or its end to be heard.</summary>
    public bool HasWork => _open > 0;

    /// <summary>Something came to an end here, and the owner may have it in its queue.</summary>
    public bool HasNews => _errands.First is not null;

    /// <summary>In the order in which they were decided. Those with a final status have come to an end.</summary>
    public void Add(IEnumerable<OpenDelivery> deliveries, TimeSpan now)
    {
        foreach (var open in deliveries)
        {
            if (_byKey.ContainsKey(open.Delivery.Key))
            {
                continue;
            }

            var ended = IsFinal(open.Delivery);
            if (!ended && _open++ == 0)
            {
                // Nothing is lent: silence counts from here, or from the last sign of life.
                _since = now;
                _answeredAt = null;
                _heard = 0;
            }

            var delivery = ended ? open.Delivery : open.Delivery with { Status = DeliveryStatus.Pending };
            _byKey.Add(delivery.Key, _errands.AddLast(new Errand { Open = open with { Delivery = delivery }, IsEnded = ended }));
        }
    }

    /// <summary>Who sends, from here on.</summary>
    /// <param name="heardOwner">Its last sign of life; null: nobody is the owner.</param>
    /// <param name="mayStandIn">The store is out of reach for everybody.</param>
    public void Turn(TimeSpan now, TimeSpan? heardOwner, bool mayStandIn)
    {
        var heard = heardOwner ?? TimeSpan.MinValue;
        var since = _answeredAt ?? (heard < _since ? heard : _since);
        StandsIn = mayStandIn && HasWork && (StandsIn || since == TimeSpan.MinValue || now - since >= Patience);
    }

    /// <summary>The next call to the owner; made one at a time.</summary>
    /// <param name="isBusy">Messages that were begun here are under way: no right is lent before they have come back.</param>
    public BringCall Call(long self, bool isBusy)
    {
        // Every call asks for what the owner may have told, also of a call whose answer was lost: an answer that says nothing of it passes for a sign of life, and when it was the last one, it
        // was told here once more.
        var fresh = new List<OpenDelivery>();
        var known = new List<DeliveryKey>();
        var lends = !StandsIn && !isBusy;
        foreach (var errand in _errands)
        {
            if (!errand.IsBrought && lends && fresh.Count < AtOnce)
            {
                fresh.Add(errand.Open);
            }
            else if (!errand.IsEnded && (errand.IsBrought || !lends) && known.Count < AskedAtOnce)
            {
                known.Add(errand.Open.Delivery.Key);
            }
        }

        return new BringCall(shard, self, run, ++_round, lends ? _heard : 0, fresh, known);
    }

    /// <summary>The owner has answered: what has come to an end there. True with <paramref name="again"/>: it waits for the next call, which lends the right.</summary>
    public IReadOnlyList<Delivery> Answered(BringCall call, BringAnswer answer, TimeSpan now, out bool again)
    {
        StandsIn = false;
        _heard = call.Round;
        _answeredAt = now;
        foreach (var open in call.Deliveries)
        {
            if (_byKey.TryGetValue(open.Delivery.Key, out var node))
            {
                Brought(node, open, answer.Ended is null);
            }
        }

        foreach (var key in answer.Missing ?? [])
        {
            if (_byKey.TryGetValue(key, out var node))
            {
                node.Value.IsBrought = false;
            }
        }

        var ended = new List<Delivery>();
        foreach (var row in answer.Ended ?? [])
        {
            if (_byKey.TryGetValue(row.Key, out var node) && !node.Value.IsEnded)
            {
                ended.Add(row);
                Forget(node);
            }
        }

        again = _errands.First is not null && (call.Heard == 0 || call.Deliveries.Count == AtOnce);
        return ended;
    }

    /// <summary>It has come to an end here.</summary>
    public void Ended(Delivery row)
    {
        if (IsFinal(row) && _byKey.TryGetValue(row.Key, out var node) && !node.Value.IsEnded)
        {
            // The owner may have it in its queue: it is told before it gets a right again.
            var errand = node.Value;
            errand.Open = errand.Open with { Delivery = row };
            errand.IsEnded = true;
            errand.IsBrought = false;
            _open--;
        }
    }

    /// <summary>What is to be told here and has not been handed over for that yet, in order.</summary>
    /// <param name="mayTell">False of a recovery whose firing may be untold: it waits.</param>
    public List<OpenDelivery> TakeForHere(Func<DeliveryKey, bool> mayTell)
    {
        var all = new List<OpenDelivery>();
        if (!StandsIn)
        {
            return all;
        }

        foreach (var errand in _errands)
        {
            if (!errand.IsHere && (errand.IsEnded || mayTell(errand.Open.Delivery.Key)))
            {
                errand.IsHere = true;
                all.Add(errand.Open);
            }
        }

        return all;
    }

    /// <summary>All that has no end yet.</summary>
    public IReadOnlyList<OpenDelivery> Open() => [.. _errands.Where(errand => !errand.IsEnded).Select(errand => errand.Open)];

    public void Clear()
    {
        _errands.Clear();
        _byKey.Clear();
        _open = 0;
        StandsIn = false;
    }

    private static bool IsFinal(Delivery delivery) => delivery.Status is not (DeliveryStatus.Pending or DeliveryStatus.Sending);

    /// <param name="forGood">Of an earlier version: it tells by itself what it has taken, and says no more of it.</param>
    private void Brought(LinkedListNode<Errand> node, OpenDelivery open, bool forGood)
    {
        if (IsFinal(open.Delivery) || forGood)
        {
            Forget(node);
        }
        else if (!node.Value.IsEnded)
        {
            node.Value.IsBrought = true;
        }
    }

    private void Forget(LinkedListNode<Errand> node)
    {
        _open -= node.Value.IsEnded ? 0 : 1;
        _errands.Remove(node);
        _byKey.Remove(node.Value.Open.Delivery.Key);
    }

    private sealed class Errand
    {
        public required OpenDelivery Open { get; set; }

        /// <summary>The owner has it; of one that is ended: as that.</summary>
        public bool IsBrought { get; set; }

        public bool IsEnded { get; set; }

        /// <summary>The sender that stands in has it.</summary>
        public bool IsHere { get; set; }
    }
}
