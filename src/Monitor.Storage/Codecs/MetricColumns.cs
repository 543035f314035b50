using System.Globalization;
using System.Text.Json;
using Monitor.Core.Probing;

namespace Monitor.Storage.Codecs;

/// <summary>
/// The metrics of several results, one column a name. A column of numbers, texts or truths is packed as such; lists, maps and columns
/// whose kind changes are JSON texts. The same form with one row is how a single result's metrics are stored.
/// </summary>
internal static class MetricColumns
{
    private const byte Numbers = 0;
    private const byte Texts = 1;
    private const byte Truths = 2;
    private const byte Mixed = 3;
    private const byte NotEverywhere = 0x80;

    public static void Write(ByteWriter writer, IReadOnlyList<ProbeMetrics> rows)
    {
        var columns = Columns(rows);
        writer.Unsigned((ulong)columns.Count);
        foreach (var (name, cells) in columns)
        {
            WriteColumn(writer, name, cells);
        }
    }

    public static ProbeMetrics[] Read(ref ByteReader reader, int rows)
    {
        var gathered = new List<Metric>[rows];
        var columns = reader.Count(reader.Left);
        for (var i = 0; i < columns; i++)
        {
            ReadColumn(ref reader, gathered);
        }

        return [.. gathered.Select(items => items is null ? ProbeMetrics.Empty : new ProbeMetrics([.. items]))];
    }

    private static List<(string Name, MetricValue?[] Cells)> Columns(IReadOnlyList<ProbeMetrics> rows)
    {
        var columns = new List<(string Name, MetricValue?[] Cells)>();
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var row = 0; row < rows.Count; row++)
        {
            foreach (var (name, value) in rows[row].Items)
            {
                if (!places.TryGetValue(name, out var place))
                {
                    place = columns.Count;
                    places.Add(name, place);
                    columns.Add((name, new MetricValue?[rows.Count]));
                }

                columns[place].Cells[row] = value;
            }
        }

        return columns;
    }

    private static void WriteColumn(ByteWriter writer, string name, MetricValue?[] cells)
    {
        var present = cells.Where(cell => cell is not null).Select(cell => cell!.Value).ToArray();
        var kind = present.All(cell => cell.Number is not null) ? Numbers
            : present.All(cell => cell.Text is not null) ? Texts
            : present.All(cell => cell.Truth is not null) ? Truths
            : Mixed;
        MetricNames.Write(writer, name);
        var everywhere = present.Length == cells.Length;
        writer.Byte(everywhere ? kind : (byte)(kind | NotEverywhere));
        if (!everywhere)
        {
            TextSeries.WriteRuns(writer, [.. cells.Select(cell => cell is null ? 0L : 1L)]);
        }

        switch (kind)
        {
            case Numbers:
                NumberSeries.Write(writer, [.. present.Select(cell => cell.Number!.Value)]);
                break;
            case Truths:
                TextSeries.WriteRuns(writer, [.. present.Select(cell => cell.Truth!.Value ? 1L : 0L)]);
                break;
            default:
                TextSeries.Write(writer, [.. present.Select(cell => kind == Texts ? cell.Text : Spelled(cell))]);
                break;
        }
    }

    private static void ReadColumn(ref ByteReader reader, List<Metric>[] rows)
    {
        var name = MetricNames.Read(ref reader);
        var kind = reader.Byte();
        var places = new List<int>(rows.Length);
        if ((kind & NotEverywhere) != 0)
        {
            var present = TextSeries.ReadRuns(ref reader, rows.Length);
            places.AddRange(Enumerable.Range(0, rows.Length).Where(row => present[row] != 0));
        }
        else
        {
            places.AddRange(Enumerable.Range(0, rows.Length));
        }

        var values = ReadValues(ref reader, kind & ~NotEverywhere, places.Count);
        for (var i = 0; i < places.Count; i++)
        {
            (rows[places[i]] ??= []).Add(new Metric(name, values[i]));
        }
    }

    private static MetricValue[] ReadValues(ref ByteReader reader, int kind, int count) => kind switch
    {
        Numbers => [.. NumberSeries.ReadNumbers(ref reader, count).Select(MetricValue.Of)],
        Truths => [.. TextSeries.ReadRuns(ref reader, count).Select(value => MetricValue.Of(value != 0))],
        Texts => [.. TextSeries.Read(ref reader, count).Select(text => MetricValue.Of(text ?? ""))],
        Mixed => [.. TextSeries.Read(ref reader, count).Select(text => Parsed(text ?? "null"))],
        _ => throw new FormatException("a stored column of metrics has an unknown form"),
    };

    private static string Spelled(MetricValue value) =>
        value.Number is { } number ? Spelled(number)
        : value.Truth is { } truth ? JsonSerializer.Serialize(truth, StoreJson.Default.Boolean)
        : value.Text is { } text ? JsonSerializer.Serialize(text, StoreJson.Default.String)
        : value.List is { } list ? JsonSerializer.Serialize([.. list], StoreJson.Default.StringArray)
        : JsonSerializer.Serialize(value.Map!.ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal), StoreJson.Default.DictionaryStringDouble);

    private static string Spelled(double number) => "#" + number.ToString("R", CultureInfo.InvariantCulture);

    private static MetricValue Parsed(string text)
    {
        try
        {
            return text[0] switch
            {
                '[' => MetricValue.Of((IReadOnlyList<string>)JsonSerializer.Deserialize(text, StoreJson.Default.StringArray)!),
                '{' => MetricValue.Of((IReadOnlyDictionary<string, double>)JsonSerializer.Deserialize(text, StoreJson.Default.DictionaryStringDouble)!),
                't' or 'f' => MetricValue.Of(text[0] == 't'),
                '#' => MetricValue.Of(double.Parse(text.AsSpan(1), CultureInfo.InvariantCulture)),
                _ => MetricValue.Of(JsonSerializer.Deserialize(text, StoreJson.Default.String)!),
            };
        }
        catch (Exception e) when (e is JsonException or IndexOutOfRangeException or FormatException)
        {
            throw new FormatException("a stored metric is not readable", e);
        }
    }
}
