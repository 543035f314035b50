using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Monitor.Core.Diagnostics;
using Monitor.Core.Probing;
using Monitor.Core.Text;
using Monitor.Grains.Runtime;

namespace Monitor.Grains.Probing;

/// <summary>
/// Runs probers: owns the deadline, bounds how many of a type run at once, cuts off one that ignores its deadline, and tells apart what is the target's failure
/// from what is our own doing (defects, stalls, shutdown).
/// </summary>
public sealed partial class ProberWorkers(
    ProberCatalog catalog, GrainsOptions options, StallDetector stalls, TimeProvider time, ILogger<ProberWorkers> log) : IDisposable
{
    /// <summary>For a prober to answer its cancelled token with its own words.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<string, SemaphoreSlim> _bulkheads = new(StringComparer.Ordinal);
    private readonly ProbeStarter _starter = new(time);
    private readonly int _perType = options.ProbesPerType ?? OpenFileLimit.ProbesPerType(catalog.All.Count);

    /// <summary>One run. Never throws; <paramref name="stop"/> ends it as <see cref="ProbeEnding.Stopped"/>.</summary>
    public async Task<ProbeRun> RunAsync(IProber prober, ProbeRequest request, CancellationToken stop)
    {
        var asked = time.GetTimestamp();
        var bulkhead = _bulkheads.GetOrAdd(prober.Type, static (_, slots) => new SemaphoreSlim(slots, slots), _perType);
        if (!await EnterAsync(bulkhead, request.Timeout, stop))
        {
            return stop.IsCancellationRequested ? Ended(ProbeEnding.Stopped, asked) : NoSlot(prober, asked);
        }

        try
        {
            var waited = time.GetElapsedTime(asked);
            var run = await ProbeAsync(prober, request, stop);
            if (run.Ending != ProbeEnding.Stopped)
            {
                Telemetry.ProbeDuration.Record(run.Latency.TotalSeconds, new KeyValuePair<string, object?>("type", prober.Type));
            }

            return run with { Waited = waited };
        }
        finally
        {
            // Also after a cut-off: what hangs on is bounded by the target's owner, and must not take the type's slots for good.
            bulkhead.Release();
        }
    }

    public void Dispose()
    {
        _starter.Dispose();
        foreach (var bulkhead in _bulkheads.Values)
        {
            bulkhead.Dispose();
        }
    }

    private async ValueTask<bool> EnterAsync(SemaphoreSlim bulkhead, TimeSpan patience, CancellationToken stop)
    {
        if (bulkhead.Wait(0, CancellationToken.None))
        {
            return true;
        }

        using var end = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, end.Token);
        try
        {
            await bulkhead.WaitAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task<ProbeRun> ProbeAsync(IProber prober, ProbeRequest request, CancellationToken stop)
    {
        var checkedAt = WholeMicroseconds(time.GetUtcNow());
        var start = time.GetTimestamp();
        using var flight = new ProbeFlight(prober, request, Grace, time, stop);
        _starter.Add(flight);
        var end = await flight.End;
        switch (end.Ending)
        {
            case FlightEnding.Answered:
                return Judge(end.Result!, start, checkedAt, end.Result!.Latency ?? end.Took, stop);
            case FlightEnding.CutOff:
                // No thread had time for it: the prober was never asked.
                return flight.Begun ? CutOff(prober, request.Timeout, flight.WhenOver(), start, checkedAt, stop) : Ended(ProbeEnding.Stalled, start, checkedAt);
            case FlightEnding.Threw when end.Error is OperationCanceledException && stop.IsCancellationRequested:
            case FlightEnding.Stopped:
                return Ended(ProbeEnding.Stopped, start, checkedAt);
            case FlightEnding.Threw when end.Error is OperationCanceledException && flight.IsPastDeadline:
                return Judge(TimedOut(request.Timeout, ""), start, checkedAt, time.GetElapsedTime(start), stop);
            default:
                // A cancellation that neither the deadline nor the stop asked for is a defect like any other exception.
                LogDefect(prober.Type, end.Error!.GetType().Name, end.Error.StackTrace);
                var reason = ProbeTexts.Defect(prober.Type, end.Error.GetType().Name).In(options.Language);
                return new ProbeRun(ProbeEnding.OwnTrouble, ProbeResult.OwnTrouble(reason), checkedAt, time.GetElapsedTime(start));
        }
    }

    private ProbeRun Judge(ProbeResult result, long start, DateTimeOffset checkedAt, TimeSpan latency, CancellationToken stop, Task? abandoned = null)
    {
        if (result.IsClean)
        {
            return new ProbeRun(ProbeEnding.Conclusive, result, checkedAt, latency);
        }

        // A prober may answer the cancellation of a shutdown in its own words, and these would be a failure.
        if (stop.IsCancellationRequested && result.Outcome != ProbeOutcome.Ok)
        {
            return Ended(ProbeEnding.Stopped, start, checkedAt);
        }

        var ending = stalls.StalledSince(start) ? ProbeEnding.Stalled
            : result.Outcome is ProbeOutcome.Ok or ProbeOutcome.Failed ? ProbeEnding.Conclusive
            : ProbeEnding.OwnTrouble;
        return new ProbeRun(ending, result, checkedAt, latency, Abandoned: abandoned);
    }

    private ProbeRun CutOff(IProber prober, TimeSpan timeout, Task probing, long start, DateTimeOffset checkedAt, CancellationToken stop)
    {
        if (!stalls.StalledSince(start))
        {
            Telemetry.ProbesCutOff.Add(1, new KeyValuePair<string, object?>("type", prober.Type));
            LogCutOff(prober.Type, timeout.TotalSeconds);
        }

        return Judge(TimedOut(timeout, " (the prober ignored its deadline and was cut off)"), start, checkedAt, time.GetElapsedTime(start), stop, probing);
    }

    private ProbeRun NoSlot(IProber prober, long asked)
    {
        LogNoSlot(prober.Type, _perType);
        var reason = ProbeTexts.NoSlot(prober.Type, _perType).In(options.Language);
        return Ended(ProbeEnding.NoSlot, asked) with { Result = ProbeResult.OwnTrouble(reason), Waited = time.GetElapsedTime(asked) };
    }

    private ProbeRun Ended(ProbeEnding ending, long start, DateTimeOffset? checkedAt = null) =>
        new(ending, ProbeResult.OwnTrouble(""), checkedAt ?? WholeMicroseconds(time.GetUtcNow()), time.GetElapsedTime(start));

    private static ProbeResult TimedOut(TimeSpan timeout, string more) => ProbeResult.Failed(
        FailureStage.Timeout, string.Create(CultureInfo.InvariantCulture, $"no answer within {timeout.TotalSeconds:0.###} s{more}"));

    private static DateTimeOffset WholeMicroseconds(DateTimeOffset at) => at.AddTicks(-(at.Ticks % TimeSpan.TicksPerMicrosecond));
}
