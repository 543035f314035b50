using System.Diagnostics;
using System.Text.Json;
using Monitor.Core.Outbound;
using Monitor.Core.Probing;
using Monitor.Probers.Wire;

namespace Monitor.Benchmarks.ProbeCost;

/// <summary>Processor time of this process for one probe, connecting included, one after the other, after a warm-up: the compiler is at work for as long.</summary>
/// <param name="prober">The real one.</param>
/// <param name="warmUp">By time, not by count: what a slow server's probes need is a fraction of what a quick one's do.</param>
internal sealed class ProbeMeter(Report report, IProber prober, TimeSpan warmUp)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static readonly Dialer Dialer = new(TimeProvider.System, new SystemNameResolver(), OutboundPolicy.Default);

    public static TimeSpan WarmUp(BenchmarkOptions options) => TimeSpan.FromSeconds(options.Number("warmup", 20));

    public async Task MeasureAsync(string what, object config, int probes, string toReach, CancellationToken cancellationToken)
    {
        var read = prober.Read(JsonSerializer.SerializeToElement(config)).Config!;
        var memory = await ProbeAsync(read, default, (_, past) => past < warmUp, cancellationToken);
        using var self = Process.GetCurrentProcess();
        var allocated = GC.GetTotalAllocatedBytes();
        var cpu = self.TotalProcessorTime;
        var began = Stopwatch.GetTimestamp();
        await ProbeAsync(read, memory, (done, _) => done < probes, cancellationToken);
        self.Refresh();
        var each = (self.TotalProcessorTime - cpu).TotalMicroseconds / probes;
        var wall = Stopwatch.GetElapsedTime(began).TotalMicroseconds / probes;
        report.Add(what + ", CPU us", $"{each:0} (wall {wall:0} us, {(GC.GetTotalAllocatedBytes() - allocated) / probes / 1024.0:0.0} KiB allocated)", toReach);
    }

    private async Task<ReadOnlyMemory<byte>> ProbeAsync(object config, ReadOnlyMemory<byte> memory, Func<int, TimeSpan, bool> more, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        for (var done = 0; more(done, Stopwatch.GetElapsedTime(began)); done++)
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            deadline.CancelAfter(Patience);
            var result = await prober.ProbeAsync(new ProbeRequest(config, memory, Patience), deadline.Token);
            if (result.Outcome != ProbeOutcome.Ok)
            {
                throw new InvalidOperationException(result.Message);
            }

            memory = result.Memory ?? memory;
        }

        return memory;
    }
}
