using Monitor.Grains.Probing;
using Monitor.Tests.Shared;
using Monitor.UnitTests.Grains.Writing;
using Xunit;

namespace Monitor.UnitTests.Grains.Probing;

/// <summary>That it tells a run which a stall has touched is in <see cref="ProberWorkersTests"/>.</summary>
public sealed class StallDetectorTests : IDisposable
{
    private readonly FakeTime _inner = new();
    private readonly JumpingTime _time;
    private readonly LogLines _lines = new();
    private readonly StallDetector _stalls;

    public StallDetectorTests()
    {
        _time = new JumpingTime(_inner);
        _stalls = new StallDetector(_time, new ListLog<StallDetector>(_lines));
        _stalls.Start();
    }

    [Fact]
    public void A_long_standstill_is_told_once_with_its_length()
    {
        Ticks(3);
        _time.Jump(TimeSpan.FromSeconds(2));
        Ticks(20);

        Assert.StartsWith("Warning: This process stood still for 2.0 s", Assert.Single(_lines.All), StringComparison.Ordinal);
    }

    [Fact]
    public void A_short_one_counts_and_is_not_told()
    {
        var before = _time.GetTimestamp();
        _time.Jump(TimeSpan.FromSeconds(0.9));
        Ticks(1);

        Assert.True(_stalls.StalledSince(before));
        Assert.Empty(_lines.All);
    }

    [Fact]
    public void A_wall_clock_that_goes_on_alone_is_told_as_what_it_is()
    {
        _time.Wall(TimeSpan.FromHours(1));
        Ticks(2);

        Assert.StartsWith("Warning: The wall clock went on by 3600.0 s at once", Assert.Single(_lines.All), StringComparison.Ordinal);
    }

    public void Dispose() => _stalls.Dispose();

    private void Ticks(int count)
    {
        for (var i = 0; i < count; i++)
        {
            _inner.Advance(StallDetector.Period);
        }
    }
}
