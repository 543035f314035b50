using Microsoft.Extensions.Logging;

namespace Monitor.Grains.Scheduling;

/// <summary>
/// The one loop that owns all due times. It only looks and begins turns, which hand their probe to the thread pool:
/// nothing that a probe does can hold up another turn.
/// </summary>
public sealed partial class Scheduler : IDisposable
{
    /// <summary>
    /// Wakes are gathered: at 1,000 checks a second this is 125 looks a second, each turn at most this much late for it. Turns that begin together also share
    /// the waking of the pool's threads, which is what a check costs most after its connection.
    /// </summary>
    private static readonly TimeSpan Granularity = TimeSpan.FromMilliseconds(8);

    /// <summary>It looks at least this often, so that a stall is seen, and <see cref="LastTurned"/> says that it lives.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(250);

    private readonly AnchoredClock _clock;
    private readonly ILogger<Scheduler> _log;
    private readonly Lock _lock = new();
    private readonly Timetable _table = new();
    private readonly List<DueTurn> _taken = [];
    private readonly SemaphoreSlim _wake = new(0);
    private readonly ITimer _timer;
    private long _wakeAt;
    private long _lastTurned;

    public Scheduler(AnchoredClock clock, ILogger<Scheduler> log)
    {
        _clock = clock;
        _log = log;
        _lastTurned = clock.Time.GetTimestamp();
        _timer = clock.Time.CreateTimer(static scheduler => ((Scheduler)scheduler!).Wake(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The time provider's timestamp of the last look. A loop that lives is never older than about 0.25 s.</summary>
    public long LastTurned => Volatile.Read(ref _lastTurned);

    /// <summary>Puts a turn in, or moves it; wakes the loop when it is nearer than all others.</summary>
    /// <param name="due">UTC ticks of the anchored clock; the past is at once.</param>
    public void Set(ScheduledTurn turn, long due)
    {
        bool nearer;
        lock (_lock)
        {
            _table.Set(turn, due);
            nearer = due < _wakeAt;
            if (nearer)
            {
                _wakeAt = due;
            }
        }

        if (nearer)
        {
            Wake();
        }
    }

    public void Remove(ScheduledTurn turn)
    {
        lock (_lock)
        {
            _table.Remove(turn);
        }
    }

    /// <summary>Ends only when it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            Look();
            try
            {
                await _wake.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        _wake.Dispose();
    }

    private void Look()
    {
        Volatile.Write(ref _lastTurned, _clock.Time.GetTimestamp());
        _taken.Clear();
        TimeSpan wait;
        lock (_lock)
        {
            var now = _clock.Ticks;
            _table.TakeDue(now, _taken);
            wait = new TimeSpan(Math.Clamp(_table.NextDue - now, Granularity.Ticks, LongestWait.Ticks));
            _wakeAt = now + wait.Ticks;
        }

        foreach (var due in _taken)
        {
            HandOver(due);
        }

        _timer.Change(wait, Timeout.InfiniteTimeSpan);
    }

    private void HandOver(DueTurn due)
    {
        try
        {
            var begins = due.Runs && due.Turn.TryBegin(due.Due);
            var missed = due.Missed + (due.Runs && !begins ? 1 : 0);
            if (begins)
            {
                // Here and not on the pool: a turn only looks at itself before its prober is handed to a thread of its own.
                due.Turn.Execute();
            }

            if (missed > 0)
            {
                due.Turn.Missed(missed);
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogTurnBroke(e);
        }
    }

    private void Wake()
    {
        try
        {
            if (_wake.CurrentCount == 0)
            {
                _wake.Release();
            }
        }
        catch (ObjectDisposedException)
        {
            // A timer that was on its way while the process ends: thrown from there it would be a crash.
        }
    }
}
