using Monitor.Core.Alerts;
using Monitor.Core.Channels;
using Monitor.Core.Ports;
using Monitor.Core.Text;

namespace Monitor.Tests.Shared;

/// <summary>A store whose commits fail by a plan, one entry a call; beyond its end all goes well.</summary>
public sealed class FaultStore(IGrainStore inner, IEnumerable<StoreFault> plan) : IGrainStore
{
    private readonly Queue<StoreFault> _plan = new(plan);
    private readonly Lock _lock = new();

    public int Failed { get; private set; }

    public async Task<IReadOnlyList<StateOutcome>> CommitAsync(CommitBatch batch, CancellationToken cancellationToken)
    {
        var fault = Next();
        if (fault == StoreFault.Before)
        {
            throw new StoreUnavailableException(new LocalizedText("injected: nothing was done", "injected: nothing was done"));
        }

        var outcomes = await inner.CommitAsync(batch, cancellationToken);
        return fault == StoreFault.After ? throw new StoreUnavailableException(new LocalizedText("injected: done, but reported as failed", "injected: done, but reported as failed")) : outcomes;
    }

    public Task<IReadOnlyList<StoredTarget>> LoadTargetsAsync(IReadOnlyCollection<int> shards, CancellationToken cancellationToken) =>
        inner.LoadTargetsAsync(shards, cancellationToken);

    public Task<StoredTarget?> LoadTargetAsync(long targetId, CancellationToken cancellationToken) => inner.LoadTargetAsync(targetId, cancellationToken);

    public Task<IReadOnlyList<Channel>> LoadChannelsAsync(CancellationToken cancellationToken) => inner.LoadChannelsAsync(cancellationToken);

    public Task<IReadOnlyList<OpenDelivery>> LoadOpenDeliveriesAsync(CancellationToken cancellationToken) => inner.LoadOpenDeliveriesAsync(cancellationToken);

    public Task<IReadOnlyList<SendSlot>> LoadSendsAsync(DateTimeOffset since, CancellationToken cancellationToken) =>
        inner.LoadSendsAsync(since, cancellationToken);

    private StoreFault Next()
    {
        lock (_lock)
        {
            var fault = _plan.TryDequeue(out var next) ? next : StoreFault.None;
            Failed += fault == StoreFault.None ? 0 : 1;
            return fault;
        }
    }
}

/// <summary>The caller that a store may expect: it gives a failed batch again as it was.</summary>
public sealed class RepeatingStore(IGrainStore inner) : IGrainStore
{
    public async Task<IReadOnlyList<StateOutcome>> CommitAsync(CommitBatch batch, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await inner.CommitAsync(batch, cancellationToken);
            }
            catch (StoreUnavailableException)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    public Task<IReadOnlyList<StoredTarget>> LoadTargetsAsync(IReadOnlyCollection<int> shards, CancellationToken cancellationToken) =>
        inner.LoadTargetsAsync(shards, cancellationToken);

    public Task<StoredTarget?> LoadTargetAsync(long targetId, CancellationToken cancellationToken) => inner.LoadTargetAsync(targetId, cancellationToken);

    public Task<IReadOnlyList<Channel>> LoadChannelsAsync(CancellationToken cancellationToken) => inner.LoadChannelsAsync(cancellationToken);

    public Task<IReadOnlyList<OpenDelivery>> LoadOpenDeliveriesAsync(CancellationToken cancellationToken) => inner.LoadOpenDeliveriesAsync(cancellationToken);

    public Task<IReadOnlyList<SendSlot>> LoadSendsAsync(DateTimeOffset since, CancellationToken cancellationToken) =>
        inner.LoadSendsAsync(since, cancellationToken);
}

public enum StoreFault
{
    None,

    /// <summary>Nothing was done.</summary>
    Before,

    /// <summary>Done, but reported as failed: the case that no other test can make.</summary>
    After,
}
