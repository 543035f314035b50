using FsCheck;
using FsCheck.Fluent;
using Monitor.Core.Scheduling;
using Xunit;

namespace Monitor.UnitTests.Scheduling;

public sealed class CadenceTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly Gen<(long Id, TimeSpan Interval, DateTimeOffset Now)> Cases =
        from id in Gen.Choose(1, int.MaxValue)
        from seconds in Gen.Frequency((3, Gen.Choose(1, 120)), (1, Gen.Choose(1, 86_400)))
        from millis in Gen.Choose(0, 1_000_000_000)
        select ((long)id, TimeSpan.FromSeconds(seconds), Start.AddMilliseconds(millis));

    [Fact]
    public void The_next_turn_is_after_now_and_at_most_one_interval_away() => Check((id, interval, now) =>
    {
        var wait = Cadence.Next(id, interval, now) - now;
        return wait > TimeSpan.Zero && wait <= interval;
    });

    [Fact]
    public void From_turn_to_turn_it_is_just_one_interval_so_that_nothing_drifts() => Check((id, interval, now) =>
    {
        var next = Cadence.Next(id, interval, now);
        return Cadence.Next(id, interval, next) - next == interval && Cadence.Next(id, interval, next.AddTicks(-1)) == next;
    });

    [Fact]
    public void The_rhythm_does_not_depend_on_when_somebody_looks() => Check((id, interval, now) =>
        (Cadence.Next(id, interval, now) - Cadence.Next(id, interval, now.AddDays(-3))).Ticks % interval.Ticks == 0);

    [Fact]
    public void Turns_counts_each_due_time_of_a_pause_once() => Check((id, interval, now) =>
    {
        var next = Cadence.Next(id, interval, now);
        return Cadence.Turns(id, interval, now, next.AddTicks(-1)) == 0
            && Cadence.Turns(id, interval, now, next) == 1
            && Cadence.Turns(id, interval, next, next + 7 * interval) == 7;
    });

    [Fact]
    public void Ten_thousand_targets_at_30_s_give_no_second_more_than_twice_the_steady_rate()
    {
        var interval = TimeSpan.FromSeconds(30);
        var busiest = Enumerable.Range(1, 10_000).GroupBy(id => (int)Cadence.Phase(id, interval).TotalSeconds).Max(second => second.Count());

        Assert.InRange(busiest, 1, 2 * 10_000 / 30);
    }

    private static void Check(Func<long, TimeSpan, DateTimeOffset, bool> rule) =>
        Prop.ForAll(Cases.ToArbitrary(), given => rule(given.Id, given.Interval, given.Now)).QuickCheckThrowOnFailure();
}
