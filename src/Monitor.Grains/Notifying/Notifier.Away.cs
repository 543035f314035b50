using Monitor.Core.Alerts;
using Monitor.Core.Channels;
using Monitor.Core.Ports;

namespace Monitor.Grains.Notifying;

/// <summary>While the store is away: what other silos bring, and what is told in another silo's place.</summary>
public sealed partial class Notifier
{
    /// <summary>Told, with the gate held, of everything that comes to an end here.</summary>
    internal Action<Delivery>? Ended
    {
        set => _router.Ended = value;
    }

    /// <summary>Something that was begun here is on its way.</summary>
    internal bool IsBusy
    {
        get
        {
            lock (_gate)
            {
                return _router.IsBusy;
            }
        }
    }

    /// <summary>Instead of <see cref="StartAsync"/> where the store cannot be read: in the place of the owner, with what this process knows by itself.</summary>
    internal void StandIn(IReadOnlyList<Channel> channels, IReadOnlyList<SendSlot> own) => Take(channels, own, []);

    /// <summary>To be told here, if it comes to that; what has a final status has come to an end elsewhere.</summary>
    internal void Take(IReadOnlyList<OpenDelivery> deliveries) => Change(() =>
    {
        foreach (var ended in deliveries.Where(open => open.Delivery.Status is not (DeliveryStatus.Pending or DeliveryStatus.Sending)))
        {
            _router.Learn(ended.Delivery);
        }

        return _router.Add(deliveries);
    });

    internal void Learn(IReadOnlyList<Delivery> ended) => Change(() =>
    {
        foreach (var row in ended)
        {
            _router.Learn(row);
        }

        return [];
    });

    /// <summary>From a silo that decides while the store is away.</summary>
    internal BringAnswer Take(BringCall call, Commission right)
    {
        if (!_loaded.Task.IsCompleted)
        {
            return BringAnswer.NotOwner;
        }

        Change(() => _router.Borrow(call.Deliveries, right));
        var ended = new List<Delivery>();
        var missing = new List<DeliveryKey>();
        lock (_gate)
        {
            foreach (var key in (call.Known ?? []).Concat(call.Deliveries.Select(open => open.Delivery.Key)))
            {
                if (!_router.TryFind(key, out var row))
                {
                    missing.Add(key);
                }
                else if (row is not null)
                {
                    ended.Add(row);
                }
            }
        }

        return new BringAnswer(true, ended, missing);
    }

    /// <summary>A right has come or gone, or the number of POSTs that may be made.</summary>
    internal void Wake() => WakeAll();
}
