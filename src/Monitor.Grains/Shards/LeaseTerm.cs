using Monitor.Grains.Shards.Leases;

namespace Monitor.Grains.Shards;

/// <summary>
/// Until when this silo has its shards, read by whoever is about to decide, write or tell. Asked of the clock each time: after a freeze nobody has yet said that the lease is over,
/// and it is.
/// </summary>
public sealed class LeaseTerm(SteadyClock clock)
{
    private long _until = long.MinValue;
    private int _looking;

    public bool Holds => clock.Now.Ticks < Volatile.Read(ref _until);

    /// <summary>Targets may be probed; what comes of it may only be shown unless <see cref="Holds"/>.</summary>
    public bool MayProbe => Holds || Volatile.Read(ref _looking) != 0;

    /// <summary>Cut off: it sees what is down, and that is all it may say.</summary>
    public bool IsLooking => !Holds && Volatile.Read(ref _looking) != 0;

    internal void Publish(TimeSpan until, LeaseStanding standing)
    {
        Volatile.Write(ref _until, until.Ticks);
        Volatile.Write(ref _looking, standing == LeaseStanding.Looking ? 1 : 0);
    }
}
