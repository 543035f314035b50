using Monitor.Grains.Notifying;
using Xunit;

namespace Monitor.UnitTests.Grains.Notifying;

public sealed class SendPlannerTests
{
    /// <summary>pending, slots for the first, for a digest, free, seconds since the last POST (-1: none yet) -> what comes next.</summary>
    [Theory]
    [InlineData(0, 1, 1, 20, -1, "Idle")]
    [InlineData(1, 1, 1, 20, -1, "Single")]
    [InlineData(1, 2, 2, 20, 0, "Single")]
    [InlineData(3, 1, 1, 9, 0, "Single")]
    [InlineData(3, 2, 2, 10, 0, "Single")]
    [InlineData(4, 1, 1, 20, -1, "Digest")]
    [InlineData(4, 1, 1, 11, 0, "Digest")]
    [InlineData(4, 1, 1, 10, 0, "Wait 2")]
    [InlineData(4, 1, 1, 10, 2, "Digest")]
    [InlineData(3, 1, 1, 8, 1, "Wait 1")]
    [InlineData(2, 2, 2, 9, 0, "Wait 2")]
    [InlineData(2, 1, 1, 5, 3, "Wait 2")]
    [InlineData(1, 1, 1, 2, 3, "Wait 7")]
    [InlineData(1, 1, 1, 2, 10, "Single")]
    [InlineData(59, 1, 1, 1, 0, "Wait 10")]
    [InlineData(60, 1, 1, 1, 0, "Digest")]
    [InlineData(60, 1, 2, 1, 0, "WaitForSlots 2")]
    [InlineData(1, 2, 2, 1, 30, "WaitForSlots 2")]
    [InlineData(5000, 1, 1, 20, -1, "Digest")]
    [InlineData(5000, 1, 1, 0, 1, "WaitForSlots 1")]
    public void What_comes_next_follows_from_what_waits_and_what_is_free(int pending, int first, int digest, int free, int since, string expected)
    {
        var now = TimeSpan.FromMinutes(10);
        var plan = SendPlanner.Decide(new PlanView(pending, first, digest, free, now, TimeSpan.Zero, since < 0 ? null : now - TimeSpan.FromSeconds(since)));
        var text = plan.Kind switch
        {
            PlanKind.Wait => $"Wait {(plan.Until - now).TotalSeconds:0}",
            PlanKind.WaitForSlots => $"WaitForSlots {plan.Slots}",
            _ => plan.Kind.ToString(),
        };
        Assert.Equal(expected, text);
    }

    [Fact]
    public void A_robot_that_is_held_back_gets_nothing()
    {
        var until = TimeSpan.FromSeconds(30);
        Assert.Equal(Plan.WaitUntil(until), SendPlanner.Decide(new PlanView(5000, 1, 1, 20, TimeSpan.Zero, until, null)));
    }
}
