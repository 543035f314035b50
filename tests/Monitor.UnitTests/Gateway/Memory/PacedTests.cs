using Monitor.Gateway.Memory;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.UnitTests.Gateway.Memory;

public sealed class PacedTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData(0.001, 1)]
    [InlineData(0.04, 2)]
    [InlineData(0.5, 3)]
    public async Task What_takes_long_is_read_seldomer_and_never_seldomer_than_is_promised(double took, double pause)
    {
        var time = new FakeTime();
        var paced = new Paced(Second, share: 50, atMost: 3 * Second);
        var read = 0;
        Task Read()
        {
            read++;
            time.Advance(took * Second);
            return Task.CompletedTask;
        }

        await paced.RunAsync(time, anyway: false, Read);
        time.Advance((pause - 0.01) * Second);
        await paced.RunAsync(time, anyway: false, Read);
        Assert.Equal(1, read);
        time.Advance(0.01 * Second);
        await paced.RunAsync(time, anyway: false, Read);
        Assert.Equal(2, read);
        await paced.RunAsync(time, anyway: true, Read);
        Assert.Equal(3, read);
    }
}
