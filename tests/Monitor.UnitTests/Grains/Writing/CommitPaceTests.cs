using Monitor.Grains.Writing;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.UnitTests.Grains.Writing;

public sealed class CommitPaceTests
{
    [Fact]
    public void A_burst_may_start_at_once_and_then_one_every_45_milliseconds()
    {
        var time = new FakeTime();
        var pace = new CommitPace(time);
        var started = 0;
        for (var millisecond = 0; millisecond < 1000; millisecond++)
        {
            while (pace.TryTake())
            {
                started++;
            }

            Assert.Equal(CommitPace.Burst + millisecond / 45, started);
            time.Advance(TimeSpan.FromMilliseconds(1));
        }
    }

    [Fact]
    public void The_wait_it_names_is_just_long_enough()
    {
        var time = new FakeTime();
        var pace = new CommitPace(time);
        while (pace.TryTake())
        {
        }

        time.Advance(TimeSpan.FromMilliseconds(13));
        var wait = pace.Wait();
        Assert.Equal(32, wait.TotalMilliseconds, 0.001);
        time.Advance(wait);
        Assert.True(pace.TryTake());
        Assert.False(pace.TryTake());
    }

    [Fact]
    public void A_long_pause_saves_up_no_more_than_the_burst()
    {
        var time = new FakeTime();
        var pace = new CommitPace(time);
        time.Advance(TimeSpan.FromHours(1));
        var started = 0;
        while (pace.TryTake())
        {
            started++;
        }

        Assert.Equal(CommitPace.Burst, started);
    }
}
