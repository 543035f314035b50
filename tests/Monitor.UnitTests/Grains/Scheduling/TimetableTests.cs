using FsCheck;
using FsCheck.Fluent;
using Monitor.Grains.Scheduling;
using Xunit;

namespace Monitor.UnitTests.Grains.Scheduling;

public sealed class TimetableTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan HalfMinute = TimeSpan.FromSeconds(30);

    [Fact]
    public void Turns_come_in_the_order_of_their_due_times_whatever_was_moved_or_removed() =>
        Prop.ForAll(Gen.Choose(0, 1000).ArrayOf().ToArbitrary(), numbers =>
        {
            var table = new Timetable();
            var turns = numbers.Select((_, i) => new RecordingTurn(i + 1, TimeSpan.FromDays(1000))).ToArray();
            var expected = new List<long>();
            for (var i = 0; i < numbers.Length; i++)
            {
                table.Set(turns[i], numbers[i]);
            }

            for (var i = 0; i < numbers.Length; i++)
            {
                if (numbers[i] % 3 == 0)
                {
                    table.Remove(turns[i]);
                    table.Remove(turns[i]);
                }
                else
                {
                    var due = numbers[i] % 3 == 1 ? numbers[i] : 1000 - numbers[i];
                    table.Set(turns[i], due);
                    expected.Add(due);
                }
            }

            var taken = new List<DueTurn>();
            table.TakeDue(2000, taken);
            return table.Count == expected.Count && taken.Select(turn => turn.Due).SequenceEqual(expected.Order());
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void An_hour_of_looks_gives_each_target_exactly_its_turns_without_drift()
    {
        var table = new Timetable();
        var turns = Enumerable.Range(1, 50).Select(id => new RecordingTurn(id, HalfMinute)).ToArray();
        foreach (var turn in turns)
        {
            table.Set(turn, turn.First(Start));
        }

        var dues = Looks(table, Start, 36_000).ToLookup(due => due.Turn, due => due.Due);

        Assert.All(turns, turn =>
        {
            var mine = dues[turn].ToArray();
            Assert.Equal(120, mine.Length);
            Assert.All(mine.Skip(1).Zip(mine), pair => Assert.Equal(HalfMinute.Ticks, pair.First - pair.Second));
        });
    }

    [Fact]
    public void After_a_stall_nothing_bursts_and_nothing_waits_for_a_whole_interval()
    {
        var table = new Timetable();
        var turns = Enumerable.Range(1, 3000).Select(id => new RecordingTurn(id, HalfMinute)).ToArray();
        foreach (var turn in turns)
        {
            table.Set(turn, turn.First(Start));
        }

        Looks(table, Start, 300);
        var back = Start.AddSeconds(30 + 10);
        var after = Looks(table, back, 400).ToArray();

        var runs = after.Where(due => due.Runs).ToArray();
        Assert.InRange(Busiest(runs), 1, 2 * 3000 / 30 * 5 / 4);
        Assert.Equal(0, after.Sum(due => due.Missed));
        Assert.Equal(turns.Length, runs.Select(due => due.Turn).Distinct().Count());
    }

    /// <summary>A turn that is to come at once is put in by another thread, which may be late: its time is then before the last look.</summary>
    [Fact]
    public void A_turn_put_in_as_the_stall_began_is_not_lost_for_an_interval()
    {
        var table = new Timetable();
        Looks(table, Start, 1);
        var turn = new RecordingTurn(7, TimeSpan.FromHours(24));
        table.Set(turn, Start.AddMilliseconds(-5).UtcTicks);

        Assert.Contains(Looks(table, Start.AddSeconds(10), 1), due => due.Runs);
    }

    [Fact]
    public void Turns_that_a_stall_swallowed_for_good_are_counted()
    {
        var table = new Timetable();
        var turn = new RecordingTurn(7, TimeSpan.FromSeconds(1));
        table.Set(turn, turn.First(Start));
        Looks(table, Start, 1);

        var due = Assert.Single(Looks(table, Start.AddSeconds(60), 1));

        Assert.False(due.Runs);
        Assert.InRange(due.Missed, 59, 60);
        Assert.InRange(table.NextDue, Start.AddSeconds(60).UtcTicks + 1, Start.AddSeconds(61).UtcTicks);
    }

    [Fact]
    public void A_turn_that_was_put_off_still_says_when_it_was_due_at_first()
    {
        var table = new Timetable();
        var turn = new RecordingTurn(7, TimeSpan.FromHours(24));
        var due = Start.AddSeconds(3).UtcTicks;
        table.Set(turn, due);
        Looks(table, Start, 1);

        Assert.False(Assert.Single(Looks(table, Start.AddSeconds(10), 1)).Runs);
        var late = Assert.Single(Looks(table, Start.AddSeconds(10.1), 120), taken => taken.Runs);

        Assert.Equal(due, late.Due);
        Assert.InRange(table.NextDue, Start.AddSeconds(14).UtcTicks, Start.AddDays(2).UtcTicks);
    }

    private static int Busiest(IEnumerable<Seen> runs) => runs.GroupBy(seen => seen.At / TimeSpan.TicksPerSecond).Max(second => second.Count());

    /// <summary>Looks every 100 ms.</summary>
    private static List<Seen> Looks(Timetable table, DateTimeOffset from, int looks)
    {
        var all = new List<Seen>();
        var taken = new List<DueTurn>();
        for (var i = 0; i < looks; i++)
        {
            var now = (from + i * Look).UtcTicks;
            taken.Clear();
            table.TakeDue(now, taken);
            all.AddRange(taken.Select(due => new Seen(due.Turn, due.Due, due.Missed, due.Runs, now)));
        }

        return all;
    }

    private sealed record Seen(ScheduledTurn Turn, long Due, long Missed, bool Runs, long At);
}
