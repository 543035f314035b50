using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Text;

namespace Monitor.Grains.Writing;

public sealed partial class RecordWriter
{
    private async Task RunAsync()
    {
        while (true)
        {
            Volatile.Write(ref _lastTurned, _time.GetTimestamp());
            var sleep = WriterLimits.StoreRetry;
            try
            {
                sleep = await TurnAsync();
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                LogTurnFailed(e);
            }

            if (_stopping && IsDone())
            {
                await _backlog.FlushAsync(anyway: true);
                return;
            }

            if (sleep > TimeSpan.Zero)
            {
                await _wake.SleepAsync(sleep);
            }
        }
    }

    /// <summary>Does what is due and answers how long there is nothing to do.</summary>
    private async Task<TimeSpan> TurnAsync()
    {
        _recent?.Trim(_condition.HasGap);
        await LookAtFlightAsync();
        if (_flight is null && MayDrain() && Until(_retryAt) <= TimeSpan.Zero)
        {
            Launch(null, []);
        }

        var due = DueIn();
        if (due <= TimeSpan.Zero && (!_queue.Look().Urgent || _pace.TryTake()))
        {
            var items = _queue.Take();
            if (_flight is null && _backlog.IsEmpty)
            {
                Launch(Batch(items), items);
            }
            else
            {
                await KeepAsync(Batch(items), items);
            }
        }
        else if (_backlog.HasMemory)
        {
            await _backlog.FlushAsync();
        }

        return Sleep();
    }

    /// <summary>Until the queue must be looked after; never while a commit that may still go well is under way: then what waits goes with the next one.</summary>
    private TimeSpan DueIn()
    {
        var waiting = _queue.Look();
        if (waiting.Items == 0 || _flight is { IsKept: false })
        {
            return TimeSpan.MaxValue;
        }

        if (_stopping || waiting.Urgent || waiting.Rows >= WriterLimits.BatchRows)
        {
            return TimeSpan.Zero;
        }

        var plain = WriterLimits.PlainAge - _time.GetElapsedTime(waiting.OldestAt);
        return waiting.SoonSince == long.MaxValue ? plain : Shorter(plain, WriterLimits.SoonAge - _time.GetElapsedTime(waiting.SoonSince));
    }

    private TimeSpan Sleep()
    {
        var sleep = WriterLimits.Turn;
        var due = DueIn();
        if (due < sleep)
        {
            var pace = _queue.Look().Urgent ? _pace.Wait() : TimeSpan.Zero;
            sleep = due > pace ? due : pace;
        }

        if (_flight is { IsKept: false } flight)
        {
            sleep = Shorter(sleep, WriterLimits.CommitPatience - _time.GetElapsedTime(flight.StartedAt));
        }
        else if (_flight is null && MayDrain())
        {
            sleep = Shorter(sleep, Until(_retryAt));
        }

        return sleep;
    }

    /// <summary>At the stop what is in the journal is safe there; what only memory has still goes to the store, if that takes it.</summary>
    private bool MayDrain() => !_backlog.IsEmpty && _recent?.Owes != true && (!_stopping || (_backlog.HasMemory && _condition.IsAvailable));

    private bool IsDone() => _queue.Look().Items == 0 && !MayDrain() && _flight is null or { IsKept: true };

    private async Task LookAtFlightAsync()
    {
        switch (_flight)
        {
            case { Ended: true } ended:
                _flight = null;
                await SettleAsync(ended);
                break;
            case { } slow when _time.GetElapsedTime(slow.StartedAt) >= WriterLimits.CommitPatience:
                GoAway(StoreCondition.NoAnswer);
                if (!slow.IsKept)
                {
                    slow.IsKept = true;
                    await KeepAsync(slow.Batch!, slow.Items);
                }

                break;
        }
    }

    private async Task SettleAsync(Flight flight)
    {
        if (flight is { Error: null, Outcomes: { } outcomes })
        {
            Settled(flight, outcomes);
            return;
        }

        _retryAt = _time.GetTimestamp() + Ticks(WriterLimits.StoreRetry);
        var news = GoAway(ReasonOf(flight.Error));
        if (news && flight.Error is not StoreUnavailableException and { } defect)
        {
            LogCommitFailed(defect);
        }

        if (!flight.IsKept)
        {
            await KeepAsync(flight.Batch!, flight.Items);
        }
    }

