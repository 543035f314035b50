using System.Runtime.InteropServices;

namespace Monitor.Grains.Shards;

/// <summary>Linux's CLOCK_BOOTTIME: since the boot, suspended time included; no wall clock moves it.</summary>
internal sealed class BootClock : SteadyClock
{
    private const int ClockBoottime = 7;

    public override TimeSpan Now =>
        TryRead(out var now) ? now : throw new InvalidOperationException("the boot clock, which could be read at the start, cannot be read any more");

    public static bool TryRead(out TimeSpan now)
    {
        now = default;
        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess || ClockGetTime(ClockBoottime, out var read) != 0)
        {
            return false;
        }

        now = new TimeSpan((read.Seconds * TimeSpan.TicksPerSecond) + (read.Nanoseconds / 100));
        return true;
    }

    [DllImport("libc", EntryPoint = "clock_gettime")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int ClockGetTime(int clock, out Timespec now);

    [StructLayout(LayoutKind.Sequential)]
    private struct Timespec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
