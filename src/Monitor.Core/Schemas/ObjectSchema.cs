using System.Text.Json;
using System.Text.Json.Nodes;
using Monitor.Core.Text;

namespace Monitor.Core.Schemas;

/// <summary>
/// The fields of an object that users send. One declaration gives validation (every problem at once), the JSON Schema that clients and the form read,
/// and the knowledge of where secrets are.
/// </summary>
public sealed class ObjectSchema
{
    /// <summary>Problems beyond these are not looked for: a megabyte of made-up fields would cost a hundred of answer.</summary>
    public const int MaxErrors = 100;

    private readonly Dictionary<string, Field> _byName;

    public ObjectSchema(params IReadOnlyList<Field> fields)
    {
        Fields = fields;
        _byName = fields.ToDictionary(field => field.Name, StringComparer.Ordinal);
    }

    public IReadOnlyList<Field> Fields { get; }

    public Field? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>Adds what is wrong with <paramref name="value"/>. An optional field may be null, which is the same as absent.</summary>
    /// <param name="path">The object's own path; "" at the root.</param>
    public void Validate(JsonElement value, string path, List<FieldError> errors)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            errors.Add(FieldError.At(path, "must be an object", "必须是一个对象"));
            return;
        }

        foreach (var property in value.EnumerateObject())
        {
            if (errors.Count >= MaxErrors)
            {
                return;
            }

            ValidateProperty(property, path, errors);
        }

        foreach (var field in Fields)
        {
            if (field.Required && (!value.TryGetProperty(field.Name, out var given) || given.ValueKind == JsonValueKind.Null))
            {
                errors.Add(FieldError.At(Join(path, field.Name), "is required", "必填"));
            }
        }
    }

    public JsonObject ToJsonSchema(Language language)
    {
        var properties = new JsonObject();
        foreach (var field in Fields)
        {
            properties[field.Name] = field.ToJsonSchema(language);
        }

        var schema = new JsonObject { ["type"] = "object", ["properties"] = properties, ["additionalProperties"] = false };
        var required = Fields.Where(field => field.Required).Select(field => (JsonNode)field.Name).ToArray();
        if (required.Length > 0)
        {
            schema["required"] = new JsonArray(required);
        }

        return schema;
    }

    internal static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private void ValidateProperty(JsonProperty property, string path, List<FieldError> errors)
    {
        if (Find(property.Name) is not { } field)
        {
            var known = string.Join(", ", Fields.Where(candidate => !candidate.ReadOnly).Select(candidate => candidate.Name));
            errors.Add(FieldError.At(Join(path, Shorten(property.Name)), $"unknown field; known: {known}", $"未知字段；可用字段：{known}"));
        }
        else if (!field.ReadOnly && property.Value.ValueKind != JsonValueKind.Null)
        {
            field.Rule.Validate(property.Value, Join(path, field.Name), errors);
        }
    }

    /// <summary>A made-up name comes back in the answer: not all of a megabyte of it.</summary>
    private static string Shorten(string name) => name.Length <= 100 ? name : string.Concat(name.AsSpan(0, char.IsHighSurrogate(name[98]) ? 98 : 99), "…");
}
