using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Core.Threads;
using Monitor.Storage.Codecs;
using Monitor.Storage.Postgres.Tables;
using Npgsql;

namespace Monitor.Storage.Postgres;

/// <summary>
/// Leases, on a pool of their own (and beside a pooler, where a connection string for it is given): nothing that the store is busy with can make a living silo look dead.
/// A call that is given up is left to end by itself within its statement timeout; who gave it up does not wait for that. Each call has a thread of its own while it lasts:
/// where the server or the way to it hangs, Npgsql blocks the thread on which a command's time is up (it asks the server to cancel it), and a few such threads
/// of the pool would hold up the whole silo just when its leases run out.
/// </summary>
public sealed class PostgresLeaseStore(PostgresStoreOptions options) : ILeaseStore, IDisposable
{
    /// <summary>Some for calls that were given up and have not noticed yet.</summary>
    private const int MostConnections = 6;

    private static readonly TimeSpan DeadFor = TimeSpan.FromDays(7);

    private readonly OwnThreads _calls = new("lease call", int.MaxValue, TimeSpan.FromSeconds(10));

    private readonly NpgsqlDataSource _pool = PgPool.Open(
        options.CoordinationConnectionString ?? options.ConnectionString, options.ApplicationName + " leases", MostConnections, commandSeconds: 2, connectSeconds: 3);

    public async Task<long> RegisterAsync(SiloIdentity silo, Guid instance, CancellationToken cancellationToken)
    {
        var answers = await RunAsync(
            Transaction(
                new PgStatement(LeaseSql.Forget, Micros.Of(silo.StartedAt - DeadFor)),
                new PgStatement(LeaseSql.Register, instance, silo.Name, silo.Address, silo.Zone, Micros.Of(silo.StartedAt))),
            row => row.GetInt64(0),
            cancellationToken);
        return answers[^1][0];
    }

    public async Task<BeatAnswer> BeatAsync(long silo, long beat, CancellationToken cancellationToken)
    {
        // Two statements: the view of one would be of before the beat, had that waited for a lock.
        var answers = await RunAsync(
            Transaction(new PgStatement(LeaseSql.Beat, silo, beat), new PgStatement(LeaseSql.View)), row => row.FieldCount == 1 ? null : ReadView(row), cancellationToken);
        return new BeatAnswer(answers[0].Count > 0, answers[1][0]!);
    }

    public async Task<ClusterView> LookAsync(CancellationToken cancellationToken) => (await RunAsync([new PgStatement(LeaseSql.View)], ReadView, cancellationToken))[0][0];

    public Task TryWriteAsync(long silo, CancellationToken cancellationToken) => ExecuteAsync(cancellationToken, new PgStatement(LeaseSql.TryWrite, silo));