    private void Settled(Flight flight, IReadOnlyList<StateOutcome> outcomes)
    {
        if (!flight.IsKept)
        {
            Remember(flight.Batch, outcomes);
            Complete(flight.Items, outcomes, flight.Batch?.States.Count ?? 0);
            return;
        }

        _condition.Returning();
        if (flight.Batch is not { } batch)
        {
            Drained();
            return;
        }

        if (!flight.IsSettled)
        {
            // What was refused may still be taken, or could not be set aside because nobody had called this flight slow yet. The next one leaves out what is restored meanwhile.
            _retryAt = _time.GetTimestamp() + Ticks(WriterLimits.StoreRetry);
            return;
        }

        var given = flight.Given!;
        _backlog.Remove(batch);
        _replayed += batch.Results.Count + batch.States.Count + batch.Deliveries.Count;
        _condition.Waits(_backlog.Waiting);
        for (var i = 0; i < given.States.Count; i++)
        {
            if (outcomes[i] == StateOutcome.Committed)
            {
                _recent?.Lend(given.States[i]);
            }
            else
            {
                LogKeptLost(given.States[i].TargetId, outcomes[i]);
            }
        }
    }

    /// <summary>Before anybody hears of it.</summary>
    private void Remember(CommitBatch? batch, IReadOnlyList<StateOutcome> outcomes)
    {
        if (_recent is null || batch is null)
        {
            return;
        }

        for (var i = 0; i < outcomes.Count; i++)
        {
            if (outcomes[i] != StateOutcome.Committed)
            {
                continue;
            }

            if (i < batch.States.Count)
            {
                _recent.Take(batch.States[i]);
            }
            else
            {
                _recent.Take(batch.Deliveries[i - batch.States.Count]);
            }
        }
    }

    /// <summary>Nothing was left when the flight looked. Something may have been kept since: then it is not over yet.</summary>
    private void Drained()
    {
        if (!_backlog.IsEmpty)
        {
            return;
        }

        if (_condition.Back() is { } since)
        {
            LogBack(since, _replayed);
        }

        if (_recent?.Release() is { Count: > 0 } free)
        {
            _queue.Add(new WriteItem(null, null, new DeliveryWrite(free, []), null, _time.GetTimestamp()), out _);
        }

        _replayed = 0;
        _strays?.Settle();
    }

    /// <summary>Into the backlog, and only then are those who wait let go on.</summary>
    private async Task KeepAsync(CommitBatch batch, IReadOnlyList<WriteItem> items)
    {
        var refused = batch.States.Where(state => _recent?.Take(state) == false).ToHashSet(ReferenceEqualityComparer.Instance);
        foreach (var delivery in batch.Deliveries)
        {
            _recent?.Take(delivery);
        }

        await _backlog.KeepAsync(refused.Count == 0 ? batch : batch with { States = [.. batch.States.Where(state => !refused.Contains(state))] });
        _condition.Waits(_backlog.Waiting);
        foreach (var item in items)
        {
            item.Waiter?.TrySetResult(item.State is { } state && refused.Contains(state) ? Durability.FenceLost : Durability.Kept);
        }
    }

    private void Launch(CommitBatch? batch, IReadOnlyList<WriteItem> items)
    {
        var flight = new Flight(batch, items, _time.GetTimestamp());
        _flight = flight;

        // On a thread of its own: an embedded store does its work before it returns a task.
        _ = Task.Run(() => flight.RunAsync(_commit, _backlog, _recent, _strays, _time, _wake.Call));
    }

    private CommitBatch Batch(List<WriteItem> items)
    {
        var results = new List<CheckRecord>(items.Count);
        var states = new List<StateWrite>();
        var deliveries = new List<DeliveryWrite>();
        foreach (var item in items)
        {
            if (item.Result is { } result)
            {
                results.Add(result);
            }

            if (item.State is { } state)
            {
                states.Add(state);
            }

            if (item.Deliveries is { } delivery)
            {
                deliveries.Add(delivery);
            }
        }

        return new CommitBatch(_run, ++_sequence, results, states, deliveries);
    }

    private static void Complete(IReadOnlyList<WriteItem> items, IReadOnlyList<StateOutcome> outcomes, int states)
    {
        var (state, delivery) = (0, states);
        foreach (var item in items)
        {
            var outcome = item.State is not null ? outcomes[state++] : item.Deliveries is not null ? outcomes[delivery++] : StateOutcome.Committed;
            item.Waiter?.TrySetResult(outcome switch
            {
                StateOutcome.Committed => Durability.Committed,
                StateOutcome.VersionLost => Durability.VersionLost,
                _ => Durability.FenceLost,
            });
        }
    }

    /// <summary>True when that is news.</summary>
    private bool GoAway(LocalizedText reason)
    {
        var news = _condition.Away(reason, _time.GetUtcNow());
        if (news)
        {
            LogAway(reason.English);
        }

        return news;
    }

    private static LocalizedText ReasonOf(Exception? error) => error switch
    {
        StoreUnavailableException away => away.Line,
        { } defect => new LocalizedText(defect.Message, defect.Message),
        null => StoreCondition.NoAnswer,
    };

    private TimeSpan Until(long timestamp) => TimeSpan.FromSeconds((double)(timestamp - _time.GetTimestamp()) / _time.TimestampFrequency);

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * _time.TimestampFrequency);

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
