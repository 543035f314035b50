using System.Globalization;
using System.Text;

namespace Monitor.Benchmarks;

/// <summary>A table in Markdown, ready for docs/performance.md.</summary>
internal sealed class Report(string title)
{
    private readonly StringBuilder _rows = new();

    public void Add(string what, FormattableString measured, string toReach = "") =>
        _rows.Append(CultureInfo.InvariantCulture, $"| {what} | {measured.ToString(CultureInfo.InvariantCulture)} | {toReach} |\n");

    public void Print()
    {
        Console.WriteLine($"\n## {title}\n\n| what | measured | to reach |\n|---|---|---|");
        Console.Write(_rows);
    }

    /// <summary>The value below which this share (0-1) of the samples lies.</summary>
    public static double Quantile(IReadOnlyList<double> samples, double share)
    {
        var sorted = samples.Order().ToArray();
        return sorted.Length == 0 ? double.NaN : sorted[Math.Min(sorted.Length - 1, (int)(share * sorted.Length))];
    }
}
