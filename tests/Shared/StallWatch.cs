using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Monitor.Tests.Shared;

/// <summary>
/// How long this machine makes a process wait that has something to do, all the time: what no program can make good, and what a bound on lateness must allow for
/// on a machine that others load. A few milliseconds where there is nobody else. Each processor has a watch of its own: a virtual one can stand still while the others go on, and
/// whatever waits for it (a memory map that changes, a garbage collection) stands still with it.
/// </summary>
public sealed class StallWatch : IDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(20);

    private readonly Lock _lock = new();
    private readonly List<(long From, long To)> _stalls = [];
    private readonly ManualResetEvent _stop = new(initialState: false);
    private readonly Thread[] _watching;

    public StallWatch()
    {
        _watching = [.. Processors.Mine().Select(processor => new Thread(() => Watch(processor)) { IsBackground = true, Name = $"stalls of processor {processor}" })];
        Array.ForEach(_watching, thread => thread.Start());
    }

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

    public void Dispose()
    {
        _stop.Set();
        Array.ForEach(_watching, thread => thread.Join());
        _stop.Dispose();
    }

    private static TimeSpan Length((long From, long To) stall) => Stopwatch.GetElapsedTime(stall.From, stall.To) - Step;

    private void Watch(int processor)
    {
        Processors.Keep(processor);
        while (true)
        {
            var began = Stopwatch.GetTimestamp();
            if (_stop.WaitOne(Step))
            {
                return;
            }

            var stall = (began, Stopwatch.GetTimestamp());
            if (Length(stall) > TimeSpan.Zero)
            {
                lock (_lock)
                {
                    _stalls.Add(stall);
                }
            }
        }
    }

    /// <summary>Where threads may run. Elsewhere than on Linux a thread runs where it likes.</summary>
    private static class Processors
    {
        /// <summary>As many as the kernel's own set has (<c>cpu_set_t</c>).</summary>
        private const int Most = 1024;

        public static IReadOnlyList<int> Mine()
        {
            var set = new ulong[Most / 64];
            return OperatingSystem.IsLinux() && GetAffinity(0, Most / 8, set) == 0
                ? [.. Enumerable.Range(0, Most).Where(processor => (set[processor / 64] & (1UL << (processor % 64))) != 0)]
                : [0];
        }

        /// <summary>Of the thread that calls. Where that is not allowed it runs where it likes, and still sees what holds up all of them.</summary>
        public static void Keep(int processor)
        {
            var set = new ulong[Most / 64];
            set[processor / 64] = 1UL << (processor % 64);
            if (OperatingSystem.IsLinux())
            {
                _ = SetAffinity(0, Most / 8, set);
            }
        }

        [DllImport("libc", EntryPoint = "sched_getaffinity", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int GetAffinity(int thread, nint bytes, [Out] ulong[] set);

        [DllImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int SetAffinity(int thread, nint bytes, ulong[] set);
    }
}
