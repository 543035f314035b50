using Microsoft.Extensions.Logging;
using Monitor.Core.Alerts;
using Monitor.Core.Ports;
using Monitor.Grains.Journal;

namespace Monitor.Grains.Writing;

/// <summary>
/// Decisions that were kept for the store and do not fit it any more, because another silo has had their shard meanwhile. They were told: so each becomes an episode of its own, and one
/// that nobody has ended is ended. They wait until all that was kept is stored, so that the last word on each is known, and then until their target is well: on the disk, too, because the
/// writer's journal has let go of them, and a process that is killed meanwhile would leave nothing of what it told.
/// </summary>
/// <param name="kept">Theirs alone.</param>
public sealed partial class Strays(IStrayEpisodes store, RecordJournal kept, TimeProvider time, ILogger<Strays> log) : IDisposable
{
    /// <summary>Where many wait, for four times as long as asking took: ten thousand targets that are down would keep a connection busy for as long as that lasts.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AtLatest = TimeSpan.FromSeconds(15);

    /// <summary>What waits and what is kept of it change together. Held while the disk works: never by the writer's loop.</summary>
    private readonly Lock _keeping = new();
    private readonly Lock _lock = new();
    private readonly StrayList _waiting = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _settling = Task.CompletedTask;

    /// <summary>Finds what a process before this one has left.</summary>
    public void Open()
    {
        lock (_keeping)
        {
            kept.Open();
            foreach (var batch in kept.Look())
            {
                Note(batch);
            }
        }
    }

    /// <summary>What the store has not taken of a batch that was kept for it, and how far deliveries have come that follow from such. Once it returns, they survive this process.</summary>
    public void Take(CommitBatch batch, IReadOnlyList<StateOutcome> outcomes)
    {
        lock (_keeping)
        {
            // A counter alone was told to nobody; kept, it would lie here until something else has its record.
            StateWrite[] states = [.. batch.States.Where((state, i) => outcomes[i] != StateOutcome.Committed && state.Alerts.Count > 0)];
            DeliveryWrite[] deliveries = [.. batch.Deliveries.Where(write => write.Deliveries.Any(row => IsOf(states, row.Key) || IsWaiting(row.Key)))];
            if (states.Length + deliveries.Length == 0)
            {
                return;
            }

            var stray = batch with { Results = [], States = states, Deliveries = deliveries };
            try
            {
                kept.Append([stray]);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                LogInMemory(e.Message);
            }

            Note(stray);
        }
    }

    /// <summary>All that was kept is stored.</summary>
    public void Settle()
    {
        lock (_lock)
        {
            if (!_waiting.IsEmpty && _settling.IsCompleted)
            {
                _settling = Task.Run(SettleAsync, CancellationToken.None);
            }
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    private static bool IsOf(StateWrite[] states, DeliveryKey key) =>
        Array.Exists(states, state => state.Alerts.Any(alert => (alert.TargetId, alert.Episode) == (key.TargetId, key.Episode)));

    private bool IsWaiting(DeliveryKey key)
    {
        lock (_lock)
        {
            return _waiting.Has(key);
        }
    }

    private void Note(CommitBatch batch)
    {
        lock (_lock)
        {
            foreach (var state in batch.States)
            {
                _waiting.Note(state);
            }

            foreach (var row in batch.Deliveries.SelectMany(write => write.Deliveries))
            {
                _waiting.Note(row);
            }
        }
    }

    private async Task SettleAsync()
    {
        var stop = _stop.Token;
        while (!stop.IsCancellationRequested)
        {
            if (Waiting() is not { Length: > 0 } waiting)
            {
                return;
            }

            var began = time.GetTimestamp();
            foreach (var stray in waiting)
            {
                await SettleAsync(stray, stop);
            }

            var pause = TimeSpan.FromTicks(Math.Clamp(4 * time.GetElapsedTime(began).Ticks, Again.Ticks, AtLatest.Ticks));
            await Task.Delay(pause, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>When nothing waits, nothing is kept either; a journal that is cut down only then may hold what has its record already: that is found there.</summary>
    private StrayEpisode[] Waiting()
    {
        lock (_keeping)
        {
            StrayEpisode[] waiting;
            lock (_lock)
            {
                waiting = _waiting.All();
                _settling = waiting.Length == 0 ? Task.CompletedTask : _settling;
            }

            if (waiting.Length == 0)
            {
                kept.Clear();
            }

            return waiting;
        }
    }

    private async Task SettleAsync(StrayEpisode stray, CancellationToken cancellationToken)
    {
        try
        {
            if (!await store.AdoptAsync(stray, cancellationToken))
            {
                return;
            }

            LogAdopted(stray.Alert.Reference);
            lock (_lock)
            {
                _waiting.Remove(stray);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The process ends.
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogWaits(stray.Alert.Reference, e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "store: {Reference} was decided here while its shard moved on; it has its record now")]
    private partial void LogAdopted(string reference);

    [LoggerMessage(Level = LogLevel.Warning, Message = "store: {Reference} was decided here while its shard moved on; it could not be recorded yet: {Reason}")]
    private partial void LogWaits(string reference, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "journal: what was decided here while its shard moved on waits in memory, where a kill would lose it: {Reason}")]
    private partial void LogInMemory(string reason);
}
