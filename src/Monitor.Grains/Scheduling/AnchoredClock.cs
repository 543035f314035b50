namespace Monitor.Grains.Scheduling;

/// <summary>
/// The time by which turns are due: the wall clock as it was at the start, plus the time that has passed since. A step of the wall clock (NTP, a person)
/// moves no turn: by the wall clock itself, an hour forward would be a burst and an hour back an hour of silence.
/// </summary>
public sealed class AnchoredClock(TimeProvider time)
{
    private readonly DateTimeOffset _start = time.GetUtcNow();
    private readonly long _startedAt = time.GetTimestamp();

    public TimeProvider Time => time;

    /// <summary>UTC ticks of the anchored time.</summary>
    public long Ticks => _start.UtcTicks + time.GetElapsedTime(_startedAt).Ticks;

    public DateTimeOffset Now => new(Ticks, TimeSpan.Zero);

    public DateTimeOffset Wall => time.GetUtcNow();
}