    public Task<ClaimAnswer> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken)
    {
        var dead = request.Dead.OrderBy(seen => seen.Silo).ToArray();
        var shards = request.Shards.OrderBy(seen => seen.Shard).ToArray();
        return ClaimAsync(
            request.Timeline,
            cancellationToken,
            new PgStatement(LeaseSql.LockSilos, dead.Select(seen => seen.Silo).Append(request.Silo).ToArray()),
            new PgStatement(LeaseSql.LockShards, shards.Select(seen => seen.Shard).ToArray()),
            new PgStatement(LeaseSql.MarkDead, request.Silo, request.Timeline, dead.Select(seen => seen.Silo).ToArray(), dead.Select(seen => seen.Beat).ToArray()),
            new PgStatement(LeaseSql.Claim, request.Silo, request.Timeline, shards.Select(seen => seen.Shard).ToArray(), shards.Select(seen => seen.Epoch).ToArray()),
            new PgStatement(LeaseSql.IsAlive, request.Silo));
    }

    public async Task<IReadOnlyList<int>> BidAsync(long silo, long timeline, IReadOnlyList<ShardBid> bids, CancellationToken cancellationToken)
    {
        var answers = await MoveAsync(
            cancellationToken,
            new PgStatement(LeaseSql.LockShards, bids.Select(bid => bid.Shard).ToArray()),
            new PgStatement(
                LeaseSql.Bid, silo, timeline, bids.Select(bid => bid.Shard).ToArray(), bids.Select(bid => bid.Epoch).ToArray(), bids.Select(bid => bid.WantedBefore).ToArray()));
        return Shards(answers[^1]);
    }

    public async Task<IReadOnlyList<int>> HandOverAsync(long silo, long timeline, IReadOnlyList<ShardGift> gifts, CancellationToken cancellationToken)
    {
        var answers = await MoveAsync(
            cancellationToken,
            new PgStatement(LeaseSql.ShareSilos, gifts.Select(gift => gift.To).Append(silo).Distinct().ToArray()),
            new PgStatement(LeaseSql.LockShards, gifts.Select(gift => gift.Shard).ToArray()),
            new PgStatement(
                LeaseSql.HandOver, silo, timeline, gifts.Select(gift => gift.Shard).ToArray(), gifts.Select(gift => gift.Epoch).ToArray(), gifts.Select(gift => gift.To).ToArray()));
        return Shards(answers[^1]);
    }

    public Task MarkStoppingAsync(long silo, CancellationToken cancellationToken) => ExecuteAsync(cancellationToken, new PgStatement(LeaseSql.MarkStopping, silo));

    public Task LeaveAsync(long silo, CancellationToken cancellationToken) => ExecuteAsync(cancellationToken, new PgStatement(LeaseSql.Leave, silo));

    public Task<ClaimAnswer> ReclaimAsync(long silo, long timeline, IReadOnlyList<Fence> held, CancellationToken cancellationToken) => ClaimAsync(
        timeline,
        cancellationToken,
        new PgStatement(LeaseSql.LockSilos, new[] { silo }),
        new PgStatement(LeaseSql.LockShards, held.Select(fence => fence.Shard).ToArray()),
        new PgStatement(LeaseSql.Reclaim, silo, timeline, held.Select(fence => fence.Shard).ToArray(), held.Select(fence => fence.Epoch).ToArray()),
        new PgStatement(LeaseSql.IsAlive, silo));

    public Task<ShardEdits> LoadEditsAsync(IReadOnlyCollection<MovedShard> moved, CancellationToken cancellationToken) =>
        EditReading.ReadAsync(moved, async (statement, read) => (await RunAsync([statement], read, cancellationToken))[0]);

    public void Dispose()
    {
        _calls.Dispose();
        _pool.Dispose();
    }

    /// <summary>The last two statements answer what was taken, and a row if the caller lives.</summary>
    private async Task<ClaimAnswer> ClaimAsync(long timeline, CancellationToken cancellationToken, params PgStatement[] statements)
    {
        var answers = await MoveAsync(cancellationToken, statements);
        return new ClaimAnswer(answers[^1].Count > 0, [.. answers[^2].OrderBy(row => row.Shard).Select(row => new Fence((int)row.Shard, row.Owner, row.Epoch, timeline))]);
    }

    private Task<List<List<(long Shard, long Owner, long Epoch)>>> MoveAsync(CancellationToken cancellationToken, params PgStatement[] statements) =>
        RunAsync(Transaction(statements), row => (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2)), cancellationToken);

    private async Task ExecuteAsync(CancellationToken cancellationToken, params PgStatement[] statements) => await RunAsync(Transaction(statements), _ => 0, cancellationToken);

    /// <summary>The caller's token ends its waiting only.</summary>
    private async Task<List<List<T>>> RunAsync<T>(IEnumerable<PgStatement> statements, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var call = new Task<List<List<T>>>(() => PgSession.Run(_pool, statements, read));
        ObjectDisposedException.ThrowIf(!_calls.Post(() => call.RunSynchronously(TaskScheduler.Default)), this);
        try
        {
            return await call.WaitAsync(cancellationToken);
        }
        finally
        {
            _ = call.ContinueWith(ended => _ = ended.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        }
    }

    private static IEnumerable<PgStatement> Transaction(params PgStatement[] statements) =>
        [PgStatement.Begin, .. PgStatement.Limits(PgLimits.TransitionMilliseconds), .. statements, PgStatement.Commit];

    private static int[] Shards(List<(long Shard, long Owner, long Epoch)> rows) => [.. rows.Select(row => (int)row.Shard).Order()];

    private static ClusterView ReadView(NpgsqlDataReader row)
    {
        var silos = new List<SiloRow>();
        if (!row.IsDBNull(1))
        {
            var ids = row.GetFieldValue<long[]>(1);
            var names = row.GetFieldValue<string[]>(2);
            var addresses = row.GetFieldValue<string[]>(3);
            var zones = row.GetFieldValue<string[]>(4);
            var beats = row.GetFieldValue<long[]>(5);
            var stopping = row.GetFieldValue<bool[]>(6);
            var dead = row.GetFieldValue<bool[]>(7);
            silos.AddRange(ids.Select((id, i) => new SiloRow(id, names[i], addresses[i], zones[i], beats[i], stopping[i], dead[i])));
        }

        var numbers = row.GetFieldValue<int[]>(8);
        var owners = row.GetFieldValue<long[]>(9);
        var epochs = row.GetFieldValue<long[]>(10);
        var wanted = row.GetFieldValue<long[]>(11);
        var versions = row.GetFieldValue<long[]>(12);
        return new ClusterView(row.GetInt64(0), [.. silos], [.. numbers.Select((shard, i) => new ShardRow(shard, owners[i], epochs[i], wanted[i], versions[i]))]);
    }
}
