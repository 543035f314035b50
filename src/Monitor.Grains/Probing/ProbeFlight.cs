using Monitor.Core.Probing;

namespace Monitor.Grains.Probing;

/// <summary>
/// One call of a prober, from its being queued to its end: the prober's answer, or the caller's giving up on it. One timer serves the deadline and, a grace later,
/// the cut-off, and both work also while the prober blocks the thread that called it.
/// </summary>
internal sealed class ProbeFlight : IDisposable
{
    private readonly Lock _lock = new();
    private readonly IProber _prober;
    private readonly ProbeRequest _request;
    private readonly TimeProvider _time;
    private readonly TimeSpan _grace;

    /// <summary>Without a timer or a handle of its own it has nothing to dispose of; a prober that was given up on goes on looking at it.</summary>
#pragma warning disable CA2213
    private readonly CancellationTokenSource _deadline = new();
#pragma warning restore CA2213
    private readonly CancellationTokenRegistration _stopping;

    /// <summary>Who waits goes on at once, on the thread that brought the end: one more hop would cost as much as the bookkeeping that follows.</summary>
    private readonly TaskCompletionSource<FlightEnd> _end = new();
    private readonly ITimer _timer;
    private TaskCompletionSource? _left;
    private bool _isOver;
    private bool _isPastDeadline;
    private volatile bool _begun;

    public ProbeFlight(IProber prober, ProbeRequest request, TimeSpan grace, TimeProvider time, CancellationToken stop)
    {
        _prober = prober;
        _request = request;
        _grace = grace;
        _time = time;
        _timer = time.CreateTimer(static flight => ((ProbeFlight)flight!).Ring(), this, request.Timeout, Timeout.InfiniteTimeSpan);
        _stopping = stop.UnsafeRegister(static flight => ((ProbeFlight)flight!).Stop(), this);
    }

    public Task<FlightEnd> End => _end.Task;

    /// <summary>A thread has asked the prober.</summary>
    public bool Begun => _begun;

    public bool IsPastDeadline => Volatile.Read(ref _isPastDeadline);

    /// <summary>The prober's own end, for one that was given up on.</summary>
    public Task WhenOver()
    {
        lock (_lock)
        {
            return _isOver ? Task.CompletedTask : (_left ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Asks the prober. Returns where that awaits.</summary>
    public void Begin() => _ = ProbeAsync();

    public void Dispose()
    {
        _stopping.Unregister();
        _timer.Dispose();
    }

    private async Task ProbeAsync()
    {
        _begun = true;
        var start = _time.GetTimestamp();
        FlightEnd end;
        try
        {
            var result = await _prober.ProbeAsync(_request, _deadline.Token);
            end = new FlightEnd(FlightEnding.Answered, result, _time.GetElapsedTime(start));
        }
#pragma warning disable CA1031 // Whatever it threw is told to who waits; nobody else would see it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            end = new FlightEnd(FlightEnding.Threw, null, _time.GetElapsedTime(start), e);
        }

        TaskCompletionSource? left;
        lock (_lock)
        {
            _isOver = true;
            left = _left;
        }

        left?.TrySetResult();
        _end.TrySetResult(end);
    }

    private void Ring()
    {
        if (IsPastDeadline)
        {
            _end.TrySetResult(new FlightEnd(FlightEnding.CutOff, null, default));
            return;
        }

        // The cut-off is set before the prober hears of the deadline: it may block in its answer to that, too.
        Volatile.Write(ref _isPastDeadline, true);
        _timer.Change(_grace, Timeout.InfiniteTimeSpan);
        _deadline.Cancel();
    }

    private void Stop()
    {
        _end.TrySetResult(new FlightEnd(FlightEnding.Stopped, null, default));
        _deadline.Cancel();
    }
}

/// <param name="Took">From the moment at which a thread asked the prober.</param>
internal readonly record struct FlightEnd(FlightEnding Ending, ProbeResult? Result, TimeSpan Took, Exception? Error = null);

internal enum FlightEnding
{
    Answered,
    Threw,

    /// <summary>It ignored its deadline, or was never asked.</summary>
    CutOff,

    /// <summary>From outside.</summary>
    Stopped,
}
