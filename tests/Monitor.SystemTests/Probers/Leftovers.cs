using System.Diagnostics;
using System.Text.Json;
using Monitor.Core.Probing;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Probers;

/// <summary>
/// Many probes in a row, after which nothing of them may be there: no socket or other handle, no thread, no timer, no memory. All of these are counted for
/// the whole process, so its callers belong into the collection <see cref="Harness.Alone"/>, and a server in this process must close its ends, too.
/// </summary>
internal static class Leftovers
{
    /// <summary>What the thread pool and the runtime may add by themselves meanwhile; a leak of one a probe is far above it.</summary>
    private const int SpareThreads = 8;

    /// <summary>Pools of buffers and the runtime's own tables go on growing for a while; measured at up to 400 KB over 4,000 probes of a port.</summary>
    private const long SpareBytes = 1_000_000;

    private const long BytesPerProbe = 400;

    /// <param name="config">As users send it. Each probe gets the memory that the one before left, as in a silo.</param>
    /// <param name="check">Looks at every answer: a thousand probes that failed would prove little of those that succeed.</param>
    public static async Task NoneAsync(IProber prober, object config, Action<ProbeResult> check, int probes = 1000, double timeoutSeconds = 10)
    {
        var reading = prober.Read(JsonSerializer.SerializeToElement(config));
        Assert.Empty(reading.Errors);
        ReadOnlyMemory<byte> memory = default;

        // Pools fill, code is compiled and lazy statics are made in the first ones.
        memory = await RunAsync(prober, reading.Config!, memory, check, Math.Max(3, probes / 5), timeoutSeconds);
        var before = Count();
        memory = await RunAsync(prober, reading.Config!, memory, check, probes, timeoutSeconds);

        // What was closed may take the kernel and the pool a moment.
        var after = before;
        try
        {
            await Eventually.TrueAsync("nothing is left", () => (after = Count()).IsNoMoreThan(before), TestContext.Current.CancellationToken, TimeSpan.FromSeconds(5));
        }
        catch (TimeoutException)
        {
            Assert.Fail($"{probes} {prober.Type} probes left something behind: before {before}, after {after}");
        }

        Assert.True(after.Bytes - before.Bytes < SpareBytes + (BytesPerProbe * probes), $"managed memory grew over {probes} {prober.Type} probes: before {before}, after {after}");
        GC.KeepAlive(memory.Length);
    }

    private static async Task<ReadOnlyMemory<byte>> RunAsync(
        IProber prober, object config, ReadOnlyMemory<byte> memory, Action<ProbeResult> check, int probes, double timeoutSeconds)
    {
        var timeout = TimeSpan.FromSeconds(timeoutSeconds);
        for (var i = 0; i < probes; i++)
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            deadline.CancelAfter(timeout);
            var result = await prober.ProbeAsync(new ProbeRequest(config, memory, timeout), deadline.Token);
            check(result);
            memory = result.Memory ?? memory;
        }

        return memory;
    }

    private static Counts Count()
    {
        // Twice: what a finalizer lets go of is gone after the second.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var bytes = GC.GetTotalMemory(forceFullCollection: true);
        using var process = Process.GetCurrentProcess();
        return new Counts(Directory.GetFileSystemEntries("/proc/self/fd").Length, process.Threads.Count, Timer.ActiveCount, bytes);
    }

    /// <param name="Handles">Open files, sockets included.</param>
    /// <param name="Bytes">Managed memory that is in use.</param>
    private sealed record Counts(int Handles, int Threads, long Timers, long Bytes)
    {
        public bool IsNoMoreThan(Counts before) => Handles <= before.Handles && Timers <= before.Timers && Threads <= before.Threads + SpareThreads;
    }
}
