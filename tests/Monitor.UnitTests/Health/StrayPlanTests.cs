using Monitor.Core.Alerts;
using Monitor.Core.Health;
using Xunit;

namespace Monitor.UnitTests.Health;

public sealed class StrayPlanTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Now = Start.AddMinutes(10);
    private static readonly HealthState Well = HealthState.New("http", Start) with { Status = HealthStatus.Healthy, LastEpisode = 4 };

    [Fact]
    public void The_same_number_at_overlapping_times_is_the_same_episode()
    {
        Assert.Equal(StrayOutcome.Known, StrayPlan.Of(Stray(5, 0, 2), Well, true, [Alert(5, 1, null)], Now).Outcome);
        Assert.Equal(StrayOutcome.Known, StrayPlan.Of(Stray(5, 0, null), Well, true, [Alert(5, 1, 3)], Now).Outcome);
        Assert.Equal(StrayOutcome.Known, StrayPlan.Of(Stray(5, 0, 2), Well, true, [Alert(9, 0, 2) with { ToldAs = 5 }], Now).Outcome);
    }

    [Fact]
    public void What_nobody_else_has_seen_keeps_its_number()
    {
        var plan = StrayPlan.Of(Stray(5, 0, 2), Well, true, [Alert(4, -9, -8)], Now);
        Assert.Equal((StrayOutcome.Own, 5, null), (plan.Outcome, plan.Record!.Episode, plan.Record.ToldAs));
        Assert.Equal(Start.AddMinutes(2), plan.Record.ResolvedAt);
        Assert.Equal([DeliveryKind.Firing, DeliveryKind.Resolved], plan.Deliveries!.Select(row => row.Key.Kind));
    }

    [Fact]
    public void A_number_that_was_given_to_another_outage_meanwhile_is_remembered_as_told()
    {
        var plan = StrayPlan.Of(Stray(5, 0, 2), Well with { LastEpisode = 6 }, true, [Alert(5, 3, 4), Alert(6, 5, null)], Now);
        Assert.Equal((7, 5), (plan.Record!.Episode, plan.Record.ToldAs));
        Assert.Equal("#1-5", plan.Record.Reference);
        Assert.All(plan.Deliveries!, row => Assert.Equal(7, row.Key.Episode));
    }

    [Fact]
    public void An_alert_that_nobody_has_ended_is_over_when_its_target_is_well_and_whoever_heard_it_hears_that()
    {
        var plan = StrayPlan.Of(Stray(5, 0, null), Well, true, [], Now);
        Assert.Equal((Now, ResolvedReason.Recovered), (plan.Record!.ResolvedAt!.Value, plan.Record.ResolvedReason!.Value));
        var recovery = plan.Deliveries!.Single(row => row.Key.Kind == DeliveryKind.Resolved);
        Assert.Equal((new DeliveryKey(1, 5, DeliveryKind.Resolved, 9), DeliveryStatus.Pending), (recovery.Key, recovery.Status));
        Assert.Equal(ResolvedReason.Deleted, StrayPlan.Of(Stray(5, 0, null), null, false, [], Now).Record!.ResolvedReason);
        Assert.Equal(ResolvedReason.Disabled, StrayPlan.Of(Stray(5, 0, null), Well with { Status = HealthStatus.Disabled }, false, [], Now).Record!.ResolvedReason);
    }

    [Fact]
    public void While_its_target_may_be_down_it_waits()
    {
        var episode = new OpenEpisode(6, Start, Start, 3, [9]);
        foreach (var state in new[] { Well with { ConsecutiveFailures = 1 }, Well with { Status = HealthStatus.Unknown }, Well with { Status = HealthStatus.Unhealthy, Outage = episode } })
        {
            Assert.Equal(StrayOutcome.Waits, StrayPlan.Of(Stray(5, 0, null), state, true, [], Now).Outcome);
        }

        // What is stored may be from before the outage.
        Assert.Equal(StrayOutcome.Waits, StrayPlan.Of(Stray(5, 0, null), Well, false, [], Now).Outcome);

        // One that is over need not wait for anything.
        Assert.Equal(StrayOutcome.Own, StrayPlan.Of(Stray(5, 0, 2), Well with { ConsecutiveFailures = 1 }, false, [], Now).Outcome);
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
        var rows = StrayPlan.Of(stray, Well, true, [], Now).Deliveries!;
        Assert.Equal(
            [(DeliveryKind.Firing, 8L, DeliveryStatus.Pending), (DeliveryKind.Firing, 9L, DeliveryStatus.Dead), (DeliveryKind.Resolved, 8L, DeliveryStatus.Pending)],
            rows.Select(row => (row.Key.Kind, row.Key.ChannelId, row.Status)));
    }

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
