namespace Monitor.Grains.Scheduling;

/// <summary>
/// All due times in one heap, and the rules for what a late look means. Not thread-safe; no clock of its own. Invariants: each turn is in it at most
/// once; what is taken has been given its next due time in the same step, so that no error can lose a turn.
/// </summary>
public sealed class Timetable
{
    /// <summary>A look this long after the last one means that the process stood still: it looks several times a second.</summary>
    private static readonly long StallTicks = TimeSpan.FromSeconds(1).Ticks;

    private ScheduledTurn[] _heap = new ScheduledTurn[64];
    private long? _lastLook;

    public int Count { get; private set; }

    /// <summary>UTC ticks; the end of time when there is nothing.</summary>
    public long NextDue => Count == 0 ? long.MaxValue : _heap[0].Due;

    /// <summary>Puts a turn in, or moves it.</summary>
    public void Set(ScheduledTurn turn, long due)
    {
        turn.Owed = 0;
        Place(turn, due);
    }

    public void Remove(ScheduledTurn turn)
    {
        var place = turn.Place;
        if (place < 0)
        {
            return;
        }

        turn.Place = -1;
        turn.Owed = 0;
        var last = _heap[--Count];
        _heap[Count] = null!;
        if (last != turn)
        {
            Put(last, place);
            Sift(last);
        }
    }

    /// <summary>
    /// Takes what is due and arms each for its next turn. After a stall the turns that passed meanwhile are put off by its length where that is sooner than
    /// their next one: together with the regular turns that is at most twice the steady rate, and a rare check is not lost for a whole interval.
    /// </summary>
    public void TakeDue(long now, List<DueTurn> taken)
    {
        var stall = now - (_lastLook ?? now);
        _lastLook = now;
        while (Count > 0 && _heap[0].Due <= now)
        {
            var turn = _heap[0];
            taken.Add(stall > StallTicks && turn.Owed == 0 ? PutOff(turn, now, stall) : Take(turn, now));
        }
    }

    private DueTurn Take(ScheduledTurn turn, long now)
    {
        var due = turn.Owed != 0 ? turn.Owed : turn.Due;
        var missed = turn.TurnsBetween(turn.Due, now);
        turn.Owed = 0;
        Place(turn, turn.NextAfter(turn.Due, now));
        return new DueTurn(turn, due, missed, Runs: true);
    }

    private DueTurn PutOff(ScheduledTurn turn, long now, long stall)
    {
        var due = turn.Due;
        var missed = turn.TurnsBetween(due, now);
        var next = turn.NextAfter(due, now);
        // One that was put in at the very moment of the last look may have been due before it: at once then, and never only at its next turn.
        var later = Math.Max(due + stall, now);
        if (later < next)
        {
            turn.Owed = due;
            Place(turn, later);
            return new DueTurn(turn, due, missed, Runs: false);
        }

        Place(turn, next);
        return new DueTurn(turn, due, missed + 1, Runs: false);
    }

    private void Place(ScheduledTurn turn, long due)
    {
        turn.Due = due;
        if (turn.Place < 0)
        {
            if (Count == _heap.Length)
            {
                Array.Resize(ref _heap, Count * 2);
            }

            Put(turn, Count++);
        }

        Sift(turn);
    }

    private void Sift(ScheduledTurn turn)
    {
        while (turn.Place > 0 && _heap[(turn.Place - 1) / 2] is var above && above.Due > turn.Due)
        {
            Swap(turn, above);
        }

        while (LowestBelow(turn) is { } below && below.Due < turn.Due)
        {
            Swap(turn, below);
        }
    }

    private ScheduledTurn? LowestBelow(ScheduledTurn turn)
    {
        var left = 2 * turn.Place + 1;
        if (left >= Count)
        {
            return null;
        }

        var right = left + 1;
        return right < Count && _heap[right].Due < _heap[left].Due ? _heap[right] : _heap[left];
    }

    private void Swap(ScheduledTurn one, ScheduledTurn other)
    {
        var place = one.Place;
        Put(one, other.Place);
        Put(other, place);
    }

    private void Put(ScheduledTurn turn, int place)
    {
        _heap[place] = turn;
        turn.Place = place;
    }
}

/// <param name="Due">UTC ticks; when it was due at first.</param>
/// <param name="Missed">Turns that passed without a run.</param>
/// <param name="Runs">False: only to be counted; it was put off or given up.</param>
public readonly record struct DueTurn(ScheduledTurn Turn, long Due, long Missed, bool Runs);
