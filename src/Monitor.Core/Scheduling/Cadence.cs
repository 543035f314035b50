using Monitor.Core.Shards;

namespace Monitor.Core.Scheduling;

/// <summary>
/// When a target is due. Each has a fixed phase from its id and a due time is the next multiple after now, so that 30 s stays 30 s,
/// a pause is not followed by a burst, and another silo keeps the same rhythm.
/// </summary>
public static class Cadence
{
    /// <summary>The target's place within its interval: [0, interval).</summary>
    public static TimeSpan Phase(long targetId, TimeSpan interval) =>
        new((long)(ShardMap.Mix((ulong)targetId) % (ulong)interval.Ticks));

    /// <summary>The first due time strictly after <paramref name="now"/>.</summary>
    public static DateTimeOffset Next(long targetId, TimeSpan interval, DateTimeOffset now)
    {
        var phase = Phase(targetId, interval).Ticks;
        var turns = (now.UtcTicks - phase) / interval.Ticks + 1;
        return new DateTimeOffset(turns * interval.Ticks + phase, TimeSpan.Zero);
    }

    /// <summary>How many due times lie in (<paramref name="after"/>, <paramref name="until"/>]: the turns that a pause has missed.</summary>
    public static long Turns(long targetId, TimeSpan interval, DateTimeOffset after, DateTimeOffset until)
    {
        var phase = Phase(targetId, interval).Ticks;
        return (until.UtcTicks - phase) / interval.Ticks - (after.UtcTicks - phase) / interval.Ticks;
    }
}
