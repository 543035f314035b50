using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Monitor.Core.Text;

namespace Monitor.Core.Schemas;

/// <summary>What one value must look like.</summary>
public abstract record ValueRule
{
    /// <summary>Adds what is wrong; <paramref name="value"/> is not null.</summary>
    public abstract void Validate(JsonElement value, string path, List<FieldError> errors);

    public abstract JsonObject ToJsonSchema(Language language);
}

/// <summary>A whole number within bounds, both inclusive.</summary>
public sealed record IntegerRule(long Min, long Max) : ValueRule
{
    public override void Validate(JsonElement value, string path, List<FieldError> errors)
    {
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt64(out var number))
        {
            errors.Add(FieldError.At(path, $"must be a whole number between {Text(Min)} and {Text(Max)}", $"必须是 {Text(Min)} 到 {Text(Max)} 之间的整数"));
        }
        else if (number < Min || number > Max)
        {
            errors.Add(FieldError.At(path, $"must be between {Text(Min)} and {Text(Max)}", $"必须在 {Text(Min)} 到 {Text(Max)} 之间"));
        }
    }

    public override JsonObject ToJsonSchema(Language language) => new() { ["type"] = "integer", ["minimum"] = Min, ["maximum"] = Max };

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A number within bounds, both inclusive.</summary>
public sealed record NumberRule(double Min, double Max) : ValueRule
{
    public override void Validate(JsonElement value, string path, List<FieldError> errors)
    {
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var number) || !double.IsFinite(number) || number < Min || number > Max)
        {
            var (min, max) = (Min.ToString(CultureInfo.InvariantCulture), Max.ToString(CultureInfo.InvariantCulture));
            errors.Add(FieldError.At(path, $"must be a number between {min} and {max}", $"必须是 {min} 到 {max} 之间的数"));
        }
    }

    public override JsonObject ToJsonSchema(Language language) => new() { ["type"] = "number", ["minimum"] = Min, ["maximum"] = Max };
}

public sealed record BooleanRule : ValueRule
{
    public override void Validate(JsonElement value, string path, List<FieldError> errors)
    {
        if (value.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
        {
            errors.Add(FieldError.At(path, "must be true or false", "必须是 true 或 false"));
        }
    }

    public override JsonObject ToJsonSchema(Language language) => new() { ["type"] = "boolean" };
}

/// <summary>A list, each item by one rule.</summary>
public sealed record ListRule(ValueRule Item, int MinItems = 0, int MaxItems = 1000) : ValueRule
{
    public override void Validate(JsonElement value, string path, List<FieldError> errors)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            errors.Add(FieldError.At(path, "must be a list", "必须是一个列表"));
            return;
        }

        var count = value.GetArrayLength();
        if (count < MinItems || count > MaxItems)
        {
            errors.Add(FieldError.At(path, $"must have between {MinItems} and {MaxItems} items", $"必须有 {MinItems} 到 {MaxItems} 项"));
            return;
        }

        var index = 0;
        foreach (var item in value.EnumerateArray())
        {
            var at = string.Create(CultureInfo.InvariantCulture, $"{path}[{index++}]");
            if (item.ValueKind == JsonValueKind.Null)
            {
                errors.Add(FieldError.At(at, "must not be null", "不能为 null"));
            }
            else
            {
                Item.Validate(item, at, errors);
            }
        }
    }

    public override JsonObject ToJsonSchema(Language language) =>
        new() { ["type"] = "array", ["items"] = Item.ToJsonSchema(language), ["minItems"] = MinItems, ["maxItems"] = MaxItems };
}

/// <summary>A map from free keys to values of one rule.</summary>
/// <param name="KeyCheck">What is wrong with a key, or null.</param>
/// <param name="SecretKey">Keys whose values are secrets: headers named like credentials.</param>
public sealed record MapRule(
    ValueRule Value, int MaxItems = 100, Func<string, LocalizedText?>? KeyCheck = null, Func<string, bool>? SecretKey = null) : ValueRule
{
    public override void Validate(JsonElement value, string path, List<FieldError> errors)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            errors.Add(FieldError.At(path, "must be an object", "必须是一个对象"));
            return;
        }

        var count = value.EnumerateObject().Count();
        if (count > MaxItems)
        {
            errors.Add(FieldError.At(path, $"must have at most {MaxItems} entries", $"最多 {MaxItems} 项"));
            return;
        }

        foreach (var property in value.EnumerateObject())
        {
            var at = ObjectSchema.Join(path, property.Name.Length <= 100 ? property.Name : "…");
            if (KeyCheck?.Invoke(property.Name) is { } wrong)
            {
                errors.Add(new FieldError(at, wrong));
            }
            else if (property.Value.ValueKind == JsonValueKind.Null)
            {
                errors.Add(FieldError.At(at, "must not be null", "不能为 null"));
            }
            else
            {
                Value.Validate(property.Value, at, errors);
            }
        }
    }

    public override JsonObject ToJsonSchema(Language language) =>
        new() { ["type"] = "object", ["additionalProperties"] = Value.ToJsonSchema(language), ["maxProperties"] = MaxItems };
}

/// <summary>Any JSON value (an expected value, a nested config that its own schema judges).</summary>
public sealed record AnyRule : ValueRule
{
    public override void Validate(JsonElement value, string path, List<FieldError> errors)
    {
        // Everything is allowed.
    }

    public override JsonObject ToJsonSchema(Language language) => [];
}

/// <summary>A nested object; with <paramref name="OrBoolean"/> also plain true or false (<c>tls</c>).</summary>
public sealed record ObjectRule(ObjectSchema Schema, bool OrBoolean = false) : ValueRule
{
    public override void Validate(JsonElement value, string path, List<FieldError> errors)
    {
        if (OrBoolean && value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return;
        }

        if (OrBoolean && value.ValueKind != JsonValueKind.Object)
        {
            errors.Add(FieldError.At(path, "must be true, false or an object", "必须是 true、false 或一个对象"));
            return;
        }

        Schema.Validate(value, path, errors);
    }

    public override JsonObject ToJsonSchema(Language language) =>
        OrBoolean
            ? new JsonObject { ["oneOf"] = new JsonArray(new JsonObject { ["type"] = "boolean" }, Schema.ToJsonSchema(language)) }
            : Schema.ToJsonSchema(language);
}
