using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;
using Monitor.Core.Health;
using Monitor.Core.Ports;

namespace Monitor.Grains.Journal;

/// <summary>A batch as the journal holds it: JSON with a format version, so that a newer version reads what an older one left.</summary>
public static class JournalCodec
{
    private const int Format = 1;

    public static void Encode(IBufferWriter<byte> output, CommitBatch batch)
    {
        using var writer = new Utf8JsonWriter(output);
        JsonSerializer.Serialize(writer, new Stored(Format, batch), JournalJson.Default.Stored);
    }

    /// <exception cref="FormatException">Not a batch, or one of a newer format.</exception>
    public static CommitBatch Decode(ReadOnlySpan<byte> payload)
    {
        try
        {
            var stored = JsonSerializer.Deserialize(payload, JournalJson.Default.Stored);
            return stored is { Format: <= Format, Batch: { Results: not null, States: not null, Deliveries: not null } batch }
                ? batch
                : throw new FormatException($"the journal's record has format {stored?.Format}, this version reads up to {Format}");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new FormatException("the journal's record is not readable: " + e.Message, e);
        }
    }

    internal sealed record Stored(int Format, CommitBatch Batch);

    /// <summary>A state keeps the one form that it has everywhere, with its own format version.</summary>
    internal sealed class HealthStateConverter : JsonConverter<HealthState>
    {
        public override HealthState Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            using var document = JsonDocument.ParseValue(ref reader);
            return HealthStateCodec.Decode(document.RootElement.GetRawText());
        }

        public override void Write(Utf8JsonWriter writer, HealthState value, JsonSerializerOptions options) =>
            writer.WriteRawValue(HealthStateCodec.Encode(value), skipInputValidation: true);
    }
}

// Nulls only are left out: a required property that has its default value must still be there.
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    IgnoreReadOnlyProperties = true,
    UseStringEnumConverter = true,
    Converters = [typeof(JournalCodec.HealthStateConverter), typeof(ProbeMetricsConverter)])]
[JsonSerializable(typeof(JournalCodec.Stored))]
internal sealed partial class JournalJson : JsonSerializerContext;
