using System.IO.Compression;

namespace Monitor.Storage.Codecs;

/// <summary>The results of one target and ten minutes as one compressed block of columns, in time order, no time twice.</summary>
internal static class ResultBlock
{
    private const byte Plain = 1;
    private const byte Deflated = 2;
    private const int WorthDeflating = 512;
    private const int MostRows = 10_000_000;

    public static byte[] Encode(IReadOnlyList<StoredResult> rows)
    {
        var writer = new ByteWriter();
        writer.Byte(Plain);
        writer.Unsigned((ulong)rows.Count);
        NumberSeries.WriteTimes(writer, Column(rows, row => row.At));
        TextSeries.WriteRuns(writer, Column(rows, row => row.Flags));
        NumberSeries.Write(writer, Column(rows, row => row.LatencyMicros));
        TextSeries.WriteRuns(writer, Column(rows, row => row.Origin));
        TextSeries.Write(writer, [.. rows.Select(row => row.Message)]);
        TextSeries.Write(writer, [.. rows.Select(row => row.Details)]);
        MetricColumns.Write(writer, [.. rows.Select(row => row.Metrics)]);
        return writer.Length < WorthDeflating ? writer.ToArray() : Smaller(writer);
    }

    /// <exception cref="FormatException">Not a block, or one of a newer version.</exception>
    public static StoredResult[] Decode(byte[] data)
    {
        var reader = new ByteReader(data);
        switch (reader.Byte())
        {
            case Plain:
                return DecodeRows(ref reader);
            case Deflated:
                var inner = new ByteReader(Inflate(data));
                return DecodeRows(ref inner);
            default:
                throw new FormatException("a stored block of results has a form that only a newer version knows");
        }
    }

    /// <summary>Both, in time order; where both have a time, <paramref name="first"/>'s is kept.</summary>
    public static List<StoredResult> Merge(IReadOnlyList<StoredResult> first, IReadOnlyList<StoredResult> second)
    {
        var merged = new List<StoredResult>(first.Count + second.Count);
        int i = 0, j = 0;
        while (i < first.Count || j < second.Count)
        {
            if (j == second.Count || (i < first.Count && first[i].At <= second[j].At))
            {
                j += j < second.Count && first[i].At == second[j].At ? 1 : 0;
                merged.Add(first[i++]);
            }
            else
            {
                merged.Add(second[j++]);
            }
        }

        return merged;
    }

    private static long[] Column(IReadOnlyList<StoredResult> rows, Func<StoredResult, long> value)
    {
        var column = new long[rows.Count];
        for (var i = 0; i < column.Length; i++)
        {
            column[i] = value(rows[i]);
        }

        return column;
    }

    private static StoredResult[] DecodeRows(ref ByteReader reader)
    {
        var count = reader.Count(MostRows);
        var times = NumberSeries.ReadTimes(ref reader, count);
        var flags = TextSeries.ReadRuns(ref reader, count);
        var latencies = NumberSeries.ReadWhole(ref reader, count);
        var origins = TextSeries.ReadRuns(ref reader, count);
        var messages = TextSeries.Read(ref reader, count);
        var details = TextSeries.Read(ref reader, count);
        var metrics = MetricColumns.Read(ref reader, count);
        var rows = new StoredResult[count];
        for (var i = 0; i < count; i++)
        {
            rows[i] = new StoredResult(times[i], (int)flags[i], latencies[i], origins[i], messages[i] ?? "", details[i], metrics[i]);
        }

        return rows;
    }

    /// <summary>Deflating pays where texts or maps repeat; columns of measured numbers it leaves as large as they were.</summary>
    private static byte[] Smaller(ByteWriter writer)
    {
        using var packed = new MemoryStream(writer.Length);
        packed.WriteByte(Deflated);
        using (var deflate = new DeflateStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            deflate.Write(writer.Written[1..]);
        }

        return packed.Length < writer.Length * 9 / 10 ? packed.ToArray() : writer.ToArray();
    }

    private static byte[] Inflate(byte[] data)
    {
        try
        {
            using var deflate = new DeflateStream(new MemoryStream(data, 1, data.Length - 1), CompressionMode.Decompress);
            using var whole = new MemoryStream();
            deflate.CopyTo(whole);
            return whole.ToArray();
        }
        catch (InvalidDataException e)
        {
            throw new FormatException("a stored block of results is damaged", e);
        }
    }
}
