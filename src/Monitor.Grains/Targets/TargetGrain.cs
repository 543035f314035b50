using Monitor.Core.Diagnostics;
using Monitor.Core.Health;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Scheduling;
using Monitor.Core.Shards;
using Monitor.Core.Text;
using Monitor.Grains.Probing;
using Monitor.Grains.Scheduling;

namespace Monitor.Grains.Targets;

/// <summary>
/// The single owner of one target: its turns, its state, its alerts. Two rules hold it together: at most one run is under way (<c>_busy</c>, which the
/// scheduler asks), and state changes hands only inside the gate, which a run enters when its probe has ended. So an edit need not wait for a
/// probe that hangs, and a probe that an edit has overtaken counts for nothing.
/// </summary>
public sealed partial class TargetGrain : ScheduledTurn
{
    /// <summary>Probes of this target that were cut off and still hang: beyond this none is begun, or a prober with a defect would fill the memory.</summary>
    private const int MostAbandoned = 3;

    /// <summary>New and edited targets come in within this, so that a mass registration is no burst.</summary>
    private static readonly TimeSpan Spread = TimeSpan.FromSeconds(2);

    /// <summary>A turn that is overdue already waits until the present one has ended, or it would count as an overrun.</summary>
    private static readonly TimeSpan TurnEnds = TimeSpan.FromMilliseconds(20);

    private static readonly TimeSpan UnprobedGrace = TimeSpan.FromSeconds(10);

    private readonly GrainServices _services;
    private readonly ShardLease _lease;
    private readonly AsyncGate _gate = new();
    private readonly Lock _turns = new();
    private WatchedTarget _watched;
    private HealthState _state;
    private CheckRecord? _last;
    private CheckRecord? _seen;
    private byte[] _memory;
    private TaskCompletionSource<CheckRecord?>? _manual;
    private TaskCompletionSource? _idle;
    private long _version;
    private long _pendingDue;
    private long _conclusiveAt;
    private long _storedAt;
    private int _abandoned;
    private bool _busy;
    private volatile bool _closed;
    private volatile bool _retrying;
    private volatile bool _owed;
    private bool _stateDirty;
    private bool _memoryDirty;
    private bool _stale;
    private bool _unreconciled;

    public TargetGrain(StoredTarget stored, ShardLease lease, GrainServices services)
    {
        _services = services;
        _lease = lease;
        _watched = WatchedTarget.Of(stored.Target, services.Catalog);
        _state = stored.State ?? HealthState.New(_watched.Rules.Type, services.Clock.Wall);
        _version = stored.Version;
        _memory = stored.Memory.IsEmpty ? [] : stored.Memory.ToArray();
        _conclusiveAt = _storedAt = services.Clock.Time.GetTimestamp();
    }

    public long Id => _watched.Id;

    /// <summary>Of the settings that it runs by.</summary>
    public long Revision => Volatile.Read(ref _watched).Revision;

    /// <summary>Of the state, as it was stored last.</summary>
    public long StateVersion => Volatile.Read(ref _version);

    public int Shard => _lease.Fence.Shard;

    /// <summary>The right that it runs by.</summary>
    internal ShardLease Lease => _lease;

    /// <summary>What was seen last while the lease was over and this silo only looked; null when it is not so, or nothing was seen.</summary>
    public CheckRecord? Seen => Volatile.Read(ref _seen);

    /// <summary>Null: nobody wants it watched.</summary>
    public Sight? Sight
    {
        get
        {
            var watched = Volatile.Read(ref _watched);
            return _closed || !watched.Rules.Enabled ? null : new Sight(Id, watched.Name, watched.Endpoint, watched.Rules.ChannelIds, Seen);
        }
    }

    public HealthState State => Volatile.Read(ref _state);

    public CheckRecord? LastResult => Volatile.Read(ref _last);

