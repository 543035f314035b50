namespace Monitor.Core.Alerts;

/// <summary>One notice to one channel, and how far it has come. One message may carry many.</summary>
public sealed record Delivery
{
    public required DeliveryKey Key { get; init; }
    public DeliveryStatus Status { get; init; }

    /// <summary>Why it is superseded or suppressed.</summary>
    public string? Reason { get; init; }

    public int Attempts { get; init; }

    /// <summary>What the other side said last: <c>93000 invalid webhook url</c>. Never holds the URL's key.</summary>
    public string? LastError { get; init; }

    /// <summary>Shared by all deliveries that one message carried.</summary>
    public string? MessageId { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? SentAt { get; init; }
}

public enum DeliveryKind
{
    Firing,
    Resolved,
}

public enum DeliveryStatus
{
    Pending,

    /// <summary>Claimed before the POST: after a kill its outcome is unknown, and it is sent again and counted.</summary>
    Sending,
    Sent,

    /// <summary>Not needed any more: the recovery of a firing that is dead.</summary>
    Superseded,

    /// <summary>Held back on purpose: the channel is disabled.</summary>
    Suppressed,

    /// <summary>Refused for good; <c>LastError</c> says why.</summary>
    Dead,
}

/// <summary>What identifies a delivery: no id is needed before the store has given one.</summary>
public readonly record struct DeliveryKey(long TargetId, int Episode, DeliveryKind Kind, long ChannelId);
