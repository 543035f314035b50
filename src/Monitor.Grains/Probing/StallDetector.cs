using Microsoft.Extensions.Logging;

namespace Monitor.Grains.Probing;

/// <summary>
/// Tells whether this process stood still: a ticker on the thread pool that everything else must get past as well. What ended badly meanwhile says nothing about
/// the target. Until it is started nothing counts as a stall.
/// </summary>
public sealed partial class StallDetector : IDisposable
{
    public static readonly TimeSpan Period = TimeSpan.FromMilliseconds(50);

    /// <summary>A tick that comes more than this after its time is a stall.</summary>
    public static readonly TimeSpan Slip = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// The monotonic clock does not run on while the machine is suspended, the wall clock does: connections made before it are as dead as after a stall.
    /// Smaller steps are NTP's.
    /// </summary>
    private static readonly TimeSpan Suspended = TimeSpan.FromSeconds(2);

    /// <summary>From here on a person is told: turns were missed, or a lease has lapsed.</summary>
    private static readonly TimeSpan Told = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time;
    private readonly ILogger<StallDetector> _log;
    private readonly ITimer _timer;
    private long _lastTick;
    private long _lastWall;
    private long _stalledAt = long.MinValue;
    private bool _started;

    public StallDetector(TimeProvider time, ILogger<StallDetector> log)
    {
        (_time, _log) = (time, log);
        _timer = time.CreateTimer(static detector => ((StallDetector)detector!).Tick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Start()
    {
        _lastWall = _time.GetUtcNow().UtcTicks;
        Volatile.Write(ref _lastTick, _time.GetTimestamp());
        Volatile.Write(ref _started, true);
        _timer.Change(Period, Period);
    }

    /// <summary>Whether a stall touched the time from <paramref name="timestamp"/> until now; also one whose tick has yet to run.</summary>
    public bool StalledSince(long timestamp)
    {
        if (!Volatile.Read(ref _started))
        {
            return false;
        }

        return Volatile.Read(ref _stalledAt) >= timestamp || _time.GetElapsedTime(Volatile.Read(ref _lastTick)) > Period + Slip;
    }

    public void Dispose() => _timer.Dispose();

    private void Tick()
    {
        var now = _time.GetTimestamp();
        var wall = _time.GetUtcNow().UtcTicks;
        var gap = _time.GetElapsedTime(Volatile.Read(ref _lastTick), now);
        var wallGap = new TimeSpan(wall - _lastWall);
        if (gap > Period + Slip || wallGap - gap > Suspended)
        {
            Volatile.Write(ref _stalledAt, now);
        }

        _lastWall = wall;
        Volatile.Write(ref _lastTick, now);
        if (gap > Period + Told)
        {
            LogStoodStill((gap - Period).TotalSeconds);
        }
        else if (wallGap - gap > Suspended)
        {
            LogSuspended((wallGap - gap).TotalSeconds);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "This process stood still for {Seconds:0.0} s (no processor, or no thread): checks that were due meanwhile are late or missed, and failures of that time count for nothing")]
    private partial void LogStoodStill(double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The wall clock went on by {Seconds:0.0} s at once: this machine was suspended, or its clock was set; failures of that moment count for nothing")]
    private partial void LogSuspended(double seconds);
}
