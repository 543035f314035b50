using System.Collections.Concurrent;
using Monitor.Core.Ports;
using Monitor.Core.Probing;

namespace Monitor.Gateway.Web.Live;

/// <summary>
/// The last hour of each target, two minutes a slot, in memory: what the strips on the overview are drawn from. A slot keeps its worst result.
/// Fed by every check that ends in this process, by the store for the hour before that, and by other silos for what runs there.
/// </summary>
internal sealed class RecentPast(TimeProvider time) : IRecentPast
{
    public const int Slots = 30;

    public static readonly TimeSpan SlotLength = TimeSpan.FromMinutes(2);

    private readonly ConcurrentDictionary<long, Ring> _hours = new();

    public long CurrentSlot => Slot(time.GetUtcNow());

    /// <summary>A check that has ended. Late and skipped ones say nothing.</summary>
    public void Add(CheckRecord result)
    {
        var mark = result switch
        {
            { Outcome: ProbeOutcome.Failed } => Mark.Failed,
            { Outcome: ProbeOutcome.Ok, Warnings.Count: > 0 } => Mark.Warned,
            { Outcome: ProbeOutcome.Ok } => Mark.Ok,
            _ => Mark.None,
        };
        if (mark != Mark.None)
        {
            Add(result.TargetId, result.CheckedAt, mark);
        }
    }

    public void Add(long targetId, DateTimeOffset at, Mark mark)
    {
        var hour = _hours.GetOrAdd(targetId, static _ => new Ring());
        lock (hour)
        {
            hour.Add(Slot(at), mark);
        }
    }

    /// <summary>Oldest first, <see cref="Slots"/> marks. The last is the slot that is running now, or the one before while nothing has ended in it yet.</summary>
    public Mark[] Of(long targetId)
    {
        var marks = new Mark[Slots];
        if (_hours.TryGetValue(targetId, out var hour))
        {
            lock (hour)
            {
                hour.CopyTo(marks, CurrentSlot);
                if (marks[^1] == Mark.None && marks[^2] != Mark.None)
                {
                    hour.CopyTo(marks, CurrentSlot - 1);
                }
            }
        }

        return marks;
    }

    public PastHour? Hour(long targetId)
    {
        if (!_hours.TryGetValue(targetId, out var hour))
        {
            return null;
        }

        var marks = new Mark[Slots];
        var current = CurrentSlot;
        lock (hour)
        {
            hour.CopyTo(marks, current);
        }

        return new PastHour(current, string.Create(Slots, marks, static (text, marks) =>
        {
            for (var i = 0; i < text.Length; i++)
            {
                text[i] = (char)('0' + (int)marks[i]);
            }
        }));
    }

    /// <summary>What another silo has seen. What it does not say in a way that is known here is left out.</summary>
    public void Add(long targetId, PastHour seen)
    {
        var hour = _hours.GetOrAdd(targetId, static _ => new Ring());
        lock (hour)
        {
            for (var i = 0; i < seen.Marks.Length; i++)
            {
                if (seen.Marks[i] is > '0' and <= '3')
                {
                    hour.Add(seen.LastSlot - seen.Marks.Length + 1 + i, (Mark)(seen.Marks[i] - '0'));
                }
            }
        }
    }

    public void Forget(long targetId) => _hours.TryRemove(targetId, out _);

    private static long Slot(DateTimeOffset at) => at.UtcTicks / SlotLength.Ticks;

    private sealed class Ring
    {
        private readonly Mark[] _ring = new Mark[Slots];
        private long _last = long.MinValue;

        public void Add(long slot, Mark mark)
        {
            if (_last == long.MinValue)
            {
                _last = slot;
            }

            if (slot <= _last - Slots)
            {
                return;
            }

            for (; _last < slot; _last++)
            {
                _ring[(int)((_last + 1) % Slots)] = Mark.None;
                if (slot - _last > Slots)
                {
                    Array.Clear(_ring);
                    _last = slot - 1;
                }
            }

            ref var kept = ref _ring[(int)(slot % Slots)];
            kept = mark > kept ? mark : kept;
        }

        public void CopyTo(Mark[] marks, long current)
        {
            for (var i = 0; i < Slots; i++)
            {
                var slot = current - Slots + 1 + i;
                marks[i] = slot <= _last && slot > _last - Slots ? _ring[(int)(slot % Slots)] : Mark.None;
            }
        }
    }
}

/// <summary>The worst that was seen in a slot.</summary>
public enum Mark : byte
{
    None,
    Ok,
    Warned,
    Failed,
}
