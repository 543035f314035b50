using System.Globalization;

namespace Monitor.Tests.Shared;

/// <summary>A page in Prometheus text, read as a scraper does.</summary>
public sealed class MetricsText
{
    private readonly List<(string Name, string Labels, double Value)> _samples = [];

    public MetricsText(string text)
    {
        Text = text;
        foreach (var line in text.Split('\n'))
        {
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            var brace = line.IndexOf('{', StringComparison.Ordinal);
            var end = brace < 0 ? line.IndexOf(' ', StringComparison.Ordinal) : line.LastIndexOf('}') + 1;
            var value = line[end..].Trim().Split(' ')[0];
            _samples.Add((line[..(brace < 0 ? end : brace)], brace < 0 ? "" : line[brace..end], Number(value)));
        }
    }

    public string Text { get; }

    /// <summary>The sum of a metric over all series whose labels contain every one of these (<c>outcome="ok"</c>); 0 when there is none.</summary>
    public double Sum(string name, params string[] labels) => _samples
        .Where(sample => sample.Name == name && labels.All(label => sample.Labels.Contains(label, StringComparison.Ordinal)))
        .Sum(sample => sample.Value);

    /// <summary>The upper bound of the bucket in which this share (0-1) of a histogram's observations lies; NaN when there were none.</summary>
    /// <param name="since">An earlier page: only what came after it is looked at.</param>
    public double Quantile(string name, double share, MetricsText? since = null)
    {
        var bounds = _samples.Where(sample => sample.Name == name + "_bucket").Select(sample => Bound(sample.Labels)).Distinct().Order().ToArray();
        var total = Sum(name + "_count") - (since?.Sum(name + "_count") ?? 0);
        if (total <= 0)
        {
            return double.NaN;
        }

        return bounds.First(bound => AtMost(name, bound) - (since?.AtMost(name, bound) ?? 0) >= share * total);
    }

    private double AtMost(string name, double bound) =>
        _samples.Where(sample => sample.Name == name + "_bucket" && Bound(sample.Labels).Equals(bound)).Sum(sample => sample.Value);

    private static double Bound(string labels)
    {
        const string Label = "le=\"";
        var from = labels.IndexOf(Label, StringComparison.Ordinal) + Label.Length;
        return Number(labels[from..labels.IndexOf('"', from)]);
    }

    private static double Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        "NaN" => double.NaN,
        _ => double.Parse(text, CultureInfo.InvariantCulture),
    };
}
