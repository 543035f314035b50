using Monitor.Core.Alerts;

namespace Monitor.Grains.Notifying;

/// <summary>One firing or one recovery that waits for one robot, for all channels that share it. Guarded by its desk's owner.</summary>
internal sealed class Notice(AlertRecord alert, DeliveryKind kind)
{
    public AlertRecord Alert => alert;

    public DeliveryKind Kind => kind;

    public NoticeKey Key => new(alert.TargetId, alert.Episode, kind);

    public List<Delivery> Deliveries { get; } = [];

    public bool InFlight { get; set; }

    /// <summary>A copy may have arrived: it is sent again and counted, and its recovery becomes a message of its own.</summary>
    public bool MayHaveArrived { get; set; }

    public int Refusals { get; set; }

    /// <summary>How many notices a message with this one may carry: fewer after one was too long.</summary>
    public int MostTogether { get; set; } = int.MaxValue;

    public bool Shortened { get; set; }
}

internal readonly record struct NoticeKey(long TargetId, int Episode, DeliveryKind Kind);

/// <summary>One line of a digest or one message: a firing, a recovery, or both of one episode together.</summary>
internal readonly record struct Entry(Notice? Firing, Notice? Resolved)
{
    /// <summary>The newest word on the alert: a recovery knows when it ended.</summary>
    public AlertRecord Alert => (Resolved ?? Firing)!.Alert;

    public IEnumerable<Notice> Notices => new[] { Firing, Resolved }.OfType<Notice>();

    public int MostTogether => Math.Min(Firing?.MostTogether ?? int.MaxValue, Resolved?.MostTogether ?? int.MaxValue);

    public Core.Messages.NoticeKind Kind
    {
        get
        {
            if (Firing is null)
            {
                return Core.Messages.NoticeKind.Resolved;
            }

            return Resolved is null ? Core.Messages.NoticeKind.Firing : Core.Messages.NoticeKind.Joined;
        }
    }
}
