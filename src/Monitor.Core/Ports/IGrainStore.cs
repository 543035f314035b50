using Monitor.Core.Alerts;
using Monitor.Core.Channels;
using Monitor.Core.Health;
using Monitor.Core.Probing;
using Monitor.Core.Shards;
using Monitor.Core.Targets;

namespace Monitor.Core.Ports;

/// <summary>What the owners of targets and robots need of a store. All calls are safe to repeat.</summary>
public interface IGrainStore
{
    /// <summary>Every target of the shards with its state, tombstones of deleted ones included.</summary>
    Task<IReadOnlyList<StoredTarget>> LoadTargetsAsync(IReadOnlyCollection<int> shards, CancellationToken cancellationToken);

    /// <summary>One target as it is now; null when there is no row at all (then it was deleted and has been cleaned up).</summary>
    Task<StoredTarget?> LoadTargetAsync(long targetId, CancellationToken cancellationToken);

    /// <summary>
    /// Targets that were made lately and that nobody has run yet, in one read: without looking for a last check, or waiting for commits of theirs. One without a row is left out.
    /// </summary>
    async Task<IReadOnlyList<StoredTarget>> LoadNewTargetsAsync(IReadOnlyCollection<long> ids, CancellationToken cancellationToken)
    {
        var found = new List<StoredTarget>(ids.Count);
        foreach (var id in ids)
        {
            if (await LoadTargetAsync(id, cancellationToken) is { } stored)
            {
                found.Add(stored);
            }
        }

        return found;
    }

    /// <summary>A target that was made a moment ago is run as it was made, without being read.</summary>
    void Note(StoredTarget made)
    {
    }

    Task<IReadOnlyList<Channel>> LoadChannelsAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Deliveries that are pending or sending, each with its alert record, oldest first; and of alerts that are still open the firings that are dead or
    /// suppressed, because nobody who never heard of an alert is told that it is over.
    /// </summary>
    Task<IReadOnlyList<OpenDelivery>> LoadOpenDeliveriesAsync(CancellationToken cancellationToken);

    /// <summary>The send slots that are younger than <paramref name="since"/>, of all robots.</summary>
    Task<IReadOnlyList<SendSlot>> LoadSendsAsync(DateTimeOffset since, CancellationToken cancellationToken);

    /// <summary>
    /// Writes a batch in one transaction. A state write whose version or fence does not fit, or a delivery write whose fence does not, drops out alone; the rest goes on.
    /// A batch whose outcome is unknown may be given again as it was: what is there already is taken as written.
    /// </summary>
    /// <returns>One outcome for each of <see cref="CommitBatch.States"/>, in order, then one for each of <see cref="CommitBatch.Deliveries"/>.</returns>
    /// <exception cref="StoreUnavailableException">Nothing was confirmed.</exception>
    Task<IReadOnlyList<StateOutcome>> CommitAsync(CommitBatch batch, CancellationToken cancellationToken);
}

/// <param name="State">Null when it was never stored: a new target.</param>
/// <param name="Version">Of the state, for compare-and-set; 0 when there is none.</param>
/// <param name="LastCheckedAt">Its newest conclusive result's time, if any is stored.</param>
/// <param name="Deleted">A tombstone: the target is gone, but what is open has yet to be resolved by its owner.</param>
public sealed record StoredTarget(
    Target Target, HealthState? State, long Version, ReadOnlyMemory<byte> Memory, DateTimeOffset? LastCheckedAt, bool Deleted);

/// <summary>A delivery with the alert that it tells of.</summary>
public sealed record OpenDelivery(Delivery Delivery, AlertRecord Alert)
{
    /// <summary>The store has put aside what was told under its number: of an earlier outage, whose silo could not write it down before others gave its number to this one.</summary>
    public bool IsNext { get; init; }
}

/// <summary>What one transaction writes.</summary>
/// <param name="Silo">With <paramref name="Sequence"/> the batch's identity.</param>
public sealed record CommitBatch(
    string Silo,
    long Sequence,
    IReadOnlyList<CheckRecord> Results,
    IReadOnlyList<StateWrite> States,
    IReadOnlyList<DeliveryWrite> Deliveries)
{
    public bool IsEmpty => Results.Count == 0 && States.Count == 0 && Deliveries.Count == 0;
}

/// <summary>
/// One target's new state with everything that follows from it, all or nothing. Requires the row's version to be <paramref name="ExpectedVersion"/>
/// (0: no row yet) and sets it to <paramref name="ExpectedVersion"/> + 1.
/// </summary>
/// <param name="Memory">Null leaves what is stored.</param>
/// <param name="Alerts">Inserted where new, else updated by (target, episode).</param>
/// <param name="Deliveries">Inserted where new; one that is there already is left alone.</param>
/// <param name="RemoveTarget">The owner has resolved what was open of a deleted target: its tombstone and state may go.</param>
public sealed record StateWrite(
    long TargetId,
    string Location,
    Fence Fence,
    long ExpectedVersion,
    HealthState State,
    ReadOnlyMemory<byte>? Memory,
    IReadOnlyList<AlertRecord> Alerts,
    IReadOnlyList<Delivery> Deliveries,
    bool RemoveTarget = false);

public enum StateOutcome
{
    Committed,

    /// <summary>Another version is stored: forget the cached state and read again.</summary>
    VersionLost,

    /// <summary>The shard is no longer this silo's.</summary>
    FenceLost,
}

/// <summary>How far a set of deliveries has come, and the send slots that go with it.</summary>
/// <param name="Deliveries">Their rows as they are to be. A row never goes back from sent, superseded, suppressed or dead.</param>
/// <param name="Sends">Inserted, or updated by message id.</param>
/// <param name="Fence">Of the robot's shard, for a claim before a POST: nothing of it is written where the shard is another's. Null for what is a fact (it was sent).</param>
public sealed record DeliveryWrite(IReadOnlyList<Delivery> Deliveries, IReadOnlyList<SendSlot> Sends, Fence? Fence = null);
