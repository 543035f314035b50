namespace Monitor.Grains.Writing;

/// <summary>
/// How often commits that somebody waits for may start (the others go by their age, and under load ride along): 22 a second in the long run, 55 at once
/// after a pause. So a transition and the claim of its delivery go out at once, also ten times a second, while a storm of transitions becomes few
/// transactions, each with whatever has come up meanwhile: 390 at most in 15 s.
/// </summary>
public sealed class CommitPace(TimeProvider time)
{
    public const int Burst = 55;

    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(45);

    // The moment from which on the bucket would be full if nothing more were taken: it lies ahead by one interval for each token that is gone.
    private long _full = long.MinValue;

    private long Step => (long)(Interval.TotalSeconds * time.TimestampFrequency);

    /// <summary>Zero when a commit may start now.</summary>
    public TimeSpan Wait()
    {
        var now = time.GetTimestamp();
        var ahead = Math.Max(_full, now) - now - (Burst - 1) * Step;
        return ahead <= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds((double)ahead / time.TimestampFrequency);
    }

    public bool TryTake()
    {
        if (Wait() > TimeSpan.Zero)
        {
            return false;
        }

        _full = Math.Max(_full, time.GetTimestamp()) + Step;
        return true;
    }
}
