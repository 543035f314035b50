using System.Diagnostics;

namespace Monitor.Tests.Shared;

/// <summary>
/// How long this machine makes a process wait that has something to do, all the time: what no program can make good, and what a bound on lateness must allow for
/// on a machine that others load. A few milliseconds where there is nobody else.
/// </summary>
public sealed class StallWatch : IAsyncDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(20);

    private readonly Lock _lock = new();
    private readonly List<(long At, TimeSpan Stall)> _stalls = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _watching;

    public StallWatch() => _watching = WatchAsync();

    /// <param name="since"><see cref="Stopwatch.GetTimestamp"/>.</param>
    public TimeSpan Longest(long since)
    {
        lock (_lock)
        {
            return _stalls.Where(stall => stall.At >= since).Select(stall => stall.Stall).DefaultIfEmpty().Max();
        }
    }

    /// <summary>When such stalls ended.</summary>
    public IReadOnlyList<long> Stalls(TimeSpan longerThan)
    {
        lock (_lock)
        {
            return [.. _stalls.Where(stall => stall.Stall > longerThan).Select(stall => stall.At)];
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        _stop.Dispose();
    }

    private async Task WatchAsync()
    {
        try
        {
            while (true)
            {
                var began = Stopwatch.GetTimestamp();
                await Task.Delay(Step, TimeProvider.System, _stop.Token);
                var stall = Stopwatch.GetElapsedTime(began) - Step;
                lock (_lock)
                {
                    _stalls.Add((Stopwatch.GetTimestamp(), stall));
                }
            }
        }
        catch (OperationCanceledException)
        {
            // It was told to end.
        }
    }
}
