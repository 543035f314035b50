namespace Monitor.Grains.Writing;

/// <summary>Lets one loop sleep until it is called or its alarm rings. Calls while it is awake are not lost, and are one.</summary>
internal sealed class Wake : IDisposable
{
    private readonly Lock _lock = new();
    private readonly ITimer _alarm;
    private TaskCompletionSource _signal = New();

    public Wake(TimeProvider time) =>
        _alarm = time.CreateTimer(static state => ((Wake)state!).Call(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    public void Call()
    {
        lock (_lock)
        {
            _signal.TrySetResult();
        }
    }

    public async Task SleepAsync(TimeSpan atMost)
    {
        // A timer may ring a little early by its own clock: rounding up saves a turn that finds nothing due.
        _alarm.Change(TimeSpan.FromMilliseconds(Math.Ceiling(atMost.TotalMilliseconds)), Timeout.InfiniteTimeSpan);
        await _signal.Task;
        lock (_lock)
        {
            _signal = New();
        }
    }

    public void Dispose() => _alarm.Dispose();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
