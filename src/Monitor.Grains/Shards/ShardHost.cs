using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Grains.Runtime;
using Monitor.Grains.Targets;

namespace Monitor.Grains.Shards;

/// <summary>
/// Given the fences of shards: runs their targets until told to stop. How a shard came here (a single node's claim, a lease, another host) is its caller's business;
/// this is the seam that they share.
/// </summary>
public sealed partial class ShardHost(GrainServices services, GrainsOptions options, ILogger<ShardHost> log) : IDisposable
{
    /// <summary>After the drain time, for runs that were dropped and states that are stored.</summary>
    private static readonly TimeSpan EndTime = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<int, ShardLease> _shards = new();
    private readonly ConcurrentDictionary<long, TargetGrain> _grains = new();

    /// <summary>Targets whose edit has yet to be taken up: the store was away, or their shard was being loaded.</summary>
    private readonly ConcurrentDictionary<long, byte> _owed = new();
    private int _loading;

    public IEnumerable<TargetGrain> Grains => _grains.Select(pair => pair.Value);

    public int TargetCount => _grains.Count;

    public IReadOnlyCollection<int> Shards => [.. _shards.Select(pair => pair.Key)];

    public TargetGrain? Find(long targetId) => _grains.GetValueOrDefault(targetId);

    /// <summary>Loads the shards' targets and runs them. What follows from edits before the last stop is stored behind it.</summary>
    /// <exception cref="StoreUnavailableException">None of these shards runs.</exception>
    public async Task RunShardsAsync(IReadOnlyCollection<Fence> fences, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _loading);
        try
        {
            foreach (var fence in fences)
            {
                if (!_shards.TryAdd(fence.Shard, new ShardLease(fence, Lost)))
                {
                    throw new InvalidOperationException($"shard {fence.Shard} runs already");
                }
            }

            var targets = await services.Store.LoadTargetsAsync([.. fences.Select(fence => fence.Shard)], cancellationToken);
            foreach (var stored in targets)
            {
                Take(stored);
            }

            LogRunning(fences.Count, targets.Count);
        }
        catch
        {
            foreach (var fence in fences)
            {
                Drop(fence.Shard);
            }

            throw;
        }
        finally
        {
            Interlocked.Decrement(ref _loading);
        }
    }

    /// <summary>Lets the shard go: no new turns, runs under way may end for the drain time, what waits for its minute is stored. Nothing becomes a failure.</summary>
    public Task StopShardAsync(int shard, CancellationToken cancellationToken) => StopAsync([shard], cancellationToken);

    public Task StopAllAsync(CancellationToken cancellationToken) => StopAsync([.. Shards], cancellationToken);

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

    /// <summary>
    /// Finds edits that nobody told of: one whose store answered too late, or whose caller died in between. A target without a row is left alone:
    /// no row is "don't know", never "gone".
    /// </summary>
    public void Compare(IEnumerable<TargetRevision> stored)
    {
        foreach (var (id, revision, deleted) in stored)
        {
            if (_shards.ContainsKey(ShardMap.Of(id)) && (Find(id) is { } grain ? deleted || grain.Revision < revision : !deleted))
            {
                _owed[id] = 0;
            }
        }
    }

    /// <summary>Takes up edits that could not be taken up when they came. Called once a second.</summary>
    public async Task TakeUpOwedAsync(CancellationToken cancellationToken)
    {
        if (_owed.IsEmpty || Volatile.Read(ref _loading) > 0)
        {
            return;
        }

        foreach (var (targetId, _) in _owed)
        {
            _owed.TryRemove(targetId, out _);
            try
            {
                await TakeUpAsync(targetId, cancellationToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                _owed[targetId] = 0;
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

    private async Task TakeUpAsync(long targetId, CancellationToken cancellationToken)
    {
        var stored = await services.Store.LoadTargetAsync(targetId, cancellationToken);
        if (!_shards.TryGetValue(ShardMap.Of(targetId), out var lease))
        {
            return;
        }

        if (stored is null)
        {
            Forget(targetId);
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

    private void Take(StoredTarget stored)
    {
        if (_shards.TryGetValue(stored.Target.Shard, out var lease))
        {
            _ = stored.Deleted ? BuryAsync(stored, lease) : BeginAsync(stored, lease, fresh: false);
        }
    }

    private async Task BeginAsync(StoredTarget stored, ShardLease lease, bool fresh)
    {
        var id = stored.Target.Id;
        var grain = new TargetGrain(stored, lease, services);
        if (!_grains.TryAdd(id, grain))
        {
            return;
        }

        try
        {
            if (!await grain.OpenAsync(stored, fresh))
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
        if (!_grains.TryAdd(id, grain))
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

    private void Forget(long targetId)
    {
        if (_grains.TryRemove(targetId, out var gone))
        {
            gone.Close();
        }
    }

    private void Lost(ShardLease lease)
    {
        LogLost(lease.Fence.Shard, lease.Fence.Epoch);
        Drop(lease.Fence.Shard);
    }

    private void Drop(int shard)
    {
        _shards.TryRemove(shard, out _);
        foreach (var grain in Grains.Where(grain => grain.Shard == shard))
        {
            Forget(grain.Id);
        }
    }

    private async Task StopAsync(IReadOnlyCollection<int> shards, CancellationToken cancellationToken)
    {
        foreach (var shard in shards)
        {
            _shards.GetValueOrDefault(shard)?.Leave();
        }

        var leaving = Grains.Where(grain => shards.Contains(grain.Shard)).ToArray();
        foreach (var grain in leaving)
        {
            services.Scheduler.Remove(grain);
        }

        var idle = Task.WhenAll(leaving.Select(grain => grain.WhenIdleAsync()));
        if (!await InTimeAsync(idle, options.DrainTime, cancellationToken))
        {
            foreach (var shard in shards)
            {
                _shards.GetValueOrDefault(shard)?.DropRuns();
            }

            await InTimeAsync(idle, EndTime, cancellationToken);
        }

        await InTimeAsync(Task.WhenAll(leaving.Select(grain => grain.FlushAsync())), EndTime, cancellationToken);
        foreach (var shard in shards)
        {
            Drop(shard);
        }
    }

    private async Task<bool> InTimeAsync(Task work, TimeSpan time, CancellationToken cancellationToken)
    {
        try
        {
            await work.WaitAsync(time, services.Clock.Time, cancellationToken);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            if (e is not TimeoutException)
            {
                LogStopTrouble(e);
            }

            return false;
        }
    }
}
