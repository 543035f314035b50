using Monitor.Core.Alerts;
using Monitor.Core.Channels;
using Monitor.Core.Ports;

namespace Monitor.Grains.Reserve;

/// <summary>
/// What records of the reserve come to, and after them the batches of a journal: targets with their last states, what was decided while the store was away and has not been told, and the
/// last sends. Deliveries that the store has are not here: they are told when it is back, by whoever knows then what became of them.
/// </summary>
internal sealed class ReserveState
{
    private readonly Dictionary<long, StoredTarget> _targets = [];
    private readonly Dictionary<string, SendSlot> _sends = new(StringComparer.Ordinal);
    private readonly Dictionary<DeliveryKey, OpenDelivery> _open = [];

    public ReserveStore? Store { get; private set; }

    public ReserveCluster? Cluster { get; private set; }

    public IReadOnlyList<Channel> Channels { get; private set; } = [];

    public IReadOnlyList<ApiToken> Tokens { get; private set; } = [];

    public IReadOnlyDictionary<long, StoredTarget> Targets => _targets;

    public IReadOnlyCollection<SendSlot> Sends => _sends.Values;

    /// <summary>Decided while the store was away and not told, oldest first.</summary>
    public IReadOnlyList<OpenDelivery> Open => [.. _open.Values.OrderBy(open => open.Delivery.CreatedAt)];

    public void Take(ReserveRecord record)
    {
        if (record.Begins)
        {
            _targets.Clear();
            _sends.Clear();
            (Store, Cluster, Channels, Tokens) = (null, null, [], []);
        }

        Store = record.Store ?? Store;
        Cluster = record.Cluster ?? Cluster;
        Channels = record.Channels ?? Channels;
        Tokens = record.Tokens ?? Tokens;
        foreach (var target in record.Targets ?? [])
        {
            _targets[target.Target.Id] = _targets.TryGetValue(target.Target.Id, out var before) ? Newer(before, target) : target;
        }

        Take(record.Sends ?? []);
        if (record.Commit is { } commit)
        {
            foreach (var write in commit.States)
            {
                Take(write);
            }

            foreach (var write in commit.Deliveries)
            {
                Take(write.Sends);
            }
        }
    }

    /// <summary>Decided while the store was away: it is not there, and nobody else knows of it.</summary>
    public void TakeKept(CommitBatch batch)
    {
        foreach (var write in batch.States)
        {
            Take(write);
            var alerts = write.Alerts.ToDictionary(alert => alert.Episode);
            foreach (var delivery in write.Deliveries)
            {
                if (alerts.TryGetValue(delivery.Key.Episode, out var alert))
                {
                    _open.TryAdd(delivery.Key, new OpenDelivery(delivery, alert));
                }
            }
        }

        foreach (var write in batch.Deliveries)
        {
            Take(write.Sends);
            foreach (var row in write.Deliveries)
            {
                if (row.Status is not (DeliveryStatus.Pending or DeliveryStatus.Sending or DeliveryStatus.Dead or DeliveryStatus.Suppressed))
                {
                    _open.Remove(row.Key);
                }
                else if (_open.TryGetValue(row.Key, out var open))
                {
                    _open[row.Key] = open with { Delivery = row };
                }
            }
        }
    }

    /// <summary>The same in as few records as can be.</summary>
    /// <param name="holds">Shards whose targets are still this silo's.</param>
    /// <param name="since">Sends before that count for no budget any more.</param>
    public IEnumerable<ReserveRecord> Whole(Func<int, bool> holds, DateTimeOffset since)
    {
        yield return new ReserveRecord
        {
            Begins = true,
            Store = Store,
            Cluster = Cluster,
            Channels = Channels,
            Tokens = Tokens,
            Sends = [.. _sends.Values.Where(send => send.StartedAt >= since)],
        };
        foreach (var part in _targets.Values.Where(target => holds(target.Target.Shard)).Chunk(500))
        {
            yield return new ReserveRecord { Targets = part };
        }
    }

    private static StoredTarget Newer(StoredTarget before, StoredTarget now)
    {
        // A read may be older than a commit that was noted before it.
        var settings = before.Target.Revision > now.Target.Revision ? before : now;
        var state = before.Version > now.Version ? before : now;
        return settings with { State = state.State, Version = state.Version, Memory = state.Memory, LastCheckedAt = state.LastCheckedAt };
    }

    private void Take(IEnumerable<SendSlot> sends)
    {
        foreach (var send in sends)
        {
            _sends[send.MessageId] = send;
        }
    }

    private void Take(StateWrite write)
    {
        if (!_targets.TryGetValue(write.TargetId, out var target) || write.ExpectedVersion < target.Version)
        {
            return;
        }

        if (write.RemoveTarget)
        {
            _targets.Remove(write.TargetId);
            return;
        }

        _targets[write.TargetId] = target with { State = write.State, Version = write.ExpectedVersion + 1, Memory = write.Memory ?? target.Memory };
    }
}
