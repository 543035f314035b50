using Monitor.Core.Alerts;
using Monitor.Core.Health;
using Monitor.Core.Probing;
using Xunit;

namespace Monitor.UnitTests.Health;

public sealed class StrayPlanTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Now = Start.AddMinutes(10);
    private static readonly HealthState Well = HealthState.New("http", Start) with { Status = HealthStatus.Healthy, LastEpisode = 4 };
    private static readonly HealthRules Rules = new("http", true, 3, 1, true, [9]);
    private static readonly SeenCheck[] Good = [new(Start.AddMinutes(9), Failed: false, Warned: false)];

    [Fact]
    public void The_same_number_at_overlapping_times_is_the_same_episode()
    {
        Assert.Equal(StrayOutcome.Known, Plan(Stray(5, 0, 2), Well, Good, null, [Alert(5, 1, null)]).Outcome);
        Assert.Equal(StrayOutcome.Known, Plan(Stray(5, 0, null), Well, Good, null, [Alert(5, 1, 3)]).Outcome);
        Assert.Equal(StrayOutcome.Known, Plan(Stray(5, 0, 2), Well, Good, null, [Alert(9, 0, 2) with { ToldAs = 5 }]).Outcome);
    }

    [Fact]
    public void What_nobody_else_has_seen_keeps_its_number()
    {
        var plan = Plan(Stray(5, 0, 2), Well, Good, null, [Alert(4, -9, -8)]);
        Assert.Equal((StrayOutcome.Own, 5, null), (plan.Outcome, plan.Record!.Episode, plan.Record.ToldAs));
        Assert.Equal(Start.AddMinutes(2), plan.Record.ResolvedAt);
        Assert.Equal([DeliveryKind.Firing, DeliveryKind.Resolved], plan.Deliveries!.Select(row => row.Key.Kind));
    }

    [Fact]
    public void A_number_that_was_given_to_another_outage_meanwhile_is_remembered_as_told()
    {
        var plan = Plan(Stray(5, 0, 2), Well with { LastEpisode = 6 }, Good, null, [Alert(5, 3, 4), Alert(6, 5, null)]);
        Assert.Equal((7, 5), (plan.Record!.Episode, plan.Record.ToldAs));
        Assert.Equal("#1-5", plan.Record.Reference);
        Assert.All(plan.Deliveries!, row => Assert.Equal(7, row.Key.Episode));
    }

    /// <summary>Its record is yet to come: another one under its number would have its notices for its own, and be told to nobody.</summary>
    [Fact]
    public void No_number_is_given_under_which_something_else_was_told()
    {
        Assert.Equal((8, 5, null), Names(Plan(Stray(5, 0, 2), Well with { LastEpisode = 5 }, Good, null, [Alert(5, 3, 4)], lastTold: 7)));
        Assert.Equal((6, null, null), Names(Plan(Stray(6, 0, 2), Well with { LastEpisode = 5 }, Good, null, [Alert(5, 3, 4)], lastTold: 7)));
    }

    [Fact]
    public void An_alert_that_nobody_has_ended_is_over_when_its_target_is_well_and_whoever_heard_it_hears_that()
    {
        var plan = Plan(Stray(5, 0, null), Well, Good, null, []);
        Assert.Equal((Now, ResolvedReason.Recovered), (plan.Record!.ResolvedAt!.Value, plan.Record.ResolvedReason!.Value));
        var recovery = plan.Deliveries!.Single(row => row.Key.Kind == DeliveryKind.Resolved);
        Assert.Equal((new DeliveryKey(1, 5, DeliveryKind.Resolved, 9), DeliveryStatus.Pending), (recovery.Key, recovery.Status));
        Assert.Equal(ResolvedReason.Deleted, Plan(Stray(5, 0, null), null, [], null, []).Record!.ResolvedReason);
        Assert.Equal(ResolvedReason.Disabled, Plan(Stray(5, 0, null), Well with { Status = HealthStatus.Disabled }, [], null, []).Record!.ResolvedReason);
    }

    [Fact]
    public void While_its_target_may_be_down_it_waits()
    {
        var episode = new OpenEpisode(6, Start, Start, 3, [9]);
        foreach (var state in new[] { Well with { ConsecutiveFailures = 1 }, Well with { Status = HealthStatus.Unknown }, Well with { Status = HealthStatus.Unhealthy, Outage = episode } })
        {
            Assert.Equal(StrayOutcome.Waits, Plan(Stray(5, 0, null), state, Good, null, []).Outcome);
        }

        // What is stored may be from before the outage.
        Assert.Equal(StrayOutcome.Waits, Plan(Stray(5, 0, null), Well, [], null, []).Outcome);

        // One that is over need not wait for anything.
        Assert.Equal(StrayOutcome.Own, Plan(Stray(5, 0, 2), Well with { ConsecutiveFailures = 1 }, [], null, []).Outcome);
    }

    [Fact]
    public void What_was_on_its_way_goes_again_and_who_never_heard_the_firing_hears_nothing()
    {
        var stray = Stray(5, 0, null) with
        {
            Deliveries =
            [
                Row(DeliveryKind.Firing, 8, DeliveryStatus.Sending), Row(DeliveryKind.Firing, 9, DeliveryStatus.Dead),
            ],
        };
        var rows = Plan(stray, Well, Good, null, []).Deliveries!;
        Assert.Equal(
            [(DeliveryKind.Firing, 8L, DeliveryStatus.Pending), (DeliveryKind.Firing, 9L, DeliveryStatus.Dead), (DeliveryKind.Resolved, 8L, DeliveryStatus.Pending)],
            rows.Select(row => (row.Key.Kind, row.Key.ChannelId, row.Status)));
    }

    [Fact]
    public void A_recovery_that_was_told_ends_the_episode_that_its_owner_still_has_open_with_what_was_seen_since()
    {
        var down = Well with { Status = HealthStatus.Unhealthy, LastEpisode = 5, Outage = new OpenEpisode(5, Start, Start, 3, [9]), ConsecutiveFailures = 40, FailingSince = Start };
        var plan = Plan(Stray(5, 0, 2), down, [Bad(5), Bad(4), new SeenCheck(Start.AddMinutes(3), false, false), Bad(1)], null, [Alert(5, 0, null)]);

        Assert.Equal((StrayOutcome.Ends, 5, Start.AddMinutes(2)), (plan.Outcome, plan.Record!.Episode, plan.Record.ResolvedAt));
        Assert.Equal((DeliveryKind.Resolved, DeliveryStatus.Sent), (Assert.Single(plan.Deliveries!).Key.Kind, plan.Deliveries![0].Status));
        Assert.Equal((null, 2, Start.AddMinutes(4), HealthStatus.Healthy, 5), (plan.State!.Outage, plan.State.ConsecutiveFailures, plan.State.FailingSince, plan.State.Status, plan.State.LastEpisode));

        // The next failure is the third in a row, and another outage.
        var step = HealthMachine.Step(plan.State, Rules, new CheckFact(Start.AddMinutes(6), ProbeOutcome.Failed, HasWarnings: false, Manual: false), Now);
        Assert.Equal(6, Assert.IsType<HealthEffect.Fired>(Assert.Single(step.Effects)).Episode.Number);
    }

    [Fact]
    public void What_was_seen_before_the_recovery_does_not_count_after_it()
    {
        var down = Well with { Status = HealthStatus.Unhealthy, LastEpisode = 5, Outage = new OpenEpisode(5, Start, Start, 3, [9]), ConsecutiveFailures = 3, FailingSince = Start };
        var state = Plan(Stray(5, 0, 2), down, [Bad(1)], null, [Alert(5, 0, null)]).State!;
        Assert.Equal((0, null), (state.ConsecutiveFailures, state.FailingSince));
    }

    [Fact]
    public void An_owner_that_has_told_of_the_recovery_or_has_the_same_one_open_is_left_alone()
    {
        var down = Well with { Status = HealthStatus.Unhealthy, LastEpisode = 5, Outage = new OpenEpisode(5, Start, Start, 3, [9]) };
        Assert.Equal(StrayOutcome.Known, Plan(Stray(5, 0, 2), Well, Good, null, [Alert(5, 0, 3)]).Outcome);
        Assert.Equal(StrayOutcome.Known, Plan(Stray(5, 0, null), down, [], null, [Alert(5, 0, null)]).Outcome);
    }

    /// <summary>The owner had one bad check before the gap, and two after it: its outage began before the other, and fired after that was told to be over. Taken for the same it was told to nobody.</summary>
    [Fact]
    public void One_that_fired_after_the_recovery_was_told_is_another_however_early_it_began()
    {
        var down = Well with { Status = HealthStatus.Unhealthy, LastEpisode = 5, Outage = new OpenEpisode(5, Start, Start.AddMinutes(3), 3, [9]) };
        var plan = Plan(Stray(5, 0, 2), down, [], null, [Alert(5, 0, null) with { FiredAt = Start.AddMinutes(3) }]);
        Assert.Equal((StrayOutcome.Own, 6, 5, Start.AddMinutes(2)), (plan.Outcome, plan.Record!.Episode, plan.Record.ToldAs, plan.Record.ResolvedAt));
    }

    /// <summary>
    /// A silo that was cut off had an outage that its owner knows nothing of, and counted on: the next one is number 6 there and number 5 here. As an outage of its own it was one too many;
    /// without a record whoever heard of number 6 never heard its end.
    /// </summary>
    [Fact]
    public void The_same_outage_under_another_number_is_none_of_its_own_and_whoever_heard_it_hears_its_end()
    {
        var plan = Plan(Stray(6, 0, null), Well with { LastEpisode = 5 }, Good, Start.AddMinutes(4), [Alert(5, 1, 3)]);
        Assert.Equal((StrayOutcome.Own, 6, null, 5), (plan.Outcome, plan.Record!.Episode, plan.Record.ToldAs, plan.Record.SameAs));
        Assert.Equal((Start.AddMinutes(3), ResolvedReason.Recovered), (plan.Record.ResolvedAt, plan.Record.ResolvedReason));
        Assert.Equal([DeliveryStatus.Sent, DeliveryStatus.Pending], plan.Deliveries!.Select(row => row.Status));

        // Once more: it is there.
        Assert.Equal(StrayOutcome.Known, Plan(Stray(6, 0, null), Well, Good, Start.AddMinutes(4), [Alert(5, 1, 3), plan.Record]).Outcome);

        // A third number of it names the one that stands for all.
        Assert.Equal((8, 7, 5), Names(Plan(Stray(7, 0, null), Well with { LastEpisode = 7 }, Good, null, [plan.Record, Alert(5, 1, 3)])));
    }

    [Fact]
    public void While_the_same_outage_goes_on_under_another_number_it_waits()
    {
        var down = Well with { Status = HealthStatus.Unhealthy, LastEpisode = 5, Outage = new OpenEpisode(5, Start, Start, 3, [9]) };
        Assert.Equal(StrayOutcome.Waits, Plan(Stray(6, 0, null), down, [Bad(1)], null, [Alert(5, 1, null)]).Outcome);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(6)]
    public void An_outage_that_fired_after_the_target_had_been_well_is_another_whatever_its_number(int number)
    {
        var plan = Plan(Stray(number, 0, null), Well with { LastEpisode = 5 }, Good, Start.AddMinutes(1), [Alert(5, 3, 4)]);
        Assert.Equal((6, number == 6 ? null : 5, null), Names(plan));
        Assert.Equal(Start.AddMinutes(1), plan.Record!.ResolvedAt);
    }

    [Fact]
    public void Warnings_are_no_part_of_an_outage()
    {
        var warned = Alert(5, 0, 9) with { Severity = AlertSeverity.Warning };
        Assert.Equal((6, null, null), Names(Plan(Stray(6, 0, 2), Well with { LastEpisode = 5 }, Good, null, [warned])));
    }

    [Fact]
    public void An_alert_ends_with_as_many_good_checks_in_a_row_as_the_target_asks_for()
    {
        SeenCheck[] seen = [Bad(1), new(Start.AddMinutes(2), false, true), Bad(3), new(Start.AddMinutes(4), false, false), new(Start.AddMinutes(5), false, true)];
        Assert.Equal(Start.AddMinutes(2), StrayPlan.EndOf(AlertSeverity.Critical, 1, seen));
        Assert.Equal(Start.AddMinutes(5), StrayPlan.EndOf(AlertSeverity.Critical, 2, seen));
        Assert.Null(StrayPlan.EndOf(AlertSeverity.Critical, 3, seen));

        // A check that failed says nothing about warnings.
        Assert.Equal(Start.AddMinutes(4), StrayPlan.EndOf(AlertSeverity.Warning, 1, seen));
        Assert.Null(StrayPlan.EndOf(AlertSeverity.Warning, 2, seen));
        Assert.Equal(
            Start.AddMinutes(4), StrayPlan.EndOf(AlertSeverity.Warning, 2, [new(Start.AddMinutes(2), false, false), Bad(3), new(Start.AddMinutes(4), false, false)]));
    }

    [Fact]
    public void A_warning_that_was_told_to_be_over_ends_with_the_warnings_since()
    {
        var warned = Well with { Status = HealthStatus.Degraded, LastEpisode = 5, Warning = new OpenEpisode(5, Start, Start, 3, [9]), ConsecutiveWarnings = 3, WarningSince = Start };
        var over = Stray(5, 0, 2);
        SeenCheck[] seen = [new(Start.AddMinutes(5), false, true), Bad(4), new(Start.AddMinutes(3), false, true), new(Start.AddMinutes(1), false, true)];
        var state = Plan(
            over with { Alert = over.Alert with { Severity = AlertSeverity.Warning } }, warned, seen, null, [Alert(5, 0, null) with { Severity = AlertSeverity.Warning }]).State!;
        Assert.Equal((null, 2, Start.AddMinutes(3), HealthStatus.Healthy), (state.Warning, state.ConsecutiveWarnings, state.WarningSince, state.Status));
    }

    private static StrayPlan Plan(StrayEpisode stray, HealthState? state, SeenCheck[] seen, DateTimeOffset? ended, AlertRecord[] known, int lastTold = 0) =>
        StrayPlan.Of(stray, new StrayTarget(state, seen, ended, known, lastTold), Now);

    private static (int Episode, int? ToldAs, int? SameAs) Names(StrayPlan plan) => (plan.Record!.Episode, plan.Record.ToldAs, plan.Record.SameAs);

    private static SeenCheck Bad(int minutes) => new(Start.AddMinutes(minutes), Failed: true, Warned: false);

    private static StrayEpisode Stray(int episode, int from, int? to) => new(
        Alert(episode, from, to),
        "default",
        to is null
            ? [Row(DeliveryKind.Firing, 9, DeliveryStatus.Sent)]
            : [Row(DeliveryKind.Firing, 9, DeliveryStatus.Sent), Row(DeliveryKind.Resolved, 9, DeliveryStatus.Sent)]);

    private static Delivery Row(DeliveryKind kind, long channel, DeliveryStatus status) =>
        new() { Key = new DeliveryKey(1, 5, kind, channel), Status = status, CreatedAt = Start };

    private static AlertRecord Alert(int episode, int from, int? to) => new()
    {
        TargetId = 1,
        Episode = episode,
        TargetName = "orders",
        TargetType = "http",
        Endpoint = "place",
        Severity = AlertSeverity.Critical,
        Message = "down",
        StartedAt = Start.AddMinutes(from),
        FiredAt = Start.AddMinutes(from),
        ResolvedAt = to is { } minutes ? Start.AddMinutes(minutes) : null,
        ResolvedReason = to is null ? null : ResolvedReason.Recovered,
        FailureCount = 3,
    };
}
