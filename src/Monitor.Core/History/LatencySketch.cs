namespace Monitor.Core.History;

/// <summary>
/// A distribution of latencies that can be added up: buckets whose bounds grow by 2 %, so that a quantile is within 1 % of the truth,
/// from 1 microsecond to a quarter of an hour. (The idea of DDSketch, Masson and others, 2019.)
/// </summary>
public sealed class LatencySketch
{
    private const double Growth = 1.02;
    private const int Buckets = 1_048;

    private static readonly double LogGrowth = Math.Log(Growth);

    private readonly long[] _counts = new long[Buckets];

    public long Count { get; private set; }

    public void Add(long micros) => Add(BucketOf(micros), 1);

    /// <summary>Adds what <see cref="Filled"/> said of another.</summary>
    public void Add(int bucket, long count)
    {
        _counts[Math.Clamp(bucket, 0, Buckets - 1)] += count;
        Count += count;
    }

    /// <summary>Buckets with something in them, lowest first.</summary>
    public IEnumerable<(int Bucket, long Count)> Filled()
    {
        for (var i = 0; i < Buckets; i++)
        {
            if (_counts[i] > 0)
            {
                yield return (i, _counts[i]);
            }
        }
    }

    /// <summary>In milliseconds; null when nothing was added.</summary>
    /// <param name="fraction">0.95 for p95.</param>
    public double? Quantile(double fraction)
    {
        if (Count == 0)
        {
            return null;
        }

        var rank = fraction * (Count - 1);
        var seen = 0L;
        for (var i = 0; i < Buckets; i++)
        {
            seen += _counts[i];
            if (seen > rank)
            {
                return Math.Round(MiddleOf(i) / 1_000, 3);
            }
        }

        return Math.Round(MiddleOf(Buckets - 1) / 1_000, 3);
    }

    private static int BucketOf(long micros) => micros <= 1 ? 0 : Math.Min((int)Math.Ceiling(Math.Log(micros) / LogGrowth), Buckets - 1);

    private static double MiddleOf(int bucket) => bucket == 0 ? 1 : 2 * Math.Pow(Growth, bucket) / (Growth + 1);
}
