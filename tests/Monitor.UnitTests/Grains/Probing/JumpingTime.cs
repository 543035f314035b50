using Monitor.Tests.Shared;

namespace Monitor.UnitTests.Grains.Probing;

/// <summary>A clock over another that can jump without a timer firing meanwhile: what a process sees that was stopped.</summary>
internal sealed class JumpingTime(FakeTime inner) : TimeProvider
{
    private long _jumped;
    private long _set;

    public override long TimestampFrequency => inner.TimestampFrequency;

    public void Jump(TimeSpan by) => Interlocked.Add(ref _jumped, by.Ticks);

    /// <summary>The wall clock alone: somebody has set it.</summary>
    public void Wall(TimeSpan by) => Interlocked.Add(ref _set, by.Ticks);

    public override DateTimeOffset GetUtcNow() => inner.GetUtcNow().AddTicks(Interlocked.Read(ref _jumped) + Interlocked.Read(ref _set));

    public override long GetTimestamp() => inner.GetTimestamp() + Interlocked.Read(ref _jumped);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        inner.CreateTimer(callback, state, dueTime, period);
}
