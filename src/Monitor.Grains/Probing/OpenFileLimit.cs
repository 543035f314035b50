using System.Globalization;

namespace Monitor.Grains.Probing;

/// <summary>How many probes of a type may be under way at once, from the limit on open files of this process.</summary>
public static class OpenFileLimit
{
    /// <summary>Where it cannot be read (another system than Linux).</summary>
    private const long Assumed = 4096;

    /// <summary>For store, API clients, webhooks and the runtime itself.</summary>
    private const long Reserved = 512;

    /// <summary>Nodes of a cluster are asked side by side.</summary>
    private const int FilesPerProbe = 4;

    private const int Most = 20_000;
    private const int Least = 32;

    /// <summary>Each type has a share of its own, so that hanging targets of one cannot take the last socket of another.</summary>
    public static int ProbesPerType(int types) => Share(Read(), types);

    /// <summary>The arithmetic of <see cref="ProbesPerType"/>.</summary>
    public static int Share(long openFiles, int types) =>
        (int)Math.Clamp((openFiles - Reserved) / FilesPerProbe / Math.Max(1, types), Least, Most);

    private static long Read()
    {
        try
        {
            var line = File.ReadLines("/proc/self/limits").FirstOrDefault(line => line.StartsWith("Max open files", StringComparison.Ordinal));
            var soft = line?["Max open files".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
            return soft == "unlimited" ? long.MaxValue : long.TryParse(soft, CultureInfo.InvariantCulture, out var files) ? files : Assumed;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Assumed;
        }
    }
}
