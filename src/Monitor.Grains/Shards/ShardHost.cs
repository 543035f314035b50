using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Core.Targets;
using Monitor.Grains.Runtime;
using Monitor.Grains.Targets;

namespace Monitor.Grains.Shards;

/// <summary>
/// Given the fences of shards: runs their targets until told to stop. How a shard came here (a single node's claim, a lease, another host) is its caller's business;
/// this is the seam that they share.
/// </summary>
public sealed partial class ShardHost(GrainServices services, GrainsOptions options, ILogger<ShardHost> log, LeaseTerm? term = null) : IDisposable
{
    /// <summary>After the drain time, for runs that were dropped and states that are stored.</summary>
    private static readonly TimeSpan EndTime = TimeSpan.FromSeconds(2);

    private const int MostTogether = 256;

    private readonly ConcurrentDictionary<int, ShardLease> _shards = new();
    private readonly ConcurrentDictionary<long, TargetGrain> _grains = new();

    /// <summary>Targets whose edit has yet to be taken up: the store was away, or their shard was being loaded.</summary>
    private readonly ConcurrentDictionary<long, byte> _owed = new();
    private int _loading;

    /// <summary>Called when a commit was refused because the shard is another's; it has been dropped here by then.</summary>
    public Action<Fence>? Refused { get; set; }

    /// <summary>Called when shards are about to be handed over: completes when nothing of their robots is under way any more. Goes on by itself when it is not waited for.</summary>
    public Func<IReadOnlyCollection<int>, Task>? Leaving { get; set; }

    public IEnumerable<TargetGrain> Grains => _grains.Select(pair => pair.Value);

    public int TargetCount => _grains.Count;

    public IReadOnlyCollection<int> Shards => [.. _shards.Select(pair => pair.Key)];

    /// <summary>The rights to what runs here.</summary>
    public IReadOnlyCollection<ShardLease> Leases => [.. _shards.Select(pair => pair.Value)];

    public TargetGrain? Find(long targetId) => _grains.GetValueOrDefault(targetId);

    /// <summary>Whether something of this shard may be decided, written or told here at this moment. To be asked once more just before a message leaves.</summary>
    public bool Holds(int shard) => _shards.TryGetValue(shard, out var lease) && lease.IsHeld;

    /// <summary>Whether it was begun by this very right, and not ended since.</summary>
    public bool Runs(Fence fence) => _shards.TryGetValue(fence.Shard, out var lease) && lease.Fence == fence;

    /// <summary>What runs here and is enabled, each with what was seen of it since this silo was cut off and only looks.</summary>
    public IReadOnlyList<Sight> Sights() => [.. Grains.Select(grain => grain.Sight).OfType<Sight>()];

    /// <summary>Loads the shards' targets and runs them. What follows from edits before the last stop is stored behind it.</summary>
    /// <param name="unrun">For how long nobody may have run them: turns that were due since are made up for. Null: they come with the start.</param>
    /// <exception cref="StoreUnavailableException">None of these shards runs.</exception>
    public async Task RunShardsAsync(IReadOnlyCollection<Fence> fences, CancellationToken cancellationToken, TimeSpan? unrun = null)
    {
        var madeUpFrom = services.Clock.Now - unrun;
        var leases = new Dictionary<int, ShardLease>();
        Interlocked.Increment(ref _loading);
        try
        {
            foreach (var fence in fences)
            {
                var lease = new ShardLease(fence, Lost, term);
                if (!_shards.TryAdd(fence.Shard, lease))
                {
                    throw new InvalidOperationException($"shard {fence.Shard} runs already");
                }

                leases.Add(fence.Shard, lease);
            }

            // The rights are there before this returns, so that whoever takes them away finds them; a store that blocks does not block the caller.
            var targets = await Task.Run(() => services.Store.LoadTargetsAsync([.. leases.Keys], cancellationToken), cancellationToken);
            foreach (var stored in targets)
            {
                var lease = leases[stored.Target.Shard];
                _ = stored.Deleted ? BuryAsync(stored, lease) : BeginAsync(stored, lease, fresh: false, madeUpFrom);
            }

            LogRunning(fences.Count, targets.Count);
        }
        catch
        {
            Drop(leases.Values);
            throw;
        }
        finally
        {
            Interlocked.Decrement(ref _loading);
        }
    }

