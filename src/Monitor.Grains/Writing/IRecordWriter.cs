using Monitor.Core.Ports;
using Monitor.Core.Probing;

namespace Monitor.Grains.Writing;

/// <summary>
/// The one way of grains into the store: batches what is plain, commits what decides, and goes on from memory and journal while the store is away.
/// </summary>
public interface IRecordWriter
{
    /// <summary>A plain result: in the store within a second; a failed one as soon as the writer is free. Never blocks, never throws.</summary>
    void Add(CheckRecord result);

    /// <summary>
    /// A new state with all that follows from it, and the result that led to it, in one transaction as soon as the writer is free.
    /// The caller waits for the outcome before it lets anybody know.
    /// </summary>
    Task<Durability> WriteAsync(StateWrite state, CheckRecord? result, CancellationToken cancellationToken);

    /// <summary>Progress of deliveries: claimed, sent, refused.</summary>
    Task<Durability> WriteAsync(DeliveryWrite deliveries, CancellationToken cancellationToken);
}

public enum Durability
{
    Committed,

    /// <summary>The store is away: kept in the journal, or where not even that can be written, in memory. The caller goes on; order is kept.</summary>
    Kept,

    /// <summary>Forget the cached state and read it again.</summary>
    VersionLost,

    /// <summary>The shard is no longer ours: drop it.</summary>
    FenceLost,
}
