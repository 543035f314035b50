using System.Text.Json;
using System.Text.Json.Serialization;

namespace Monitor.Core.Health;

/// <summary>The stored form of a state: JSON with a format version, so that a newer silo can read what an older one wrote.</summary>
public static class HealthStateCodec
{
    private const int Format = 1;

    public static string Encode(HealthState state) =>
        JsonSerializer.Serialize(new Stored(Format, state), HealthStateJson.Default.Stored);

    /// <exception cref="FormatException">Not a state, or one of a newer format.</exception>
    public static HealthState Decode(string text)
    {
        try
        {
            var stored = JsonSerializer.Deserialize(text, HealthStateJson.Default.Stored);
            return stored is { Format: <= Format, State: { } state }
                ? state
                : throw new FormatException($"the stored state has format {stored?.Format}, this version reads up to {Format}");
        }
        catch (JsonException e)
        {
            throw new FormatException("the stored state is not readable: " + e.Message, e);
        }
    }

    internal sealed record Stored(int Format, HealthState State);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(HealthStateCodec.Stored))]
internal sealed partial class HealthStateJson : JsonSerializerContext;
