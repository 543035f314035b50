using System.Globalization;
using System.Text;
using Monitor.Core.Probing;

namespace Monitor.Probers.Kafka;

/// <summary>What was found wrong, and what was measured.</summary>
public sealed class Findings
{
    private const int Shown = 5;

    /// <summary>Broken limits and broken state, each worded whole.</summary>
    public List<string> Failures { get; } = [];

    public List<string> Warnings { get; } = [];

    /// <summary>What this monitor or its user may not see.</summary>
    public List<string> Notes { get; } = [];

    public List<Metric> Metrics { get; } = [];

    /// <summary>The first few, and how many more there are: a message must not grow with the cluster.</summary>
    public static string List<T>(IReadOnlyCollection<T> items, Func<T, string> word)
    {
        var text = new StringBuilder();
        foreach (var item in items.Take(Shown))
        {
            text.Append(text.Length > 0 ? ", " : "").Append(word(item));
        }

        return items.Count > Shown ? text.Append(CultureInfo.InvariantCulture, $" and {items.Count - Shown} more").ToString() : text.ToString();
    }

    public static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary><c>3 partitions</c></summary>
    public static string Count(int count, string what) => count == 1 ? $"1 {what}" : $"{Number(count)} {what}s";
}
