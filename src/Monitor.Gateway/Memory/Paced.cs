namespace Monitor.Gateway.Memory;

/// <summary>Something that is read again and again, the seldomer the longer it takes.</summary>
/// <param name="every">At least this lies between two readings.</param>
/// <param name="share">At most one part of so many of the time goes into it.</param>
/// <param name="atMost">
/// Never longer than this between two: on a busy machine one slow reading put the next one off by a quarter of a minute, and what was made meanwhile through another silo was unknown
/// here when the store went away.
/// </param>
internal sealed class Paced(TimeSpan every, int share, TimeSpan atMost)
{
    private long? _endedAt;
    private TimeSpan _took;

    /// <param name="anyway">Also before its time.</param>
    public async Task RunAsync(TimeProvider time, bool anyway, Func<Task> read)
    {
        if (!anyway && _endedAt is { } ended && time.GetElapsedTime(ended) < Pause())
        {
            return;
        }

        var began = time.GetTimestamp();
        await read();
        (_endedAt, _took) = (time.GetTimestamp(), time.GetElapsedTime(began));
    }

    private TimeSpan Pause() => TimeSpan.FromTicks(Math.Clamp(_took.Ticks * share, every.Ticks, atMost.Ticks));
}