    /// <summary>Enabled, and nothing conclusive has been seen of it for two intervals: this monitor's own silence.</summary>
    public bool IsUnprobed
    {
        get
        {
            var watched = Volatile.Read(ref _watched);
            if (_closed || !watched.Rules.Enabled)
            {
                return false;
            }

            var allowed = 2 * watched.Interval + watched.Timeout;
            return _services.Clock.Time.GetElapsedTime(Volatile.Read(ref _conclusiveAt)) > (allowed > UnprobedGrace ? allowed : UnprobedGrace);
        }
    }

    /// <summary>Runs it now; when a run is under way, after it. Null when it is disabled or gone.</summary>
    public Task<CheckRecord?> ProbeNowAsync()
    {
        bool begins;
        TaskCompletionSource<CheckRecord?> asked;
        lock (_turns)
        {
            if (_closed || _lease.IsLeaving || !_watched.Rules.Enabled)
            {
                return Task.FromResult<CheckRecord?>(null);
            }

            asked = _manual ??= new TaskCompletionSource<CheckRecord?>(TaskCreationOptions.RunContinuationsAsynchronously);
            begins = !_busy;
            _busy = true;
        }

        if (begins)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        return asked.Task;
    }

    /// <summary>Completes when no run is under way.</summary>
    public Task WhenIdleAsync()
    {
        lock (_turns)
        {
            return _busy
                ? (_idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task
                : Task.CompletedTask;
        }
    }

    /// <summary>Ends it here without a word to the store. A run under way counts for nothing any more.</summary>
    public void Close()
    {
        lock (_turns)
        {
            _closed = true;
        }

        _services.Scheduler.Remove(this);
    }

    public override void Execute() => _ = TurnsAsync();

    public override bool TryBegin(long due)
    {
        lock (_turns)
        {
            if (_busy)
            {
                return false;
            }

            _busy = true;
            _pendingDue = due;
            return true;
        }
    }

    public override long NextAfter(long due, long now)
    {
        var watched = Volatile.Read(ref _watched);
        if (_retrying && watched.Retry is { } retry)
        {
            return due + retry.Ticks > now ? due + retry.Ticks : now + retry.Ticks;
        }

        return Cadence.Next(watched.Id, watched.Interval, Utc(now)).UtcTicks;
    }

    public override long TurnsBetween(long due, long now) =>
        _retrying || now <= due ? 0 : Cadence.Turns(_watched.Id, _watched.Interval, Utc(due), Utc(now));

    public override void Missed(long turns)
    {
        if (!_closed)
        {
            Telemetry.TurnsMissed.Add(turns);
            Count(Volatile.Read(ref _watched), ProbeOutcome.Skipped, turns);
        }
    }

    /// <summary>Serves the turn that is due, then whoever asked meanwhile, until nobody does.</summary>
    private async Task TurnsAsync()
    {
        while (Take(out var due, out var asked))
        {
            CheckRecord? record = null;
            try
            {
                record = await RunAsync(due);
            }
#pragma warning disable CA1031 // Whatever went wrong in one turn, the target keeps its next one.
            catch (Exception e)
#pragma warning restore CA1031
            {
                LogTurnFailed(_services.Log, e, Id);
                Count(Volatile.Read(ref _watched), ProbeOutcome.Skipped, 1);
            }

            asked?.TrySetResult(record);
        }
    }

    private bool Take(out long due, out TaskCompletionSource<CheckRecord?>? asked)
    {
        TaskCompletionSource? idle;
        lock (_turns)
        {
            due = _pendingDue;
            asked = due == 0 ? _manual : null;
            if (due != 0)
            {
                _pendingDue = 0;
                return true;
            }

            if (asked is not null)
            {
                _manual = null;
                return true;
            }

            _busy = false;
            idle = _idle;
            _idle = null;
        }

        idle?.TrySetResult();
        return false;
    }

    /// <param name="due">0: somebody asked for it.</param>
    private async Task<CheckRecord?> RunAsync(long due)
    {
        var trigger = due == 0 ? ProbeTrigger.Manual : _retrying ? ProbeTrigger.Retry : ProbeTrigger.Schedule;
        var late = due == 0 ? TimeSpan.Zero : new TimeSpan(Math.Max(0, _services.Clock.Ticks - due));
        var again = true;
        while (true)
        {
            var watched = Volatile.Read(ref _watched);
            if (_closed || _lease.IsLeaving || !watched.Rules.Enabled)
            {
                if (_closed)
                {
                    // The run that was under way when it was closed may have armed it once more.
                    _services.Scheduler.Remove(this);
                }

                return null;
            }

            if (!_lease.MayProbe)
            {
                Count(watched, ProbeOutcome.Skipped, 1);
                Owe();
                return null;
            }

            var begun = _services.Clock.Ticks;
            var run = await ProbeAsync(watched);
            if (due != 0)
            {
                Telemetry.ScheduleLateness.Record((late + run.Waited).TotalSeconds);
                _services.Pulse.Started(late + run.Waited);
                due = 0;
            }

            var last = run.Ending != ProbeEnding.Stalled || !again;
            var record = run.Ending == ProbeEnding.Stopped ? null : await TakeUpAsync(watched, run, trigger, last ? begun : null);
            if (record is null)
            {
                Count(watched, ProbeOutcome.Skipped, 1);
                if (run.Ending == ProbeEnding.Stopped || ReferenceEquals(watched, Volatile.Read(ref _watched)))
                {
                    return null;
                }

                // An edit has overtaken the run: the target is as new.
                continue;
            }

            Count(watched, record.Outcome, 1);
            _services.Pulse.Ran();
            if (last)
            {
                return record;
            }

            again = false;
        }
    }

    private async Task<ProbeRun> ProbeAsync(WatchedTarget watched)
    {
        if (watched.Prober is null || watched.Config is null)
        {
            return Trouble(watched.Trouble);
        }

        if (Volatile.Read(ref _abandoned) >= MostAbandoned)
        {
            return Trouble(ProbeTexts.StillHanging);
        }

        var run = await _services.Workers.RunAsync(watched.Prober, new ProbeRequest(watched.Config, _memory, watched.Timeout), _lease.Stop);
        if (run.Abandoned is { } abandoned)
        {
            Interlocked.Increment(ref _abandoned);
            _ = abandoned.ContinueWith(
                _ => Interlocked.Decrement(ref _abandoned), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }

        return run;
    }

    private ProbeRun Trouble(LocalizedText reason)
    {
        var now = _services.Clock.Wall;
        return new ProbeRun(
            ProbeEnding.OwnTrouble,
            ProbeResult.OwnTrouble(reason.In(_services.Records.Language)),
            now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond)),
            TimeSpan.Zero);
    }

