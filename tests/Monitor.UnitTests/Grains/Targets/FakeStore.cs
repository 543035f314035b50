using System.Globalization;
using Monitor.Core.Alerts;
using Monitor.Core.Channels;
using Monitor.Core.Health;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Text;
using Monitor.Grains.Notifying;
using Monitor.Grains.Writing;

namespace Monitor.UnitTests.Grains.Targets;

/// <summary>Store, writer and delivery queue in memory, with the store's compare-and-set, faults on demand, and one list of what happened in order.</summary>
internal sealed class FakeStore : IGrainStore, IRecordWriter, IDeliveryQueue
{
    private readonly Lock _lock = new();
    private readonly Queue<Fault> _faults = new();

    public Dictionary<long, StoredTarget> Targets { get; } = [];

    public List<Channel> Channels { get; } = [];

    public List<CheckRecord> Results { get; } = [];

    public List<StateWrite> Writes { get; } = [];

    public Dictionary<(long TargetId, int Episode), AlertRecord> Alerts { get; } = [];

    /// <summary><c>commit</c> and <c>F1&gt;9</c> (firing of episode 1 to channel 9), <c>W1&gt;9</c> of a warning, <c>R1&gt;9</c>.</summary>
    public List<string> Story { get; } = [];

    public bool Away { get; set; }

    /// <summary>Writes wait for it when it is set.</summary>
    public Task? Hold { get; set; }

    public string Told => string.Join(' ', Story.Where(step => step != "commit"));

    public void NextWrite(Fault fault) => _faults.Enqueue(fault);

    public Task<IReadOnlyList<StoredTarget>> LoadTargetsAsync(IReadOnlyCollection<int> shards, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<StoredTarget>>([.. Here().Values.Where(stored => shards.Contains(stored.Target.Shard))]);

    public Task<StoredTarget?> LoadTargetAsync(long targetId, CancellationToken cancellationToken) =>
        Task.FromResult(Here().GetValueOrDefault(targetId));

    public Task<IReadOnlyList<Channel>> LoadChannelsAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<Channel>>(Channels);

    public Task<IReadOnlyList<OpenDelivery>> LoadOpenDeliveriesAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<SendSlot>> LoadSendsAsync(DateTimeOffset since, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<StateOutcome>> CommitAsync(CommitBatch batch, CancellationToken cancellationToken) => throw new NotSupportedException();

    public void Add(CheckRecord result)
    {
        lock (_lock)
        {
            Results.Add(result);
        }
    }

    public async Task<Durability> WriteAsync(StateWrite state, CheckRecord? result, CancellationToken cancellationToken)
    {
        if (Hold is { } hold)
        {
            await hold;
        }

        lock (_lock)
        {
            if (result is not null)
            {
                Results.Add(result);
            }

            var fault = _faults.TryDequeue(out var next) ? next : Fault.None;
            var stored = Targets.GetValueOrDefault(state.TargetId);
            if (fault is Fault.Fence)
            {
                return Durability.FenceLost;
            }

            if (fault is not Fault.LostAndThrown)
            {
                if (stored is null || stored.Version != state.ExpectedVersion)
                {
                    return Durability.VersionLost;
                }

                Apply(state, stored);
            }

            return fault switch
            {
                Fault.DoneButThrown or Fault.LostAndThrown => throw new StoreUnavailableException(new LocalizedText("gone in the middle", "gone in the middle")),
                Fault.DoneButVersionLost => Durability.VersionLost,
                Fault.Kept => Durability.Kept,
                _ => Durability.Committed,
            };
        }
    }

    public Task<Durability> WriteAsync(DeliveryWrite deliveries, CancellationToken cancellationToken) => Task.FromResult(Durability.Committed);

    public void Enqueue(IReadOnlyList<OpenDelivery> deliveries)
    {
        lock (_lock)
        {
            Story.AddRange(deliveries.Select(open => string.Create(
                CultureInfo.InvariantCulture, $"{Letter(open)}{open.Alert.Episode}>{open.Delivery.Key.ChannelId}")));
        }
    }

    public void ChannelChanged(Channel channel) => Story.Add("channel changed");

    public void ChannelDeleted(long channelId) => Story.Add("channel deleted");

    private static string Letter(OpenDelivery open) =>
        open.Delivery.Key.Kind == DeliveryKind.Resolved ? "R" : open.Alert.Severity == AlertSeverity.Critical ? "F" : "W";

    private Dictionary<long, StoredTarget> Here() => Away ? throw new StoreUnavailableException(new LocalizedText("away", "away")) : Targets;

    private void Apply(StateWrite state, StoredTarget stored)
    {
        Story.Add("commit");
        Writes.Add(state);
        foreach (var alert in state.Alerts)
        {
            Alerts[(alert.TargetId, alert.Episode)] = alert;
        }

        if (state.RemoveTarget)
        {
            Targets.Remove(state.TargetId);
            return;
        }

        // Through the codec, as a real store does.
        Targets[state.TargetId] = stored with
        {
            State = HealthStateCodec.Decode(HealthStateCodec.Encode(state.State)),
            Version = state.ExpectedVersion + 1,
            Memory = state.Memory ?? stored.Memory,
        };
    }

    public enum Fault
    {
        None,
        DoneButThrown,
        DoneButVersionLost,
        LostAndThrown,
        Kept,
        Fence,
    }
}
