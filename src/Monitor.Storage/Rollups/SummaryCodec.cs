using Monitor.Core.History;
using Monitor.Storage.Codecs;

namespace Monitor.Storage.Rollups;

/// <summary>The two parts of a summary that are no single number: the sketch, and when the target was observed (relative to the hour's start).</summary>
internal static class SummaryCodec
{
    public static byte[] EncodeSketch(LatencySketch sketch)
    {
        var writer = new ByteWriter();
        var last = 0;
        foreach (var (bucket, count) in sketch.Filled())
        {
            writer.Unsigned((ulong)(bucket - last));
            writer.Unsigned((ulong)count);
            last = bucket;
        }

        return writer.ToArray();
    }

    public static void AddSketch(LatencySketch sketch, ReadOnlySpan<byte> data)
    {
        var reader = new ByteReader(data);
        var bucket = 0;
        while (!reader.AtEnd)
        {
            bucket += reader.Count(1 << 16);
            sketch.Add(bucket, (long)reader.Unsigned());
        }
    }

    public static byte[] EncodeObserved(ObservedTime observed, long hourStart)
    {
        var writer = new ByteWriter();
        writer.Unsigned(observed.CutBefore is { } cut ? (ulong)(cut - hourStart) + 1 : 0);
        var last = hourStart;
        foreach (var (start, end) in observed.Spans)
        {
            writer.Signed(start - last);
            writer.Unsigned((ulong)(end - start));
            last = end;
        }

        return writer.ToArray();
    }

    public static void AddObserved(ObservedTime observed, ReadOnlySpan<byte> data, long hourStart)
    {
        var reader = new ByteReader(data);
        var cut = reader.Unsigned();
        if (cut > 0)
        {
            observed.Cut(hourStart + (long)cut - 1);
        }

        var last = hourStart;
        while (!reader.AtEnd)
        {
            var start = last + reader.Signed();
            last = start + (long)reader.Unsigned();
            observed.Span(start, last);
        }
    }
}
