namespace Monitor.Tests.Shared;

/// <summary>
/// A clock that stands still until it is told to move. Timers fire inside <see cref="Advance"/>, in the order in which they are due.
/// The wall clock can be set on its own (<see cref="SetWallClock"/>), as NTP does; timers and timestamps do not notice.
/// </summary>
public sealed class FakeTime(DateTimeOffset start) : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<FakeTimer> _timers = [];
    private readonly List<(int Count, TaskCompletionSource Signal)> _waiters = [];
    private readonly List<(long Due, TaskCompletionSource Signal)> _dueWaiters = [];
    private DateTimeOffset _wall = start;
    private long _elapsed;
    private int _armed;

    public FakeTime()
        : this(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _wall;
        }
    }

    public override long GetTimestamp()
    {
        lock (_lock)
        {
            return _elapsed;
        }
    }

    public void SetWallClock(DateTimeOffset now)
    {
        lock (_lock)
        {
            _wall = now;
        }
    }

    /// <summary>How often a timer has been armed so far: to wait for the code under test to have gone to sleep.</summary>
    public int Armed
    {
        get
        {
            lock (_lock)
            {
                return _armed;
            }
        }
    }

    /// <summary>Timers that have not been disposed: to see that nothing is left behind.</summary>
    public int Timers
    {
        get
        {
            lock (_lock)
            {
                return _timers.Count;
            }
        }
    }

    /// <summary>Completes when timers have been armed more often than <paramref name="count"/> (an earlier <see cref="Armed"/>).</summary>
    public Task ArmedBeyondAsync(int count)
    {
        lock (_lock)
        {
            if (_armed > count)
            {
                return Task.CompletedTask;
            }

            var signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((count, signal));
            return signal.Task;
        }
    }

    /// <summary>
    /// Completes when a timer is armed that is due within this time of now: the code under test has gone to sleep and will wake by then, whichever of its earlier sleeps
    /// <see cref="ArmedBeyondAsync"/> may have seen.
    /// </summary>
    public Task DueWithinAsync(TimeSpan time)
    {
        lock (_lock)
        {
            var due = _elapsed + time.Ticks;
            if (_timers.Any(timer => timer.Due <= due))
            {
                return Task.CompletedTask;
            }

            var signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _dueWaiters.Add((due, signal));
            return signal.Task;
        }
    }

    public void Advance(TimeSpan by)
    {
        long target;
        lock (_lock)
        {
            target = _elapsed + by.Ticks;
        }

        while (NextDue(target) is { } timer)
        {
            timer.Fire();
        }

        lock (_lock)
        {
            _wall += TimeSpan.FromTicks(target - _elapsed);
            _elapsed = target;
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new FakeTimer(this, callback, state);
        lock (_lock)
        {
            _timers.Add(timer);
        }

        timer.Change(dueTime, period);
        return timer;
    }

    private FakeTimer? NextDue(long target)
    {
        lock (_lock)
        {
            var next = _timers.Where(timer => timer.Due <= target).MinBy(timer => timer.Due);
            if (next is null)
            {
                return null;
            }

            if (next.Due > _elapsed)
            {
                _wall += TimeSpan.FromTicks(next.Due - _elapsed);
                _elapsed = next.Due;
            }

            next.Due = next.Period > 0 ? _elapsed + next.Period : long.MaxValue;
            return next;
        }
    }

    private sealed class FakeTimer(FakeTime owner, TimerCallback callback, object? state) : ITimer
    {
        public long Due { get; set; } = long.MaxValue;

        public long Period { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            List<TaskCompletionSource> ready;
            lock (owner._lock)
            {
                Due = dueTime == Timeout.InfiniteTimeSpan ? long.MaxValue : owner._elapsed + dueTime.Ticks;
                Period = period == Timeout.InfiniteTimeSpan ? 0 : period.Ticks;
                if (Due == long.MaxValue)
                {
                    return true;
                }

                owner._armed++;
                ready = [.. owner._waiters.Where(waiter => owner._armed > waiter.Count).Select(waiter => waiter.Signal), .. owner._dueWaiters.Where(waiter => Due <= waiter.Due).Select(waiter => waiter.Signal)];
                owner._waiters.RemoveAll(waiter => owner._armed > waiter.Count);
                owner._dueWaiters.RemoveAll(waiter => Due <= waiter.Due);
            }

            foreach (var signal in ready)
            {
                signal.SetResult();
            }

            return true;
        }

        public void Dispose() => Remove();

        public ValueTask DisposeAsync()
        {
            Remove();
            return ValueTask.CompletedTask;
        }

        private void Remove()
        {
            lock (owner._lock)
            {
                owner._timers.Remove(this);
            }
        }
    }
}
