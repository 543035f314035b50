using Monitor.Core.Alerts;
using Monitor.Core.Channels;
using Monitor.Core.Ports;
using Monitor.Core.Text;

namespace Monitor.Grains.Reserve;

/// <summary>
/// The store as owners see it, with what is read and confirmed kept for a start without it. After such a start what was kept stands in for it, until it is opened.
/// </summary>
public sealed class ReservedStore(IGrainStore store, ReserveQueue queue) : IGrainStore
{
    private static readonly LocalizedText NotReached = new("the store has not been reached since this silo started", "本节点启动后尚未连上存储");

    private volatile ReserveState? _standIn;
    private long[] _channels = [];

    /// <summary>Whether a shard's targets are this silo's, and so to be kept.</summary>
    public Func<int, bool> Holds { get; set; } = _ => false;

    public async Task<IReadOnlyList<StoredTarget>> LoadTargetsAsync(IReadOnlyCollection<int> shards, CancellationToken cancellationToken)
    {
        if (_standIn is { } standIn)
        {
            var wanted = shards.ToHashSet();
            return [.. standIn.Targets.Values.Where(target => wanted.Contains(target.Target.Shard))];
        }

        var targets = await store.LoadTargetsAsync(shards, cancellationToken);
        foreach (var part in targets.Where(target => Holds(target.Target.Shard)).Chunk(500))
        {
            queue.Add(new ReserveRecord { Targets = part });
        }

        return targets;
    }

    public async Task<StoredTarget?> LoadTargetAsync(long targetId, CancellationToken cancellationToken)
    {
        if (_standIn is { } standIn)
        {
            return standIn.Targets.GetValueOrDefault(targetId);
        }

        var target = await store.LoadTargetAsync(targetId, cancellationToken);
        if (target is not null && Holds(target.Target.Shard))
        {
            queue.Add(new ReserveRecord { Targets = [target] });
        }

        return target;
    }

    public async Task<IReadOnlyList<StoredTarget>> LoadNewTargetsAsync(IReadOnlyCollection<long> ids, CancellationToken cancellationToken)
    {
        if (_standIn is { } standIn)
        {
            return [.. ids.Select(id => standIn.Targets.GetValueOrDefault(id)).OfType<StoredTarget>()];
        }

        var targets = await store.LoadNewTargetsAsync(ids, cancellationToken);
        StoredTarget[] held = [.. targets.Where(target => Holds(target.Target.Shard))];
        if (held.Length > 0)
        {
            queue.Add(new ReserveRecord { Targets = held });
        }

        return targets;
    }

    public void Note(StoredTarget made)
    {
        if (Holds(made.Target.Shard))
        {
            queue.Add(new ReserveRecord { Targets = [made] });
        }
    }

    public async Task<IReadOnlyList<Channel>> LoadChannelsAsync(CancellationToken cancellationToken)
    {
        if (_standIn is { } standIn)
        {
            return standIn.Channels;
        }

        var channels = await store.LoadChannelsAsync(cancellationToken);
        long[] seen = [.. channels.SelectMany(channel => new[] { channel.Id, channel.Revision })];
        if (!seen.AsSpan().SequenceEqual(Volatile.Read(ref _channels)))
        {
            Volatile.Write(ref _channels, seen);
            queue.Add(new ReserveRecord { Channels = channels });
        }

        return channels;
    }

    public Task<IReadOnlyList<OpenDelivery>> LoadOpenDeliveriesAsync(CancellationToken cancellationToken) =>
        _standIn is { } standIn ? Task.FromResult(standIn.Open) : store.LoadOpenDeliveriesAsync(cancellationToken);

    public async Task<IReadOnlyList<SendSlot>> LoadSendsAsync(DateTimeOffset since, CancellationToken cancellationToken)
    {
        if (_standIn is { } standIn)
        {
            return [.. standIn.Sends.Where(send => send.StartedAt >= since)];
        }

        var sends = await store.LoadSendsAsync(since, cancellationToken);
        if (sends.Count > 0)
        {
            queue.Add(new ReserveRecord { Sends = sends });
        }

        return sends;
    }

    public async Task<IReadOnlyList<StateOutcome>> CommitAsync(CommitBatch batch, CancellationToken cancellationToken)
    {
        if (_standIn is not null)
        {
            throw new StoreUnavailableException(NotReached);
        }

        var outcomes = await store.CommitAsync(batch, cancellationToken);
        StateWrite[] states = [.. batch.States.Where((_, index) => outcomes[index] == StateOutcome.Committed)];
        DeliveryWrite[] sends = [.. batch.Deliveries.Where(write => write.Sends.Count > 0)];
        if (states.Length + sends.Length > 0)
        {
            queue.Add(new ReserveRecord { Commit = batch with { Results = [], States = states, Deliveries = sends } });
        }

        return outcomes;
    }

    internal void StandIn(ReserveState? state) => _standIn = state;
}
