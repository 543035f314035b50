using Monitor.Tests.Shared;

namespace Monitor.UnitTests.Grains.Notifying;

/// <summary>
/// A fake clock that knows who sleeps: deadlines of POSTs are told apart from waits, so that a test can move the clock to the end of a wait
/// and never, on a slow machine, past the deadline of a POST that is under way.
/// </summary>
internal sealed class BenchTime(FakeTime inner) : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly HashSet<BenchTimer> _live = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override long TimestampFrequency => inner.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => inner.GetUtcNow();

    public override long GetTimestamp() => inner.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new BenchTimer(this, state is CancellationTokenSource, inner.GetTimestamp() + dueTime.Ticks);
        lock (_lock)
        {
            _live.Add(timer);
        }

        timer.Inner = inner.CreateTimer(
            value =>
            {
                Remove(timer);
                callback(value);
            },
            state,
            dueTime,
            period);
        Change();
        return timer;
    }

    /// <summary>Moves the clock from wait to wait until the task is done.</summary>
    public async Task AdvanceUntilAsync(Task done)
    {
        while (!done.IsCompleted)
        {
            Task changed;
            long? due = null;
            lock (_lock)
            {
                changed = _changed.Task;
                if (_live.Count > 0 && !_live.Any(timer => timer.IsDeadline))
                {
                    due = _live.Min(timer => timer.Due);
                }
            }

            if (due is { } at)
            {
                inner.Advance(TimeSpan.FromTicks(Math.Max(0, at - inner.GetTimestamp())));
            }
            else
            {
                await Task.WhenAny(done, changed);
            }
        }

        await done;
    }

    private void Remove(BenchTimer timer)
    {
        lock (_lock)
        {
            _live.Remove(timer);
        }

        Change();
    }

    private void Change()
    {
        lock (_lock)
        {
            _changed.TrySetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private sealed class BenchTimer(BenchTime owner, bool isDeadline, long due) : ITimer
    {
        public ITimer? Inner { get; set; }

        public bool IsDeadline => isDeadline;

        public long Due => due;

        public bool Change(TimeSpan dueTime, TimeSpan period) => Inner!.Change(dueTime, period);

        public void Dispose() => End();

        public ValueTask DisposeAsync()
        {
            End();
            return ValueTask.CompletedTask;
        }

        private void End()
        {
            Inner?.Dispose();
            owner.Remove(this);
        }
    }
}
