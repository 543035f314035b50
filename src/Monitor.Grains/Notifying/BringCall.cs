using Monitor.Core.Alerts;
using Monitor.Core.Ports;

namespace Monitor.Grains.Notifying;

/// <summary>
/// From a silo that decides, while the store is away, to the owner of a robot: what is to be told, and the right to tell it. The right is lent for a moment and renewed with every call, so
/// that at any time only one of the two begins a message: see <see cref="Commission"/> and <see cref="Outbox"/>.
/// </summary>
/// <param name="Shard">Of the robots.</param>
/// <param name="Silo">The row of who calls.</param>
/// <param name="Run">Of its outbox: another one counts its rounds anew. Null from a silo of an earlier version, which lends for good.</param>
/// <param name="Round">From 1, one up with every call.</param>
/// <param name="Heard">The last round whose answer has arrived: the right is dated from when that one was asked. 0: no right.</param>
/// <param name="Deliveries">To be told; those with a final status have come to an end elsewhere.</param>
/// <param name="Known">Brought before: how far are they?</param>
public sealed record BringCall(
    int Shard, long Silo, string? Run, long Round, long Heard, IReadOnlyList<OpenDelivery> Deliveries, IReadOnlyList<DeliveryKey>? Known);

/// <param name="IsOwner">False: this silo does not send to the robots, and has taken nothing.</param>
/// <param name="Ended">Of those that were brought or asked for: with their final status. Null from a silo of an earlier version.</param>
/// <param name="Missing">Asked for, and not known here.</param>
public sealed record BringAnswer(bool IsOwner, IReadOnlyList<Delivery>? Ended, IReadOnlyList<DeliveryKey>? Missing)
{
    public static readonly BringAnswer NotOwner = new(false, [], []);
}

/// <summary>What the senders of a silo want to know of the other silos.</summary>
public interface IRobotPeers
{
    /// <summary>This silo's row.</summary>
    long Self { get; }

    /// <summary>By the clock that leases are counted with.</summary>
    TimeSpan Now { get; }

    /// <summary>The store is out of reach for everybody, and this silo has its shards for as long as that lasts: it may send in the place of a robot's owner that is silent.</summary>
    bool MayStandIn { get; }

    /// <summary>
    /// POSTs that this silo may make to one robot within a minute: all of them, or its share while the store is out of reach and somebody is silent, who may be sending too. Who is certainly
    /// gone sends nothing; but in the place of an owner that is gone several send, and none knows of the other.
    /// </summary>
    int Most(bool standsIn);

    /// <summary>When the owner of the shard gave its last sign of life; null when nobody is known to own it.</summary>
    TimeSpan? HeardOf(int shard);

    /// <summary>There is certainly no such process at this moment.</summary>
    bool IsGone(long silo);

    /// <returns>Null when nobody answered.</returns>
    Task<BringAnswer?> BringAsync(BringCall call, CancellationToken cancellationToken);
}
