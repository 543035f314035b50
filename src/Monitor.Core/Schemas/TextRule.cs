using System.Text.Json;
using System.Text.Json.Nodes;
using Monitor.Core.Text;

namespace Monitor.Core.Schemas;

/// <summary>A text. Lengths count UTF-16 units. Control characters are refused, but for line breaks and tabs where <paramref name="Multiline"/>.</summary>
public sealed record TextRule(int MinLength = 0, int MaxLength = 4096, bool Multiline = false) : ValueRule
{
    /// <summary>The only texts allowed, if set.</summary>
    public IReadOnlyList<string>? OneOf { get; init; }

    /// <summary>What is wrong with a text that is otherwise well-formed, or null.</summary>
    public Func<string, LocalizedText?>? Check { get; init; }

    /// <summary>JSON Schema's format: <c>uri</c>, <c>hostname</c>, <c>regex</c>.</summary>
    public string? Format { get; init; }

    /// <summary>Credentials inside this URL are secrets: <see cref="SecretUrl"/>.</summary>
    public bool IsUrl { get; init; }

    public override void Validate(JsonElement value, string path, List<FieldError> errors)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            errors.Add(FieldError.At(path, "must be a text", "必须是文本"));
        }
        else if (Problem(value.GetString()!) is { } wrong)
        {
            errors.Add(new FieldError(path, wrong));
        }
    }

    public override JsonObject ToJsonSchema(Language language)
    {
        var schema = new JsonObject { ["type"] = "string" };
        if (OneOf is not null)
        {
            schema["enum"] = new JsonArray(OneOf.Select(text => (JsonNode)text).ToArray());
            return schema;
        }

        if (MinLength > 0)
        {
            schema["minLength"] = MinLength;
        }

        schema["maxLength"] = MaxLength;
        if (Format is not null)
        {
            schema["format"] = Format;
        }

        return schema;
    }

    private LocalizedText? Problem(string text)
    {
        if (OneOf is not null)
        {
            var choices = string.Join(", ", OneOf);
            return OneOf.Contains(text, StringComparer.Ordinal) ? null : new LocalizedText($"must be one of: {choices}", $"必须是其中之一：{choices}");
        }

        if (text.Length < MinLength || text.Length > MaxLength)
        {
            return MinLength > 0
                ? new LocalizedText($"must have between {MinLength} and {MaxLength} characters", $"长度必须在 {MinLength} 到 {MaxLength} 个字符之间")
                : new LocalizedText($"must have at most {MaxLength} characters", $"最多 {MaxLength} 个字符");
        }

        foreach (var c in text)
        {
            if (char.IsControl(c) && !(Multiline && c is '\n' or '\r' or '\t'))
            {
                return new LocalizedText("must not contain control characters", "不能包含控制字符");
            }
        }

        return Check?.Invoke(text);
    }
}
