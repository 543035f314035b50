using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Monitor.Core.Probing;

namespace Monitor.Grains.Journal;

/// <summary>
/// Metrics as one flat array: name, value, name, value … A value is a JSON number, text, truth, list of texts or map from text to number.
/// JSON has no NaN and no infinity: as a value of their own they are <c>[["NaN"]]</c> (a list holds texts only), in a map the text.
/// </summary>
internal sealed class ProbeMetricsConverter : JsonConverter<ProbeMetrics>
{
    public override ProbeMetrics Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        var array = document.RootElement;
        if (array.ValueKind != JsonValueKind.Array || array.GetArrayLength() % 2 != 0)
        {
            throw new JsonException("metrics are pairs of name and value");
        }

        var metrics = new Metric[array.GetArrayLength() / 2];
        for (var i = 0; i < metrics.Length; i++)
        {
            metrics[i] = new Metric(Text(array[2 * i]), Value(array[2 * i + 1]));
        }

        return metrics.Length == 0 ? ProbeMetrics.Empty : new ProbeMetrics(metrics);
    }

    public override void Write(Utf8JsonWriter writer, ProbeMetrics value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        foreach (var metric in value.Items)
        {
            writer.WriteStringValue(metric.Name);
            Write(writer, metric.Value);
        }

        writer.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter writer, MetricValue value)
    {
        if (value.Number is { } number)
        {
            WriteNumber(writer, number);
        }
        else if (value.Truth is { } truth)
        {
            writer.WriteBooleanValue(truth);
        }
        else if (value.List is { } list)
        {
            writer.WriteStartArray();
            foreach (var item in list)
            {
                writer.WriteStringValue(item);
            }

            writer.WriteEndArray();
        }
        else if (value.Map is { } map)
        {
            WriteMap(writer, map);
        }
        else
        {
            writer.WriteStringValue(value.Text);
        }
    }

    private static void WriteNumber(Utf8JsonWriter writer, double number)
    {
        if (double.IsFinite(number))
        {
            writer.WriteNumberValue(number);
            return;
        }

        writer.WriteStartArray();
        writer.WriteStartArray();
        writer.WriteStringValue(number.ToString(CultureInfo.InvariantCulture));
        writer.WriteEndArray();
        writer.WriteEndArray();
    }

    private static void WriteMap(Utf8JsonWriter writer, IReadOnlyDictionary<string, double> map)
    {
        writer.WriteStartObject();
        foreach (var (name, number) in map)
        {
            if (double.IsFinite(number))
            {
                writer.WriteNumber(name, number);
            }
            else
            {
                writer.WriteString(name, number.ToString(CultureInfo.InvariantCulture));
            }
        }

        writer.WriteEndObject();
    }

    private static MetricValue Value(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Number => MetricValue.Of(element.GetDouble()),
        JsonValueKind.True => MetricValue.Of(true),
        JsonValueKind.False => MetricValue.Of(false),
        JsonValueKind.String => MetricValue.Of(Text(element)),
        JsonValueKind.Array when element.GetArrayLength() == 1 && element[0].ValueKind == JsonValueKind.Array =>
            MetricValue.Of(NonFinite(element[0][0])),
        JsonValueKind.Array => MetricValue.Of([.. element.EnumerateArray().Select(Text)]),
        JsonValueKind.Object => MetricValue.Of(Map(element)),
        _ => throw new JsonException("not a metric's value"),
    };

    private static Dictionary<string, double> Map(JsonElement element)
    {
        var map = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var pair in element.EnumerateObject())
        {
            map[pair.Name] = pair.Value.ValueKind == JsonValueKind.Number ? pair.Value.GetDouble() : NonFinite(pair.Value);
        }

        return map;
    }

    private static string Text(JsonElement element) => element.GetString() ?? throw new JsonException("a text is missing");

    private static double NonFinite(JsonElement element) =>
        double.TryParse(Text(element), CultureInfo.InvariantCulture, out var number) ? number : throw new JsonException("not a number");
}
