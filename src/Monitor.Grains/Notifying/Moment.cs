namespace Monitor.Grains.Notifying;

/// <summary>Now, on both clocks: the one that never jumps decides, the wall's is what is stored and shown.</summary>
internal readonly record struct Moment(TimeSpan Elapsed, DateTimeOffset Wall)
{
    public static Moment Of(TimeProvider time) => new(time.GetElapsedTime(0), time.GetUtcNow());
}
