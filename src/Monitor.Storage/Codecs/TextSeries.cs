namespace Monitor.Storage.Codecs;

/// <summary>A column of texts (null allowed): each different one once, then runs of which.</summary>
internal static class TextSeries
{
    public static void Write(ByteWriter writer, IReadOnlyList<string?> values)
    {
        var numbers = new Dictionary<string, long>(StringComparer.Ordinal);
        var which = new long[values.Count];
        for (var i = 0; i < values.Count; i++)
        {
            if (values[i] is { } text)
            {
                if (!numbers.TryGetValue(text, out which[i]))
                {
                    which[i] = numbers.Count + 1;
                    numbers.Add(text, which[i]);
                }
            }
        }

        writer.Unsigned((ulong)numbers.Count);
        foreach (var text in numbers.Keys)
        {
            writer.Text(text);
        }

        WriteRuns(writer, which);
    }

    public static string?[] Read(ref ByteReader reader, int count)
    {
        var texts = new string?[reader.Count(reader.Left) + 1];
        for (var i = 1; i < texts.Length; i++)
        {
            texts[i] = reader.Text();
        }

        var which = ReadRuns(ref reader, count);
        var values = new string?[count];
        for (var i = 0; i < count; i++)
        {
            values[i] = which[i] >= 0 && which[i] < texts.Length ? texts[which[i]] : throw new FormatException("a stored text is missing");
        }

        return values;
    }

    /// <summary>(value, length) pairs until all are said.</summary>
    public static void WriteRuns(ByteWriter writer, ReadOnlySpan<long> values)
    {
        for (var start = 0; start < values.Length;)
        {
            var end = start + 1;
            while (end < values.Length && values[end] == values[start])
            {
                end++;
            }

            writer.Signed(values[start]);
            writer.Unsigned((ulong)(end - start));
            start = end;
        }
    }

    public static long[] ReadRuns(ref ByteReader reader, int count)
    {
        var values = new long[count];
        for (var start = 0; start < count;)
        {
            var value = reader.Signed();
            var length = reader.Count(count - start);
            if (length == 0)
            {
                throw new FormatException("a stored run is empty");
            }

            values.AsSpan(start, length).Fill(value);
            start += length;
        }

        return values;
    }
}
