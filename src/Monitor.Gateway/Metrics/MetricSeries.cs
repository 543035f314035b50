namespace Monitor.Gateway.Metrics;

/// <summary>One set of labels and its numbers. Recording is lock-free.</summary>
/// <param name="labels">By key.</param>
internal sealed class MetricSeries(KeyValuePair<string, string>[] labels, int bounds)
{
    /// <summary>Of a histogram: observations by bucket, the last one above all bounds.</summary>
    private readonly long[] _buckets = new long[bounds + 1];
    private double _value;

    public IReadOnlyList<KeyValuePair<string, string>> Labels => labels;

    /// <summary>The count, the gauge's value, or the sum of what a histogram saw.</summary>
    public double Value => Volatile.Read(ref _value);

    public void Set(double value) => Volatile.Write(ref _value, value);

    public void Add(double value)
    {
        var seen = Volatile.Read(ref _value);
        while (true)
        {
            var before = Interlocked.CompareExchange(ref _value, seen + value, seen);
            if (before.Equals(seen))
            {
                return;
            }

            seen = before;
        }
    }

    public void Observe(double value, ReadOnlySpan<double> bounds)
    {
        var bucket = 0;
        while (bucket < bounds.Length && value > bounds[bucket])
        {
            bucket++;
        }

        Interlocked.Increment(ref _buckets[bucket]);
        Add(value);
    }

    public long[] Buckets()
    {
        var copy = new long[_buckets.Length];
        for (var i = 0; i < copy.Length; i++)
        {
            copy[i] = Volatile.Read(ref _buckets[i]);
        }

        return copy;
    }
}
