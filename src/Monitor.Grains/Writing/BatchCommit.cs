using Microsoft.Extensions.Logging;
using Monitor.Core.Diagnostics;
using Monitor.Core.Ports;
using Monitor.Core.Text;

namespace Monitor.Grains.Writing;

/// <summary>
/// One batch into the store. A batch that the store refuses although it takes other writes holds something that it can never take (a defect): it is cut in
/// halves until that one row is found and left out. Otherwise one bad row would keep every later record of every target out of the store for good.
/// </summary>
public sealed partial class BatchCommit(IGrainStore store, IStoreLifecycle lifecycle, TimeProvider time, ILogger<BatchCommit> logger)
{
    /// <returns>One outcome for each state of the batch, then one for each of its deliveries.</returns>
    /// <exception cref="StoreUnavailableException">The store is away; it is unknown what of the batch is in it.</exception>
    public async Task<IReadOnlyList<StateOutcome>> RunAsync(CommitBatch batch, CancellationToken cancellationToken)
    {
        SiloEvents.Publish(SiloEvents.CommitStarting, batch);
        var outcomes = await WriteAsync(batch, cancellationToken);
        SiloEvents.Publish(SiloEvents.CommitDone, batch);
        return outcomes;
    }

    private async Task<IReadOnlyList<StateOutcome>> WriteAsync(CommitBatch batch, CancellationToken cancellationToken)
    {
        try
        {
            var started = time.GetTimestamp();
            var outcomes = await store.CommitAsync(batch, cancellationToken);
            Telemetry.StoreCommit.Record(time.GetElapsedTime(started).TotalSeconds);
            return outcomes;
        }
        catch (Exception e) when (e is not OperationCanceledException and not StoreUnavailableException)
        {
            await MakeSureItIsTheBatchAsync(e, cancellationToken);
            return await WithoutTheBadRowAsync(batch, e, cancellationToken);
        }
    }

    /// <summary>Only a store that takes another write just now proves that the batch is at fault.</summary>
    private async Task MakeSureItIsTheBatchAsync(Exception refusal, CancellationToken cancellationToken)
    {
        try
        {
            await lifecycle.ProbeWriteAsync(cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw e as StoreUnavailableException ?? new StoreUnavailableException(new LocalizedText(e.Message, e.Message), refusal);
        }
    }

    private async Task<IReadOnlyList<StateOutcome>> WithoutTheBadRowAsync(CommitBatch batch, Exception refusal, CancellationToken cancellationToken)
    {
        var count = batch.Results.Count + batch.States.Count + batch.Deliveries.Count;
        if (count <= 1)
        {
            LogLeftOut(refusal, batch.Results.Count, batch.States.Count, batch.Deliveries.Count);
            Telemetry.ResultsDropped.Add(batch.Results.Count);
            return [.. batch.States.Select(_ => StateOutcome.VersionLost), .. batch.Deliveries.Select(_ => StateOutcome.Committed)];
        }

        var first = await WriteAsync(Part(batch, 1, 0, count / 2), cancellationToken);
        var second = await WriteAsync(Part(batch, 2, count / 2, count), cancellationToken);
        return [.. first, .. second];
    }

    /// <summary>The identity follows from the whole batch's, so that giving the whole again gives the same parts again.</summary>
    private static CommitBatch Part(CommitBatch batch, int part, int from, int to) => new(
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{batch.Silo}/{batch.Sequence}"),
        part,
        Slice(batch.Results, from, to),
        Slice(batch.States, from - batch.Results.Count, to - batch.Results.Count),
        Slice(batch.Deliveries, from - batch.Results.Count - batch.States.Count, to - batch.Results.Count - batch.States.Count));

    private static List<T> Slice<T>(IReadOnlyList<T> list, int from, int to) =>
        [.. list.Take(Math.Max(to, 0)).Skip(Math.Max(from, 0))];

    [LoggerMessage(Level = LogLevel.Error,
        Message = "store: refused a record that it can never take ({Results} results, {States} states, {Deliveries} deliveries); it is left out, the rest goes on")]
    private partial void LogLeftOut(Exception e, int results, int states, int deliveries);
}
