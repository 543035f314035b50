namespace Monitor.Grains.Scheduling;

/// <summary>The last seconds in figures: runs a second, and how late runs started. Written from many threads, without a lock.</summary>
public sealed class PulseWindow(TimeProvider time)
{
    private const int Seconds = 10;

    /// <summary>One second more than is read, and one that is being written.</summary>
    private const int Slots = Seconds + 2;

    private readonly long[] _seconds = new long[Slots];
    private readonly int[] _counts = new int[Slots];
    private readonly float[] _lateness = new float[4096];
    private readonly long _startedAt = time.GetTimestamp();
    private int _started;

    public void Ran()
    {
        var second = Second();
        var slot = (int)(second % Slots);
        var seen = Volatile.Read(ref _seconds[slot]);
        if (seen != second && Interlocked.CompareExchange(ref _seconds[slot], second, seen) == seen)
        {
            Volatile.Write(ref _counts[slot], 0);
        }

        Interlocked.Increment(ref _counts[slot]);
    }

    public void Started(TimeSpan late)
    {
        var index = Interlocked.Increment(ref _started) - 1;
        _lateness[(uint)index % (uint)_lateness.Length] = (float)late.TotalMilliseconds;
    }

    /// <summary>Runs a second over the last ten whole seconds, or since the start when that is less.</summary>
    public double PerSecond()
    {
        var now = Second();
        var runs = 0L;
        for (var i = 0; i < Slots; i++)
        {
            var second = Volatile.Read(ref _seconds[i]);
            if (second < now && second >= now - Seconds)
            {
                runs += Volatile.Read(ref _counts[i]);
            }
        }

        return (double)runs / Math.Clamp(now - 1, 1, Seconds);
    }

    /// <summary>Milliseconds; of the last 4,096 starts; 0 when there were none.</summary>
    public double LatenessP99()
    {
        var started = Volatile.Read(ref _started);
        var seen = started < 0 ? _lateness.Length : Math.Min(started, _lateness.Length);
        if (seen == 0)
        {
            return 0;
        }

        var sorted = _lateness.AsSpan(0, seen).ToArray();
        Array.Sort(sorted);
        return sorted[(int)Math.Ceiling(seen * 0.99) - 1];
    }

    /// <summary>From 1, so that an empty slot (0) is never taken for the present second.</summary>
    private long Second() => (long)time.GetElapsedTime(_startedAt).TotalSeconds + 1;
}
