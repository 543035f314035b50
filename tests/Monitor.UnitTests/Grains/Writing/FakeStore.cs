using Monitor.Core.Alerts;
using Monitor.Core.Channels;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Core.Text;

namespace Monitor.UnitTests.Grains.Writing;

/// <summary>A store in memory that holds to the port's words, and fails as it is told.</summary>
internal sealed class FakeStore : IGrainStore, IStoreLifecycle
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string, long), IReadOnlyList<StateOutcome>> _known = [];
    private readonly List<(int Count, TaskCompletionSource Signal)> _waiters = [];
    private int _under;
    private bool _isDead;

    public FakeStore()
    {
    }

    /// <summary>The same rows as the next process sees them: with its own connection and its own luck. The one before writes nothing any more, as its claim would see to.</summary>
    public FakeStore(FakeStore other)
    {
        _lock = other._lock;
        lock (_lock)
        {
            other._isDead = true;
        }

        _known = other._known;
        Results = other.Results;
        States = other.States;
        Deliveries = other.Deliveries;
    }

    public List<CommitBatch> Tried { get; } = [];
    public List<CommitBatch> Written { get; } = [];
    public HashSet<(long, DateTimeOffset)> Results { get; } = [];
    public Dictionary<long, List<StateWrite>> States { get; } = [];
    public Dictionary<DeliveryKey, Delivery> Deliveries { get; } = [];

    /// <summary>Asked before each commit: what goes wrong with it.</summary>
    public Func<CommitBatch, Fault> Faults { get; set; } = _ => Fault.None;

    /// <summary>What a hanging commit waits for.</summary>
    public TaskCompletionSource Gate { get; set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Func<StateWrite, StateOutcome?> Outcomes { get; set; } = _ => null;
    public Func<DeliveryWrite, StateOutcome> DeliveryOutcomes { get; set; } = _ => StateOutcome.Committed;
    public bool Overlapped { get; private set; }
    public byte[] InstallationSecret { get; } = new byte[32];

    public LocalizedText? WriteTrouble { get; set; }
    public Func<bool> Maintain { get; set; } = () => false;

    public async Task<IReadOnlyList<StateOutcome>> CommitAsync(CommitBatch batch, CancellationToken cancellationToken)
    {
        Overlapped |= Interlocked.Increment(ref _under) > 1;
        try
        {
            var fault = Faults(batch);
            Note(batch);
            if (fault is Fault.Hang or Fault.HangThenFail)
            {
                await Gate.Task;
            }

            // Asked again after the wait: a process that was killed meanwhile writes nothing any more.
            if (fault is Fault.Before or Fault.HangThenFail || (fault == Fault.Hang && Faults(batch) == Fault.Before))
            {
                throw new StoreUnavailableException(new LocalizedText("disk full", "disk full"));
            }

            if (fault == Fault.Defect)
            {
                throw new InvalidOperationException("NOT NULL constraint failed");
            }

            var outcomes = Write(batch);
            return fault == Fault.After ? throw new StoreUnavailableException(new LocalizedText("connection lost", "connection lost")) : outcomes;
        }
        finally
        {
            Interlocked.Decrement(ref _under);
        }
    }

    public Task TriedAsync(int count)
    {
        lock (_lock)
        {
            if (Tried.Count >= count)
            {
                return Task.CompletedTask;
            }

            var signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((count, signal));
            return signal.Task;
        }
    }

    public Task ProbeWriteAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task<bool> MaintainAsync(DateTimeOffset now, Retention retention, CancellationToken cancellationToken) => Task.FromResult(Maintain());
    public Task OpenAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<StoredTarget>> LoadTargetsAsync(IReadOnlyCollection<int> shards, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult<IReadOnlyList<StoredTarget>>(
                [.. States.Where(known => shards.Contains(ShardMap.Of(known.Key))).Select(known => Samples.Stored(known.Key, known.Value.Count))]);
        }
    }

    public Task<StoredTarget?> LoadTargetAsync(long targetId, CancellationToken cancellationToken) => throw new NotSupportedException();
    public Task<IReadOnlyList<Channel>> LoadChannelsAsync(CancellationToken cancellationToken) => throw new NotSupportedException();
    public Task<IReadOnlyList<OpenDelivery>> LoadOpenDeliveriesAsync(CancellationToken cancellationToken) => throw new NotSupportedException();
    public Task<IReadOnlyList<SendSlot>> LoadSendsAsync(DateTimeOffset since, CancellationToken cancellationToken) => throw new NotSupportedException();

    private void Note(CommitBatch batch)
    {
        List<TaskCompletionSource> ready;
        lock (_lock)
        {
            Tried.Add(batch);
            ready = [.. _waiters.Where(waiter => waiter.Count <= Tried.Count).Select(waiter => waiter.Signal)];
            _waiters.RemoveAll(waiter => waiter.Count <= Tried.Count);
        }

        ready.ForEach(signal => signal.SetResult());
    }

    private IReadOnlyList<StateOutcome> Write(CommitBatch batch)
    {
        lock (_lock)
        {
            if (_isDead)
            {
                throw new StoreUnavailableException(new LocalizedText("the process was killed", "the process was killed"));
            }

            if (_known.TryGetValue((batch.Silo, batch.Sequence), out var before))
            {
                return before;
            }

            Written.Add(batch);
            foreach (var result in batch.Results)
            {
                Results.Add((result.TargetId, result.CheckedAt));
            }

            StateOutcome[] outcomes = [.. batch.States.Select(Write), .. batch.Deliveries.Select(write => DeliveryOutcomes(write))];
            foreach (var delivery in batch.Deliveries.Where(write => DeliveryOutcomes(write) == StateOutcome.Committed).SelectMany(write => write.Deliveries))
            {
                Deliveries[delivery.Key] = delivery;
            }

            _known[(batch.Silo, batch.Sequence)] = outcomes;
            return outcomes;
        }
    }

    private StateOutcome Write(StateWrite state)
    {
        if (Outcomes(state) is { } told)
        {
            return told;
        }

        var history = States.TryGetValue(state.TargetId, out var known) ? known : States[state.TargetId] = [];
        if (history.Count != state.ExpectedVersion)
        {
            return StateOutcome.VersionLost;
        }

        history.Add(state);
        return StateOutcome.Committed;
    }
}

internal enum Fault
{
    None,

    /// <summary>Nothing is written, and the store says so.</summary>
    Before,

    /// <summary>Done, but reported as failed.</summary>
    After,

    /// <summary>Answers only when the gate opens.</summary>
    Hang,
    HangThenFail,

    /// <summary>An exception that no store should throw.</summary>
    Defect,
}
