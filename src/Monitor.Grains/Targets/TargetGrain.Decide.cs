using Monitor.Core.Diagnostics;
using Monitor.Core.Health;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Text;
using Monitor.Grains.Probing;
using Monitor.Grains.Writing;

namespace Monitor.Grains.Targets;

/// <summary>From a finished run to what is stored and told. All of it inside the gate.</summary>
public sealed partial class TargetGrain
{
    /// <summary>How often what does not decide (failures beyond the threshold, the prober's memory) is stored.</summary>
    private static readonly TimeSpan LazyStore = TimeSpan.FromMinutes(1);

    /// <summary>Another's version can be met once; a third time means that something is wrong, and the next result tries again.</summary>
    private const int CommitAttempts = 3;

    /// <summary>Null when the run counts for nothing: an edit has overtaken it, or the target is gone.</summary>
    /// <param name="rearmFrom">When the run began, in ticks of the anchored clock; null when it is run again at once.</param>
    private async ValueTask<CheckRecord?> TakeUpAsync(WatchedTarget watched, ProbeRun run, ProbeTrigger trigger, long? rearmFrom)
    {
        await _gate.EnterAsync();
        try
        {
            if (_closed || _lease.IsLost || watched.Revision != _watched.Revision)
            {
                return null;
            }

            var record = _services.Records.Make(run, watched.Id, watched.Prober, trigger, _last);
            if (!_lease.IsHeld)
            {
                // By now another may own it: what is seen here feeds no state. A run that came to nothing (this machine stood still) does not unsee what was seen before.
                if (record.Outcome is ProbeOutcome.Ok or ProbeOutcome.Failed)
                {
                    Volatile.Write(ref _seen, record);
                }

                Owe();
                return null;
            }

            Volatile.Write(ref _seen, null);
            SiloEvents.Publish(SiloEvents.ProbeEnded, record);
            Remember(run.Result.Memory);
            await DecideAsync(record, run.Ending == ProbeEnding.OwnTrouble);
            Volatile.Write(ref _last, record);
            if (record.Outcome is ProbeOutcome.Ok or ProbeOutcome.Failed)
            {
                Volatile.Write(ref _conclusiveAt, _services.Clock.Time.GetTimestamp());
            }

            if (rearmFrom is { } begun)
            {
                Rearm(begun, trigger);
            }

            return record;
        }
        finally
        {
            _gate.Leave();
        }
    }

    private void Remember(ReadOnlyMemory<byte>? memory)
    {
        if (memory is { } next && !next.Span.SequenceEqual(_memory))
        {
            _memory = next.ToArray();
            _memoryDirty = true;
        }
    }

    private ValueTask DecideAsync(CheckRecord record, bool ownTrouble)
    {
        var fact = new CheckFact(record.CheckedAt, record.Outcome, record.Warnings.Count > 0, record.Trigger == ProbeTrigger.Manual, ownTrouble);
        if (!_stale)
        {
            var step = EpisodeMessages.Into(HealthMachine.Step(_state, _watched.Rules, fact, _services.Clock.Wall), record);
            var dirty = _stateDirty || _memoryDirty || step.Change == StateChange.Lazy;
            if (step.Change != StateChange.Now && !(dirty && _services.Clock.Time.GetElapsedTime(_storedAt) >= LazyStore))
            {
                _stateDirty |= step.Change == StateChange.Lazy;
                Volatile.Write(ref _state, step.State);
                _services.Writer.Add(record);
                return default;
            }
        }

        return new ValueTask(CommitAsync(
            state => EpisodeMessages.Into(HealthMachine.Step(state, _watched.Rules, fact, _services.Clock.Wall), record), _watched, record));
    }

