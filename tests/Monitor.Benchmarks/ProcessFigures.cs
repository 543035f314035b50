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
        var fields = Fields($"/proc/{process}/stat");
        var own = Field(fields[11]) + Field(fields[12]);
        return (own + (andChildren ? Field(fields[13]) + Field(fields[14]) : 0)) / TicksPerSecond;
    }

    /// <summary>Processor time of the thread on which a .NET process compiles anew what is called often, in seconds; that thread ends when it has nothing to do for long.</summary>
    public static double CompilerSeconds(int process) => SecondsByThread(process).Where(thread => thread.Key.StartsWith(".NET Tiered", StringComparison.Ordinal)).Sum(thread => thread.Value);

    /// <summary>Processor time so far of the threads that live, by their names (the first 15 characters), in seconds.</summary>
    public static IReadOnlyDictionary<string, double> SecondsByThread(int process)
    {
        var seconds = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var thread in Directory.EnumerateDirectories($"/proc/{process}/task"))
        {
            try
            {
                var name = File.ReadAllText(thread + "/comm").TrimEnd();

                // Nanoseconds; "stat" leaves out what is less than a hundredth of a second, of every thread.
                seconds[name] = seconds.GetValueOrDefault(name) + (Field(File.ReadAllText(thread + "/schedstat").Split(' ')[0]) / 1e9);
            }
            catch (IOException)
            {
                // A thread that has ended meanwhile.
            }
        }

        return seconds.Count > 0 ? seconds : throw new IOException($"process {process} has ended, or this kernel does not tell its threads' times (CONFIG_SCHED_INFO)");
    }

    public static IReadOnlyList<int> Children(int process) =>
        [.. File.ReadAllText($"/proc/{process}/task/{process}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(id => int.Parse(id, CultureInfo.InvariantCulture))];

    /// <summary>Resident memory in MiB.</summary>
    public static double ResidentMiB(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return Field(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) / 1024;
    }

    /// <summary>From the third on: the second, the name in brackets, may hold blanks.</summary>
    private static string[] Fields(string file)
    {
        var text = File.ReadAllText(file);
        return text[(text.LastIndexOf(')') + 2)..].Split(' ');
    }

    private static double Field(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
