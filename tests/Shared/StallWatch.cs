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
    private readonly List<(long From, long To)> _stalls = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _watching;

    public StallWatch() => _watching = WatchAsync();

    /// <param name="since"><see cref="Stopwatch.GetTimestamp"/>.</param>
    public TimeSpan Longest(long since)
    {
        lock (_lock)
        {
            return _stalls.Where(stall => stall.To >= since).Select(Length).DefaultIfEmpty().Max();
        }
    }

    /// <summary>Such stalls: when they began and ended (<see cref="Stopwatch.GetTimestamp"/>).</summary>
    public IReadOnlyList<(long From, long To)> Stalls(TimeSpan longerThan)
    {
        lock (_lock)
        {
            return [.. _stalls.Where(stall => Length(stall) > longerThan)];
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        _stop.Dispose();
    }

    private static TimeSpan Length((long From, long To) stall) => Stopwatch.GetElapsedTime(stall.From, stall.To) - Step;

    private async Task WatchAsync()
    {
        try
        {
            while (true)
            {
                var began = Stopwatch.GetTimestamp();
                await Task.Delay(Step, TimeProvider.System, _stop.Token);
                lock (_lock)
                {
                    _stalls.Add((began, Stopwatch.GetTimestamp()));
                }
            }
        }
        catch (OperationCanceledException)
        {
            // It was told to end.
        }
    }
}
