namespace Monitor.UnitTests.Grains.Shards.Leases;

/// <summary>
/// What is to happen, the earliest first; what is due at the same time, in the order in which it was put down. Of the two things that every step of the protocol leaves behind and that mostly never
/// come, the next tick stands with its silo, and the end of a call's patience in a queue of its own. So there are seldom more than a few others: a sorted list, the next one last.
/// </summary>
internal sealed class Calendar(List<SimSilo> living)
{
    private readonly List<Due> _due = [];

    /// <summary>In the order in which the calls were made, which is that of their ends.</summary>
    private readonly Queue<(TimeSpan At, long Order, StoreCall Call)> _deadlines = new();
    private TimeSpan _nextDeadline = TimeSpan.MaxValue;
    private long _order;

    public void Add(TimeSpan at, SimSilo? silo, IHappening what) => Add(new Due(at, ++_order, silo, what));

    public void AddDeadline(TimeSpan at, StoreCall call)
    {
        _deadlines.Enqueue((at, ++_order, call));
        _nextDeadline = _deadlines.Count == 1 ? at : _nextDeadline;
    }

    /// <returns>A place in the order.</returns>
    public long AddTick() => ++_order;

    /// <summary>What is next, if it is due until then; it stands here no longer.</summary>
    public bool TryTake(TimeSpan until, out Due due)
    {
        while (true)
        {
            var ticks = NextToTick();
            var isTick = ticks is not null && (_due.Count == 0 || IsBefore(ticks, _due[^1]));
            var at = isTick ? ticks!.TickAt : _due.Count > 0 ? _due[^1].At : TimeSpan.MaxValue;
            if (_nextDeadline <= at && _nextDeadline <= until)
            {
                BringDeadline();
                continue;
            }

            if (at > until)
            {
                due = default;
                return false;
            }

            if (isTick)
            {
                due = new Due(at, ticks!.TickOrder, ticks, ticks);
                return true;
            }

            due = _due[^1];
            _due.RemoveAt(_due.Count - 1);
            if (due.Silo is not { } silo || (silo.Alive && due.At >= silo.FrozenUntil))
            {
                return true;
            }

            if (silo.Alive)
            {
                Add(due with { At = silo.FrozenUntil });
            }
        }
    }

    private void Add(Due due)
    {
        var index = _due.Count;
        while (index > 0 && due.IsAfter(_due[index - 1]))
        {
            index--;
        }

        _due.Insert(index, due);
    }

    private static bool IsBefore(SimSilo ticks, in Due due) => ticks.TickAt < due.At || (ticks.TickAt == due.At && ticks.TickOrder < due.Order);

    private SimSilo? NextToTick()
    {
        SimSilo? next = null;
        foreach (var silo in living)
        {
            if (next is null || silo.TickAt < next.TickAt || (silo.TickAt == next.TickAt && silo.TickOrder < next.TickOrder))
            {
                next = silo;
            }
        }

        return next;
    }

    /// <summary>The next deadline comes into the list, if its call is still under way.</summary>
    private void BringDeadline()
    {
        var (at, order, call) = _deadlines.Dequeue();
        _nextDeadline = _deadlines.TryPeek(out var next) ? next.At : TimeSpan.MaxValue;
        if (!call.Ended)
        {
            Add(new Due(at, order, call.Caller, new Deadline(call)));
        }
    }
}

/// <param name="Order">Of all that was ever put down.</param>
/// <param name="Silo">To whom it happens: not while that one is frozen, and never when it is dead.</param>
internal readonly record struct Due(TimeSpan At, long Order, SimSilo? Silo, IHappening What)
{
    public bool IsAfter(in Due other) => At > other.At || (At == other.At && Order > other.Order);
}

internal interface IHappening
{
    void Happen();
}

/// <summary>The caller gives it up, if it has not been answered yet.</summary>
internal sealed class Deadline(StoreCall call) : IHappening
{
    public void Happen() => call.End(answered: false);
}

internal sealed class Happening(Action what) : IHappening
{
    public void Happen() => what();
}
