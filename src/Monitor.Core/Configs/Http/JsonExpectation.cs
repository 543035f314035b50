using System.Text.Json;
using System.Text.Json.Nodes;
using Monitor.Core.Schemas;
using Monitor.Core.Text;

namespace Monitor.Core.Configs.Http;

/// <summary>One line of <c>expect_json</c>: the value at a path. Texts are compared as texts, numbers by value, true, false and null as themselves.</summary>
/// <param name="Expected">As JSON text.</param>
public sealed record JsonExpectation(JsonPath Path, string Expected)
{
    /// <summary>Null when it is as expected; else what is there, as JSON text ("nothing" where there is none).</summary>
    public string? Mismatch(JsonElement root)
    {
        if (Path.Find(root) is not { } found)
        {
            return "nothing";
        }

        using var expected = JsonDocument.Parse(Expected);
        return Same(found, expected.RootElement) ? null : found.GetRawText();
    }

    private static bool Same(JsonElement found, JsonElement expected)
    {
        if (found.ValueKind != expected.ValueKind)
        {
            return false;
        }

        return found.ValueKind switch
        {
            JsonValueKind.Number => found.TryGetDecimal(out var left) && expected.TryGetDecimal(out var right)
                ? left == right
                : found.GetDouble().Equals(expected.GetDouble()),
            JsonValueKind.String => expected.ValueEquals(found.GetString()),
            _ => true,
        };
    }
}

/// <summary>A text, a number, true, false or null.</summary>
public sealed record ScalarRule : ValueRule
{
    public override void Validate(JsonElement value, string path, List<FieldError> errors)
    {
        if (value.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
        {
            errors.Add(FieldError.At(path, "must be a text, a number, true, false or null", "必须是文本、数字、true、false 或 null"));
        }
    }

    public override JsonObject ToJsonSchema(Language language) => new() { ["type"] = new JsonArray("string", "number", "boolean", "null") };
}

/// <summary>A map from JSON paths to expected values; unlike <see cref="MapRule"/>, null is a value here.</summary>
public sealed record JsonExpectationsRule(int MaxItems) : ValueRule
{
    private static readonly ScalarRule Scalar = new();

    public override void Validate(JsonElement value, string path, List<FieldError> errors)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            errors.Add(FieldError.At(path, "must be an object", "必须是一个对象"));
            return;
        }

        if (value.EnumerateObject().Count() > MaxItems)
        {
            errors.Add(FieldError.At(path, $"must have at most {MaxItems} entries", $"最多 {MaxItems} 项"));
            return;
        }

        foreach (var property in value.EnumerateObject())
        {
            var at = $"{path}.{(property.Name.Length <= 100 ? property.Name : "…")}";
            if (JsonPath.Problem(property.Name) is { } wrong)
            {
                errors.Add(new FieldError(at, wrong));
            }
            else
            {
                Scalar.Validate(property.Value, at, errors);
            }
        }
    }

    public override JsonObject ToJsonSchema(Language language) =>
        new() { ["type"] = "object", ["additionalProperties"] = Scalar.ToJsonSchema(language), ["maxProperties"] = MaxItems };
}