    /// <summary>A target was created, edited or deleted. Returns when that is taken up; while the store is away it is taken up later.</summary>
    public async Task TargetChangedAsync(long targetId, CancellationToken cancellationToken)
    {
        if (!_shards.ContainsKey(ShardMap.Of(targetId)))
        {
            return;
        }

        if (Volatile.Read(ref _loading) > 0)
        {
            // What is being loaded may be older than this edit.
            _owed[targetId] = 0;
        }

        try
        {
            await TakeUpAsync(targetId, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _owed[targetId] = 0;
            LogEditOwed(targetId, e.Message);
        }
        catch (OperationCanceledException)
        {
            // The caller has left; the edit is stored and must not be forgotten.
            _owed[targetId] = 0;
            throw;
        }
    }

    /// <summary>A target was made here a moment ago: where its shard runs, it runs as it was made. Returns when it does.</summary>
    public async Task TargetCreatedAsync(Target target)
    {
        if (!_shards.TryGetValue(target.Shard, out var lease))
        {
            return;
        }

        if (Volatile.Read(ref _loading) > 0)
        {
            // What is being loaded may be older than this edit.
            _owed[target.Id] = 0;
        }

        var made = new StoredTarget(target, null, 0, ReadOnlyMemory<byte>.Empty, null, Deleted: false);
        services.Store.Note(made);
        await BeginAsync(made, lease, fresh: true);
    }

    /// <summary>
    /// Finds edits that nobody told of: one whose store answered too late, or whose caller died in between; and states that another silo has written. A target without a row is left alone:
    /// no row is "don't know", never "gone".
    /// </summary>
    public void Compare(IEnumerable<TargetRevision> stored)
    {
        foreach (var (id, revision, deleted, stateVersion) in stored)
        {
            if (_shards.ContainsKey(ShardMap.Of(id)) && (Find(id) is { } grain ? deleted || grain.Revision < revision || grain.StateVersion < stateVersion : !deleted))
            {
                _owed[id] = 0;
            }
        }
    }

    /// <summary>The lease, which was over, is back before anybody took these shards: turns that came to nothing meanwhile are made up for.</summary>
    public void MakeUp()
    {
        foreach (var grain in Grains)
        {
            grain.MakeUp();
        }
    }

    /// <summary>Takes up edits that could not be taken up when they came. Called once a second.</summary>
    public async Task TakeUpOwedAsync(CancellationToken cancellationToken)
    {
        if (_owed.IsEmpty || Volatile.Read(ref _loading) > 0)
        {
            return;
        }

        // Together: a store that many ask at once answers them at once.
        foreach (var some in _owed.Keys.Chunk(MostTogether))
        {
            var news = some.Where(id => Find(id) is null).ToArray();
            if ((await Task.WhenAll(some.Except(news).Select(id => TookUpAsync(id, cancellationToken)).Append(TookUpAsync(news, cancellationToken)))).Contains(false))
            {
                return;
            }
        }
    }

    public void Dispose()
    {
        foreach (var (_, lease) in _shards)
        {
            lease.Dispose();
        }
    }

    /// <summary>False: it is owed still.</summary>
    private async Task<bool> TookUpAsync(long targetId, CancellationToken cancellationToken)
    {
        _owed.TryRemove(targetId, out _);
        try
        {
            await TakeUpAsync(targetId, cancellationToken);
            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _owed[targetId] = 0;
            return false;
        }
    }

    /// <summary>Targets that do not run here yet, in one read. False: they are owed still.</summary>
    private async Task<bool> TookUpAsync(long[] news, CancellationToken cancellationToken)
    {
        if (news.Length == 0)
        {
            return true;
        }

        foreach (var id in news)
        {
            _owed.TryRemove(id, out _);
        }

        try
        {
            foreach (var stored in await services.Store.LoadNewTargetsAsync(news, cancellationToken))
            {
                await TakeUpAsync(stored);
            }

            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            foreach (var id in news)
            {
                _owed[id] = 0;
            }

            return false;
        }
    }

    private async Task TakeUpAsync(long targetId, CancellationToken cancellationToken)
    {
        if (await services.Store.LoadTargetAsync(targetId, cancellationToken) is { } stored)
        {
            await TakeUpAsync(stored);
        }
        else if (_shards.ContainsKey(ShardMap.Of(targetId)))
        {
            Forget(targetId);
        }
    }

    private async Task TakeUpAsync(StoredTarget stored)
    {
        var targetId = stored.Target.Id;
        if (!_shards.TryGetValue(stored.Target.Shard, out var lease))
        {
            return;
        }

        if (_grains.TryGetValue(targetId, out var grain))
        {
            After(targetId, await grain.EditAsync(stored));
        }
        else if (!stored.Deleted)
        {
            await BeginAsync(stored, lease, fresh: true);
        }
    }

    private async Task BeginAsync(StoredTarget stored, ShardLease lease, bool fresh, DateTimeOffset? madeUpFrom = null)
    {
        var id = stored.Target.Id;
        var grain = new TargetGrain(stored, lease, services);
        if (!Place(grain))
        {
            return;
        }

        try
        {
            if (!await grain.OpenAsync(stored, fresh, madeUpFrom))
            {
                _owed[id] = 0;
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _owed[id] = 0;
            LogNotOpened(e, id);
        }
    }

    /// <summary>It was deleted, and the process ended before what was open could be resolved.</summary>
    private async Task BuryAsync(StoredTarget stored, ShardLease lease)
    {
        var id = stored.Target.Id;
        var grain = new TargetGrain(stored, lease, services);
        if (!Place(grain))
        {
            return;
        }

        try
        {
            After(id, await grain.EditAsync(stored));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _owed[id] = 0;
            LogNotOpened(e, id);
        }
    }

    private void After(long targetId, EditResult result)
    {
        if (result == EditResult.Gone)
        {
            Forget(targetId);
        }
        else if (result == EditResult.Again)
        {
            _owed[targetId] = 0;
        }
    }

    /// <summary>False: it runs already, or its shard was dropped while it was being loaded.</summary>
    private bool Place(TargetGrain grain)
    {
        if (!_grains.TryAdd(grain.Id, grain))
        {
            return false;
        }

        if (_shards.GetValueOrDefault(grain.Shard) == grain.Lease)
        {
            return true;
        }

        Forget(grain);
        return false;
    }

    private void Forget(long targetId)
    {
        if (_grains.TryGetValue(targetId, out var gone))
        {
            Forget(gone);
        }
    }

    private void Forget(TargetGrain grain)
    {
        if (_grains.TryRemove(KeyValuePair.Create(grain.Id, grain)))
        {
            grain.Close();
        }
    }

    private void Lost(ShardLease lease)
    {
        LogLost(lease.Fence.Shard, lease.Fence.Epoch);
        Drop([lease]);
        Refused?.Invoke(lease.Fence);
    }

    /// <summary>By the lease and not by the number: the shard may have come back under another fence meanwhile.</summary>
    private void Drop(IReadOnlyCollection<ShardLease> leases)
    {
        foreach (var lease in leases)
        {
            _shards.TryRemove(KeyValuePair.Create(lease.Fence.Shard, lease));
        }

        var gone = leases.ToHashSet();
        foreach (var grain in Grains.Where(grain => gone.Contains(grain.Lease)))
        {
            Forget(grain);
        }
    }
}