    /// <summary>
    /// After a first failure the retry interval counts, from the start of the run, until the verdict is settled; then the rhythm is the old one again.
    /// Inside the gate, so that it cannot undo what an edit has armed.
    /// </summary>
    private void Rearm(long begun, ProbeTrigger trigger)
    {
        if (_closed || _lease.IsLeaving || !_watched.Rules.Enabled)
        {
            return;
        }

        if (_watched.Retry is { } retry && _state.Outage is null && _state.ConsecutiveFailures > 0)
        {
            // A person who clicks again and again must not put the next counted run off.
            if (trigger != ProbeTrigger.Manual || !_retrying)
            {
                _retrying = true;
                _services.Scheduler.Set(this, Math.Max(begun + retry.Ticks, _services.Clock.Ticks + TurnEnds.Ticks));
            }
        }
        else if (_retrying)
        {
            _retrying = false;
            _services.Scheduler.Set(this, NextAfter(0, _services.Clock.Ticks));
        }
    }

    /// <summary>Within two seconds, at a place of its own.</summary>
    private void ScheduleSoon()
    {
        if (!_lease.IsLeaving)
        {
            _services.Scheduler.Set(this, _services.Clock.Ticks + (long)(ShardMap.Mix((ulong)Id) % (ulong)Spread.Ticks));
        }
    }

    private static DateTimeOffset Utc(long ticks) => new(ticks, TimeSpan.Zero);

    private static void Count(WatchedTarget watched, ProbeOutcome outcome, long runs) => Telemetry.Probes.Add(
        runs, new KeyValuePair<string, object?>("type", watched.Rules.Type), new KeyValuePair<string, object?>("outcome", outcome.Name()));
}
