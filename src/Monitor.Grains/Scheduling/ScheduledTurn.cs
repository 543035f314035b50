namespace Monitor.Grains.Scheduling;

/// <summary>Something that is due again and again. Belongs to one <see cref="Timetable"/> at most; times are UTC ticks of the anchored clock.</summary>
public abstract class ScheduledTurn : IThreadPoolWorkItem
{
    /// <summary>Index in the timetable's heap; -1 while it is in none.</summary>
    internal int Place { get; set; } = -1;

    internal long Due { get; set; }

    /// <summary>When a turn that a stall has put off was due at first; 0 when none was.</summary>
    internal long Owed { get; set; }

    /// <summary>The first turn after <paramref name="now"/>, given that the one of <paramref name="due"/> is taken.</summary>
    public abstract long NextAfter(long due, long now);

    /// <summary>How many turns lie in (<paramref name="due"/>, <paramref name="now"/>].</summary>
    public abstract long TurnsBetween(long due, long now);

    /// <summary>Called in the scheduler's loop, so it only takes note. False: the last turn is still under way.</summary>
    public abstract bool TryBegin(long due);

    /// <summary>Turns that passed without a run of their own.</summary>
    public abstract void Missed(long turns);

    /// <summary>The turn itself: called by the scheduler, so that it may only begin things, after <see cref="TryBegin"/> said yes. Must not throw.</summary>
    public abstract void Execute();
}
