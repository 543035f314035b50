using System.Text.Json;

namespace Monitor.Core.Schemas;

/// <summary>Reads fields of an object that its schema has accepted. Absent and null read as null.</summary>
public readonly struct ConfigValues(JsonElement element)
{
    public JsonElement? Raw(string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public string? Text(string name) => Raw(name)?.GetString();

    public int? Int(string name) => Raw(name) is { } value ? (int)value.GetInt64() : null;

    public long? Long(string name) => Raw(name)?.GetInt64();

    public double? Number(string name) => Raw(name)?.GetDouble();

    public bool? Flag(string name) => Raw(name) is { ValueKind: JsonValueKind.True or JsonValueKind.False } value ? value.GetBoolean() : null;

    public ConfigValues? Object(string name) => Raw(name) is { ValueKind: JsonValueKind.Object } value ? new ConfigValues(value) : null;

    public IReadOnlyList<string> TextList(string name) =>
        Raw(name) is { } value ? [.. value.EnumerateArray().Select(item => item.GetString()!)] : [];

    public IReadOnlyList<KeyValuePair<string, string>> TextMap(string name) =>
        Raw(name) is { } value
            ? [.. value.EnumerateObject().Select(property => KeyValuePair.Create(property.Name, property.Value.GetString()!))]
            : [];
}
