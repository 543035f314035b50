namespace Monitor.Grains.Shards;

/// <summary>A clock that only goes forward, by which leases are counted. Its zero means nothing.</summary>
public abstract class SteadyClock
{
    public abstract TimeSpan Now { get; }

    /// <summary>
    /// The machine's, which runs on while it is suspended: by one that stands still (as <see cref="TimeProvider"/>'s does on Linux) a silo that wakes up would believe in a lease
    /// that others have long taken over.
    /// </summary>
    public static SteadyClock Machine(TimeProvider time) => BootClock.TryRead(out _) ? new BootClock() : new Provided(time);

    /// <summary>That of a time provider.</summary>
    public static SteadyClock Of(TimeProvider time) => new Provided(time);

    private sealed class Provided(TimeProvider time) : SteadyClock
    {
        private readonly long _start = time.GetTimestamp();

        public override TimeSpan Now => time.GetElapsedTime(_start);
    }
}
