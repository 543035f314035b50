using Monitor.Core.Alerts;
using Monitor.Core.Channels;
using Monitor.Core.Ports;

namespace Monitor.Grains.Notifying;

/// <summary>What a start takes over.</summary>
internal sealed partial class DeliveryRouter
{
    /// <summary>What a start found of all robots' slots: also of one that no channel has just then, and an edit gives one a moment later.</summary>
    private (ILookup<string, SendSlot> Slots, Moment At)? _loaded;

    /// <summary>What a start finds in the store. A delivery that was being sent may have arrived: it goes again.</summary>
    public List<Delivery> Load(IEnumerable<Channel> channels, IEnumerable<SendSlot> sends, IEnumerable<OpenDelivery> open, Moment now)
    {
        foreach (var channel in channels)
        {
            Take(channel);
        }

        _loaded = (sends.ToLookup(send => send.Robot, StringComparer.Ordinal), now);
        foreach (var desk in _desks.Values)
        {
            LoadSlots(desk);
        }

        foreach (var channel in _channels.Values.Where(IsHere))
        {
            Desk(channel.Settings.WebhookUrl);
        }

        var rows = new List<Delivery>();
        foreach (var one in open)
        {
            if (one.Delivery.Status is DeliveryStatus.Dead or DeliveryStatus.Suppressed)
            {
                _unheard[one.Delivery.Key] = one.Delivery.Status;
            }
            else if (one.Delivery.Status is DeliveryStatus.Pending or DeliveryStatus.Sending && _open.Add(one.Delivery.Key))
            {
                Route(one, one.Delivery.Status == DeliveryStatus.Sending, rows);
            }
        }

        return rows;
    }

    private void LoadSlots(RobotDesk desk)
    {
        if (_loaded is var (slots, at))
        {
            desk.Budget.Load(slots[desk.Key], at, own: scope.StandsIn);
        }
    }
}
