using Monitor.Core.Shards;

namespace Monitor.Core.Ports;

/// <summary>
/// What a silo of a cluster asks of the store to live and to own shards. Each call is one statement or one short transaction, and keeps no session state. The caller keeps at most three
/// under way at a time (one of beat, look and register; one of claim, bid, hand over, reclaim, mark and leave; one of the rest) and gives each a deadline of a second: give each statement a <c>statement_timeout</c> of that, or one that
/// was given up could commit much later.
/// <para>
/// All calls throw <see cref="StoreUnavailableException"/> when nothing was confirmed; it is then unknown whether the call happened, and every call may be given again as it was.
/// None of them reads a clock of the store: liveness is what an observer sees of <see cref="SiloRow.Beat"/> by its own clock.
/// Rows are locked in one order, silos by id before shards by number, so that no two calls wait for each other.
/// </para>
/// <para>
/// A <i>timeline</i> is the WAL timeline of the server that executes the statement: another one than the caller knows means a promoted standby, which may have lost the last commits.
/// Calls that carry a timeline do nothing, and answer as if nothing had fitted, when the server's is another.
/// </para>
/// <para>In the steady state a silo makes two beats and two looks a second.</para>
/// </summary>
public interface ILeaseStore
{
    /// <summary>
    /// Makes this process's row: beat 1, neither stopping nor dead. A row of an earlier process of the same name is left alone: it is dead when others have seen it so.
    /// May remove rows that have long been dead, own no shard and want none.
    /// </summary>
    /// <param name="instance">Made by the caller for one row: the same again answers the same row.</param>
    /// <returns>The row's id, above 0, never used before.</returns>
    Task<long> RegisterAsync(SiloIdentity silo, Guid instance, CancellationToken cancellationToken);

    /// <summary>
    /// Raises the silo's beat to <paramref name="beat"/> where its row is not dead and its beat is lower, and reads the cluster back in the same round trip: as it was at the write or after
    /// it, never before. A beat that arrives late changes nothing (its row's beat is higher by then) and is not a renewal.
    /// </summary>
    Task<BeatAnswer> BeatAsync(long silo, long beat, CancellationToken cancellationToken);

    /// <summary>The cluster, without a write.</summary>
    Task<ClusterView> LookAsync(CancellationToken cancellationToken);

    /// <summary>
    /// A write of no consequence to the silo's own row (not to its beat), to find out whether the store takes writes: asked by peers that have lost it.
    /// Returns when it is committed; also where the row is dead or gone.
    /// </summary>
    Task TryWriteAsync(long silo, CancellationToken cancellationToken);

    /// <summary>
    /// In one transaction: marks dead each of <see cref="ClaimRequest.Dead"/> whose beat is still the one that was read (one that is dead already stays so), then takes each of
    /// <see cref="ClaimRequest.Shards"/> whose epoch is still the one that was read and which is nobody's (owner 0) or a dead silo's: owner = the caller, epoch + 1, wanted_by = nobody.
    /// Whatever does not fit drops out alone. Nothing at all is done when the caller's own row is dead or stopping.
    /// </summary>
    /// <returns>The fences of the shards taken by this call.</returns>
    Task<ClaimAnswer> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Puts the caller down as who wants these shards, where the epoch and who wanted it before are still what was read. Whatever does not fit drops out alone.
    /// A shard of the caller's own may be among them: so it keeps what another has bid for.
    /// Nothing is done when the caller's own row is dead or stopping.
    /// </summary>
    /// <returns>The shards that the caller is now down for.</returns>
    Task<IReadOnlyList<int>> BidAsync(long silo, long timeline, IReadOnlyList<ShardBid> bids, CancellationToken cancellationToken);

    /// <summary>
    /// Gives each shard to who wants it: owner = <see cref="ShardGift.To"/>, epoch + 1, wanted_by = nobody; where the caller owns it with that epoch, its wanted_by is still that silo, and
    /// that silo's row is neither dead nor stopping. Whatever does not fit drops out alone and stays as it is. Nothing is done when the caller's own row is dead.
    /// The caller has ended everything of the shard before, and has written it.
    /// </summary>
    /// <returns>The shards that were given away by this call.</returns>
    Task<IReadOnlyList<int>> HandOverAsync(long silo, long timeline, IReadOnlyList<ShardGift> gifts, CancellationToken cancellationToken);

    /// <summary>Marks the silo as stopping: it counts for no share any more and others may bid for what it has. For good.</summary>
    Task MarkStoppingAsync(long silo, CancellationToken cancellationToken);

    /// <summary>The silo has ended everything: marks its own row dead, so that nobody has to wait for its lease. What it still owned may be claimed at once.</summary>
    Task LeaveAsync(long silo, CancellationToken cancellationToken);

    /// <summary>
    /// After the timeline has changed, in one transaction: what the caller held on the old one becomes its own anew. Each shard of <paramref name="held"/> whose row has
    /// (owner = the caller and any epoch) or (any owner and an epoch below the held one: the promoted standby has lost the claim): owner = the caller, epoch = the greater of the two + 1,
    /// wanted_by = nobody. Others drop out: somebody was faster. Nothing is done when the caller's own row is dead or gone.
    /// </summary>
    /// <param name="timeline">The new one.</param>
    Task<ClaimAnswer> ReclaimAsync(long silo, long timeline, IReadOnlyList<Fence> held, CancellationToken cancellationToken);

    /// <summary>What was edited in shards whose <see cref="ShardRow.Version"/> has moved: for the owner.</summary>
    Task<ShardEdits> LoadEditsAsync(IReadOnlyCollection<MovedShard> moved, CancellationToken cancellationToken);
}
