using Monitor.Core.Health;
using Monitor.Core.Ports;
using Monitor.Core.Scheduling;
using Monitor.Core.Shards;

namespace Monitor.Grains.Targets;

/// <summary>Coming, changing, leaving.</summary>
public sealed partial class TargetGrain
{
    /// <summary>From here on a turn that was missed while nobody watched is made up for, instead of leaving a hole of a day in a daily check.</summary>
    private static readonly TimeSpan RareInterval = TimeSpan.FromMinutes(5);

    /// <summary>What a takeover makes up for is spread over this, so that it is no burst.</summary>
    private static readonly TimeSpan TakeoverSpread = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan LongestCatchUp = TimeSpan.FromMinutes(10);

    /// <summary>Takes up its rhythm, and what an edit before the last stop may have left undone.</summary>
    /// <param name="fresh">Created just now: due within two seconds. Else by what the store knows of it.</param>
    /// <param name="madeUpFrom">Nobody has run it since: a turn that was due from then on is made up for at once. Null: it came here with the start.</param>
    /// <returns>False when the store could not be brought into line: to be tried again with <see cref="EditAsync"/>.</returns>
    public async Task<bool> OpenAsync(StoredTarget stored, bool fresh, DateTimeOffset? madeUpFrom = null)
    {
        var rules = _watched.Rules;
        if (rules.Enabled)
        {
            var seen = stored.LastCheckedAt;
            if (fresh || seen is null || stored.Target.UpdatedAt > seen)
            {
                ScheduleSoon();
            }
            else
            {
                _services.Scheduler.Set(this, FirstDue(seen.Value.UtcTicks, madeUpFrom));
            }
        }

        await _gate.EnterAsync();
        try
        {
            return await ReconcileAsync(_watched);
        }
        finally
        {
            _gate.Leave();
        }
    }

    /// <summary>Takes over settings as they are now in the store, and a state that is newer than its own: another silo had told what this one does not know of.</summary>
    public async Task<EditResult> EditAsync(StoredTarget stored)
    {
        await _gate.EnterAsync();
        try
        {
            if (_closed)
            {
                return EditResult.Gone;
            }

            if (stored.Deleted)
            {
                return await DeleteAsync() ? EditResult.Gone : EditResult.Again;
            }

            if (stored.Version > _version)
            {
                TakeOver(stored);
            }

            var done = stored.Target.Revision > _watched.Revision ? await ChangeAsync(WatchedTarget.Of(stored.Target, _services.Catalog))
                : !_unreconciled || await ReconcileAsync(_watched);
            return done ? EditResult.Done : EditResult.Again;
        }
        finally
        {
            _gate.Leave();
        }
    }

    /// <summary>The lease is back: what was due while it was over, and came to nothing, is made up for at once. Rounded up to the next turn it was a hole of a day in a daily check.</summary>
    public void MakeUp()
    {
        if (!_owed)
        {
            return;
        }

        _owed = false;
        if (!_closed && !_lease.IsLeaving && Volatile.Read(ref _watched).Rules.Enabled)
        {
            _services.Scheduler.Set(this, AtOnce(_services.Clock.Ticks));
        }
    }

    /// <summary>Stores what has waited for its minute. For a stop that has time for it.</summary>
    public async Task FlushAsync()
    {
        await _gate.EnterAsync();
        try
        {
            if (!_closed && _lease.IsHeld && !_stale && (_stateDirty || _memoryDirty))
            {
                await CommitAsync(static state => new HealthStep(state, StateChange.Now, []), _watched, null);
            }
        }
        finally
        {
            _gate.Leave();
        }
    }

    private async Task<bool> ChangeAsync(WatchedTarget next)
    {
        var before = _watched;
        lock (_turns)
        {
            Volatile.Write(ref _watched, next);
        }

        if (next.Rules.Type != before.Rules.Type || next.ConfigDigest != before.ConfigDigest)
        {
            // What a prober remembers is about the place it looked at.
            _memoryDirty |= _memory.Length > 0;
            _memory = [];
        }

        _retrying = false;
        Volatile.Write(ref _conclusiveAt, _services.Clock.Time.GetTimestamp());
        if (next.Rules.Enabled)
        {
            ScheduleSoon();
        }
        else
        {
            _services.Scheduler.Remove(this);
            Volatile.Write(ref _last, null);
        }

        // An alert that ends because the type changed is about the target as it was.
        return await ReconcileAsync(next.Rules.Type == _state.Type ? next : before);
    }

    private async Task<bool> ReconcileAsync(WatchedTarget about)
    {
        var rules = _watched.Rules;
        _unreconciled = (_stale || HealthMachine.Reconcile(_state, rules, _services.Clock.Wall).Change != StateChange.None)
            && !await CommitAsync(state => HealthMachine.Reconcile(state, rules, _services.Clock.Wall), about, null);
        return !_unreconciled;
    }

    private async Task<bool> DeleteAsync()
    {
        _services.Scheduler.Remove(this);
        var gone = await CommitAsync(
            state => new HealthStep(
                state with { Outage = null, Warning = null }, StateChange.Now, HealthMachine.Delete(state, _services.Clock.Wall)),
            _watched,
            null,
            remove: true);
        if (gone)
        {
            Close();
        }

        return gone;
    }

    private long AtOnce(long now) => now + (long)(ShardMap.Mix((ulong)Id) % (ulong)TakeoverSpread.Ticks);

    /// <summary>A turn, or a run that ended, while this silo had no lease. It may be back since that was looked at, and whoever says so will not come again.</summary>
    private void Owe()
    {
        _owed = true;
        if (_lease.IsHeld)
        {
            MakeUp();
        }
    }

    /// <param name="seen">UTC ticks of the newest conclusive result.</param>
    private long FirstDue(long seen, DateTimeOffset? madeUpFrom)
    {
        var now = _services.Clock.Ticks;
        var next = NextAfter(0, now);
        var interval = _watched.Interval;
        if (madeUpFrom is { } from && Math.Max(seen, from.UtcTicks) is var since && since < now && Cadence.Turns(Id, interval, Utc(since), Utc(now)) > 0)
        {
            // The hole of a takeover is not rounded up to the next interval.
            return Math.Min(next, AtOnce(now));
        }

        if (interval < RareInterval || seen >= now || Cadence.Turns(Id, interval, Utc(seen), Utc(now)) == 0)
        {
            return next;
        }

        var spread = Math.Min(interval.Ticks / 5, LongestCatchUp.Ticks);
        return Math.Min(next, now + (long)(ShardMap.Mix((ulong)Id) % (ulong)spread));
    }
}

public enum EditResult
{
    Done,

    /// <summary>It was deleted, and what was open is resolved.</summary>
    Gone,

    /// <summary>The store did not take what follows from the edit: to be tried again.</summary>
    Again,
}