    /// <summary>
    /// Stores what <paramref name="decide"/> makes of the state, and only then lets anybody know. When the store turns out to hold another state, the decision is made
    /// anew on that one. False when it could not be stored; the cached state is then not to be trusted, and is read again before the next decision.
    /// </summary>
    private async Task<bool> CommitAsync(Func<HealthState, HealthStep> decide, WatchedTarget about, CheckRecord? record, bool remove = false)
    {
        for (var attempt = 0; attempt < CommitAttempts; attempt++)
        {
            if (_stale && !await ReadAgainAsync())
            {
                break;
            }

            var type = _state.Type;
            var step = decide(_state);
            var deliveries = AlertDrafts.Deliveries(about, type, step.Effects, _services.Clock.Wall, out var alerts);
            var write = new StateWrite(
                about.Id, about.Location, _lease.Fence, _version, step.State, _memoryDirty ? new ReadOnlyMemory<byte>(_memory) : null, alerts,
                [.. deliveries.Select(open => open.Delivery)], remove);
            SiloEvents.Publish(SiloEvents.Decided, write);
            switch (await WriteAsync(write, record))
            {
                case Durability.Committed or Durability.Kept:
                    Adopt(step, deliveries);
                    return true;
                case Durability.FenceLost:
                    _lease.Lose();
                    return false;
                default:
                    // Results are facts and went in without the state.
                    record = null;
                    _stale = true;
                    if (await ReadAgainAsync() && IsStored(write))
                    {
                        Adopt(step, deliveries, raise: false);
                        return true;
                    }

                    break;
            }
        }

        if (record is not null)
        {
            _services.Writer.Add(record);
        }

        LogNotStored(_services.Log, Id);
        return false;
    }

    private async Task<Durability> WriteAsync(StateWrite write, CheckRecord? record)
    {
        try
        {
            return await _services.Writer.WriteAsync(write, record, CancellationToken.None);
        }
#pragma warning disable CA1031 // Whatever it was, it is unknown whether the write happened: forget and read again.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogWriteUnknown(_services.Log, e, Id);
            return Durability.VersionLost;
        }
    }

    /// <summary>The write did happen although it was reported otherwise: told again it would be a second episode, and not told it would be silence.</summary>
    private bool IsStored(StateWrite write) =>
        _version == write.ExpectedVersion + 1 && HealthStateCodec.Encode(_state) == HealthStateCodec.Encode(write.State);

    private void Adopt(HealthStep step, IReadOnlyList<OpenDelivery> deliveries, bool raise = true)
    {
        if (raise)
        {
            _version++;
        }

        Volatile.Write(ref _state, step.State);
        _stateDirty = false;
        _memoryDirty = false;
        _storedAt = _services.Clock.Time.GetTimestamp();
        if (deliveries.Count > 0)
        {
            _services.Deliveries.Enqueue(deliveries);
        }

        foreach (var effect in step.Effects)
        {
            if (effect is not HealthEffect.Joined)
            {
                Telemetry.Transitions.Add(
                    1,
                    new KeyValuePair<string, object?>("kind", effect is HealthEffect.Fired ? "fired" : "resolved"),
                    new KeyValuePair<string, object?>("severity", effect.Severity.Name()));
            }
        }
    }

    private void TakeOver(StoredTarget stored)
    {
        Volatile.Write(ref _state, stored.State ?? HealthState.New(_watched.Rules.Type, _services.Clock.Wall));
        Volatile.Write(ref _version, stored.Version);
        _stale = false;
        _stateDirty = false;
    }

    /// <summary>Takes over what the store holds. False when it cannot be asked, or the target is gone.</summary>
    private async Task<bool> ReadAgainAsync()
    {
        try
        {
            if (await _services.Store.LoadTargetAsync(Id, _lease.Stop) is not { } stored)
            {
                return false;
            }

            TakeOver(stored);
            return true;
        }
#pragma warning disable CA1031 // A store that is away, or a stop: in either case nothing is known, and the next decision asks again.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogNotRead(_services.Log, Id, e.Message);
            return false;
        }
    }
}
