using Monitor.Core.Scheduling;
using Monitor.Grains.Scheduling;

namespace Monitor.UnitTests.Grains.Scheduling;

/// <summary>A turn with a target's rhythm that notes what the scheduler does with it. It is under way until <see cref="End"/>, or not at all when it is quick.</summary>
internal sealed class RecordingTurn(long id, TimeSpan interval, bool quick = true, Action? onRun = null) : ScheduledTurn
{
    private int _busy;
    private int _runs;
    private long _missed;
    private volatile TaskCompletionSource? _handedOver;

    public int Runs => Volatile.Read(ref _runs);

    public long MissedTurns => Volatile.Read(ref _missed);

    /// <summary>Completes when the thread pool has run what was handed to it.</summary>
    public Task SettledAsync() => _handedOver?.Task ?? Task.CompletedTask;

    public long First(DateTimeOffset now) => Cadence.Next(id, interval, now).UtcTicks;

    public void End() => Volatile.Write(ref _busy, 0);

    public override long NextAfter(long due, long now) => Cadence.Next(id, interval, new DateTimeOffset(now, TimeSpan.Zero)).UtcTicks;

    public override long TurnsBetween(long due, long now) =>
        Cadence.Turns(id, interval, new DateTimeOffset(due, TimeSpan.Zero), new DateTimeOffset(now, TimeSpan.Zero));

    public override bool TryBegin(long due)
    {
        if (Interlocked.Exchange(ref _busy, 1) == 1)
        {
            return false;
        }

        _handedOver = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return true;
    }

    public override void Missed(long turns) => Interlocked.Add(ref _missed, turns);

    public override void Execute()
    {
        if (quick)
        {
            End();
        }

        Interlocked.Increment(ref _runs);
        onRun?.Invoke();
        _handedOver?.SetResult();
    }
}
