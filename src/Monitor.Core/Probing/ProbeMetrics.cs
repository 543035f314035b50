namespace Monitor.Core.Probing;

/// <summary>What was measured, in the order it was added. Kept as an array: ten thousand targets hold one each.</summary>
public sealed class ProbeMetrics
{
    public static readonly ProbeMetrics Empty = new([]);

    private readonly Metric[] _items;

    public ProbeMetrics(Metric[] items) => _items = items;

    public IReadOnlyList<Metric> Items => _items;

    public MetricValue? this[string name]
    {
        get
        {
            foreach (var item in _items)
            {
                if (item.Name == name)
                {
                    return item.Value;
                }
            }

            return null;
        }
    }
}

/// <param name="Name">snake_case with its unit, from PROBERS.md; one shared string a name.</param>
public readonly record struct Metric(string Name, MetricValue Value);

/// <summary>A number, a text, a truth, a list of texts, or a map from text to number.</summary>
public readonly record struct MetricValue
{
    private readonly double _number;
    private readonly object? _other;

    private MetricValue(double number, object? other)
    {
        _number = number;
        _other = other;
    }

    public double? Number => _other is null ? _number : null;
    public bool? Truth => _other is TruthMark ? _number != 0 : null;
    public string? Text => _other as string;
    public IReadOnlyList<string>? List => _other as IReadOnlyList<string>;
    public IReadOnlyDictionary<string, double>? Map => _other as IReadOnlyDictionary<string, double>;

    public static MetricValue Of(double number) => new(number, null);
    public static MetricValue Of(string text) => new(0, text);
    public static MetricValue Of(bool truth) => new(truth ? 1 : 0, TruthMark.Instance);
    public static MetricValue Of(IReadOnlyList<string> list) => new(0, list);
    public static MetricValue Of(IReadOnlyDictionary<string, double> map) => new(0, map);

    public static implicit operator MetricValue(double number) => Of(number);
    public static implicit operator MetricValue(string text) => Of(text);
    public static implicit operator MetricValue(bool truth) => Of(truth);

    private sealed class TruthMark
    {
        public static readonly TruthMark Instance = new();
    }
}
