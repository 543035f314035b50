namespace Monitor.Storage.Codecs;

/// <summary>A column of numbers: whole numbers as zigzag deltas, or one value for all; others scaled by a power of ten where that loses nothing, else as they are.</summary>
internal static class NumberSeries
{
    private const byte Constant = 0;
    private const byte Deltas = 1;
    private const byte Raw = 2;
    private const byte Swings = 3;
    private const byte FirstScale = 16;

    private static readonly double[] Scales = [1, 10, 100, 1_000, 10_000, 1_000_000];

    public static void Write(ByteWriter writer, ReadOnlySpan<long> values)
    {
        if (values.Length == 0)
        {
            return;
        }

        if (!values.ContainsAnyExcept(values[0]))
        {
            writer.Byte(Constant);
            writer.Signed(values[0]);
            return;
        }

        writer.Byte(Deltas);
        var last = 0L;
        foreach (var value in values)
        {
            writer.Signed(unchecked(value - last));
            last = value;
        }
    }

    public static long[] ReadWhole(ref ByteReader reader, int count)
    {
        var values = new long[count];
        if (count > 0)
        {
            ReadWhole(ref reader, reader.Byte(), values);
        }

        return values;
    }

    /// <summary>Times: the change of the step from one to the next, which is small where a rhythm is kept.</summary>
    public static void WriteTimes(ByteWriter writer, ReadOnlySpan<long> values)
    {
        writer.Byte(Swings);
        var last = 0L;
        var step = 0L;
        for (var i = 0; i < values.Length; i++)
        {
            var next = values[i] - last;
            writer.Signed(i < 2 ? next : next - step);
            step = i == 0 ? 0 : next;
            last = values[i];
        }
    }

    public static long[] ReadTimes(ref ByteReader reader, int count)
    {
        if (reader.Byte() != Swings)
        {
            throw new FormatException("a stored column of times has an unknown form");
        }

        var values = new long[count];
        var last = 0L;
        var step = 0L;
        for (var i = 0; i < count; i++)
        {
            var next = i < 2 ? reader.Signed() : unchecked(step + reader.Signed());
            values[i] = unchecked(last + next);
            step = i == 0 ? 0 : next;
            last = values[i];
        }

        return values;
    }

    public static void Write(ByteWriter writer, ReadOnlySpan<double> values)
    {
        var whole = values.Length <= 256 ? stackalloc long[values.Length] : new long[values.Length];
        for (var scale = 0; scale < Scales.Length; scale++)
        {
            if (TryScale(values, Scales[scale], whole))
            {
                writer.Byte((byte)(FirstScale + scale));
                Write(writer, whole);
                return;
            }
        }

        writer.Byte(Raw);
        foreach (var value in values)
        {
            writer.Double(value);
        }
    }

    public static double[] ReadNumbers(ref ByteReader reader, int count)
    {
        var values = new double[count];
        var form = reader.Byte();
        if (form == Raw)
        {
            for (var i = 0; i < count; i++)
            {
                values[i] = reader.Double();
            }

            return values;
        }

        if (form < FirstScale || form >= FirstScale + Scales.Length)
        {
            throw new FormatException("a stored column of numbers has an unknown form");
        }

        var whole = ReadWhole(ref reader, count);
        for (var i = 0; i < count; i++)
        {
            values[i] = whole[i] / Scales[form - FirstScale];
        }

        return values;
    }

    private static void ReadWhole(ref ByteReader reader, byte form, long[] values)
    {
        switch (form)
        {
            case Constant:
                Array.Fill(values, reader.Signed());
                break;
            case Deltas:
                var last = 0L;
                for (var i = 0; i < values.Length; i++)
                {
                    last = unchecked(last + reader.Signed());
                    values[i] = last;
                }

                break;
            default:
                throw new FormatException("a stored column of whole numbers has an unknown form");
        }
    }

    private static bool TryScale(ReadOnlySpan<double> values, double scale, Span<long> whole)
    {
        for (var i = 0; i < values.Length; i++)
        {
            var scaled = Math.Round(values[i] * scale);
            // Beyond 2^53 a double no longer holds every whole number; -0 would come back as 0.
            if (!(Math.Abs(scaled) < 9e15) || scaled / scale != values[i] || (scaled == 0 && double.IsNegative(values[i])))
            {
                return false;
            }

            whole[i] = (long)scaled;
        }

        return true;
    }
}
