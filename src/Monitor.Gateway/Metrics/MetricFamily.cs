namespace Monitor.Gateway.Metrics;

/// <summary>All series of one name. The labels of a series are few and come from code, so that a search through a short array is the fastest.</summary>
internal sealed class MetricFamily(string name, string help, MetricKind kind, IReadOnlyList<double> bounds)
{
    private readonly Lock _adding = new();
    private readonly double[] _bounds = [.. bounds];
    private Entry[] _entries = [];

    public string Name => name;

    public string Help => help;

    public MetricKind Kind => kind;

    public IReadOnlyList<double> Bounds => _bounds;

    public IEnumerable<MetricSeries> Series => Volatile.Read(ref _entries).Select(entry => entry.Series).Distinct();

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var series = Find(Volatile.Read(ref _entries), tags) ?? Add(tags);
        switch (kind)
        {
            case MetricKind.Gauge:
                series.Set(value);
                break;
            case MetricKind.Histogram:
                series.Observe(value, _bounds);
                break;
            default:
                series.Add(value);
                break;
        }
    }

    /// <summary>Makes sure that a series is there, at zero.</summary>
    public void Know(params KeyValuePair<string, object?>[] tags)
    {
        if (Find(Volatile.Read(ref _entries), tags) is null)
        {
            Add(tags);
        }
    }

    /// <summary>Before gauges are read anew: what is not there any more is not shown any more.</summary>
    public void Forget()
    {
        lock (_adding)
        {
            Volatile.Write(ref _entries, []);
        }
    }

    private static MetricSeries? Find(Entry[] entries, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (var entry in entries)
        {
            if (entry.Matches(tags))
            {
                return entry.Series;
            }
        }

        return null;
    }

    private MetricSeries Add(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var given = tags.ToArray();
        lock (_adding)
        {
            if (Find(_entries, given) is { } known)
            {
                return known;
            }

            // The same labels in another order are the same series.
            var labels = given.Select(tag => KeyValuePair.Create(tag.Key, tag.Value?.ToString() ?? "")).OrderBy(tag => tag.Key, StringComparer.Ordinal).ToArray();
            var series = _entries.Select(entry => entry.Series).FirstOrDefault(other => other.Labels.SequenceEqual(labels))
                ?? new MetricSeries(labels, _bounds.Length);
            Volatile.Write(ref _entries, [.. _entries, new Entry(given, series)]);
            return series;
        }
    }

    private sealed class Entry(KeyValuePair<string, object?>[] tags, MetricSeries series)
    {
        public MetricSeries Series => series;

        public bool Matches(ReadOnlySpan<KeyValuePair<string, object?>> given)
        {
            if (given.Length != tags.Length)
            {
                return false;
            }

            for (var i = 0; i < tags.Length; i++)
            {
                if (!Same(tags[i].Value, given[i].Value) || tags[i].Key != given[i].Key)
                {
                    return false;
                }
            }

            return true;
        }

        private static bool Same(object? one, object? other) =>
            ReferenceEquals(one, other) || (one is string text ? other is string otherText && text == otherText : Equals(one, other));
    }
}

internal enum MetricKind
{
    Counter,
    Gauge,
    Histogram,
}
