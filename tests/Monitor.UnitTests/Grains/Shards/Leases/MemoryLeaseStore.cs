using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Core.Text;

namespace Monitor.UnitTests.Grains.Shards.Leases;

/// <summary>One silo's way to the shared tables, which can be cut.</summary>
internal sealed class MemoryLeaseStore(LeaseTable table, Lock gate) : ILeaseStore
{
    public bool Away { get; set; }

    public List<TargetRevision> Revisions { get; } = [];

    public Task<long> RegisterAsync(SiloIdentity silo, Guid instance, CancellationToken cancellationToken) => Do(() => table.Register(silo, instance));

    public Task<BeatAnswer> BeatAsync(long silo, long beat, CancellationToken cancellationToken) => Do(() => table.Beat(silo, beat));

    public Task<ClusterView> LookAsync(CancellationToken cancellationToken) => Do(table.Look);

    public Task TryWriteAsync(long silo, CancellationToken cancellationToken) => Do(() => true);

    public Task<ClaimAnswer> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken) => Do(() => table.Claim(request));

    public Task<IReadOnlyList<int>> BidAsync(long silo, long timeline, IReadOnlyList<ShardBid> bids, CancellationToken cancellationToken) =>
        Do(() => table.Bid(silo, timeline, bids));

    public Task<IReadOnlyList<int>> HandOverAsync(long silo, long timeline, IReadOnlyList<ShardGift> gifts, CancellationToken cancellationToken) =>
        Do(() => table.HandOver(silo, timeline, gifts));

    public Task MarkStoppingAsync(long silo, CancellationToken cancellationToken) => Do(() =>
    {
        table.MarkStopping(silo);
        return true;
    });

    public Task LeaveAsync(long silo, CancellationToken cancellationToken) => Do(() =>
    {
        table.Leave(silo);
        return true;
    });

    public Task<ClaimAnswer> ReclaimAsync(long silo, long timeline, IReadOnlyList<Fence> held, CancellationToken cancellationToken) =>
        Do(() => table.Reclaim(silo, timeline, held));

    public Task<ShardEdits> LoadEditsAsync(IReadOnlyCollection<MovedShard> moved, CancellationToken cancellationToken) =>
        Do(() => new ShardEdits([.. Revisions.Where(revision => moved.Any(one => one.Shard == ShardMap.Of(revision.TargetId)))], [.. moved.Select(one => one.Shard)]));

    private Task<T> Do<T>(Func<T> call)
    {
        lock (gate)
        {
            return Away ? Task.FromException<T>(new StoreUnavailableException(new LocalizedText("away", "away"))) : Task.FromResult(call());
        }
    }
}
