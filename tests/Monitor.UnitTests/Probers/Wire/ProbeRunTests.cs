using Monitor.Probers.Wire;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.UnitTests.Probers.Wire;

public sealed class ProbeRunTests
{
    [Theory]
    [InlineData(0, 0.8)]
    [InlineData(5, 0.6)]
    [InlineData(8, 0.05)]
    [InlineData(10, 0.05)]
    [InlineData(11, 0.05)]
    public void The_share_beside_a_reserve_is_a_number_to_the_last_instant_and_beyond_it(int secondsGone, double share)
    {
        var time = new FakeTime();
        var run = new ProbeRun(time, TimeSpan.FromSeconds(10));
        time.Advance(TimeSpan.FromSeconds(secondsGone));

        Assert.Equal(share, run.ShareBeside(TimeSpan.FromSeconds(2)), 9);
    }
}
