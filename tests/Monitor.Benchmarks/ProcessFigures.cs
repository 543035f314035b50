using System.Globalization;

namespace Monitor.Benchmarks;

/// <summary>What the kernel says of a process.</summary>
internal static class ProcessFigures
{
    /// <summary>USER_HZ: what /proc counts processor time in, 100 on every Linux that .NET runs on.</summary>
    private const double TicksPerSecond = 100;

    /// <summary>Processor time so far, user and system, in seconds.</summary>
    /// <param name="andChildren">With what its children had used when they ended.</param>
    public static double CpuSeconds(int process, bool andChildren = false)
    {
        // The second field, the name in brackets, may hold blanks.
        var text = File.ReadAllText($"/proc/{process}/stat");
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        var own = Field(fields[11]) + Field(fields[12]);
        return (own + (andChildren ? Field(fields[13]) + Field(fields[14]) : 0)) / TicksPerSecond;
    }

    /// <summary>Resident memory in MiB.</summary>
    public static double ResidentMiB(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return Field(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) / 1024;
    }

    private static double Field(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
