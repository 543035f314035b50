using System.Text.Json;
using System.Text.Json.Nodes;

namespace Monitor.Core.Schemas;

/// <summary>
/// Secrets inside a config: how it is shown, and how a config that was shown and sent back gets its secrets again.
/// Works on configs that their schema has accepted.
/// </summary>
public static class SecretFields
{
    public const string Mask = SecretUrl.Mask;

    /// <summary>The config with <c>"******"</c> for each secret.</summary>
    public static JsonObject Masked(ObjectSchema schema, JsonElement config)
    {
        var masked = new JsonObject();
        foreach (var property in config.EnumerateObject())
        {
            masked[property.Name] = schema.Find(property.Name) is { } field ? MaskedValue(field, property.Value) : Copy(property.Value);
        }

        return masked;
    }

    /// <summary>
    /// Puts stored secrets where <paramref name="sent"/> has <c>"******"</c>. Errors: nothing is stored there; or a field that says where secrets go
    /// has changed, so that they must be sent again (else an editor could have them delivered to a place of his own).
    /// </summary>
    /// <param name="stored">The stored config with its secrets in plain; null for a new one.</param>
    /// <param name="path">The config's own path in the body: <c>config</c>.</param>
    public static JsonObject Restored(ObjectSchema schema, JsonElement sent, JsonElement? stored, string path, List<FieldError> errors)
    {
        var kept = new List<string>();
        var restored = RestoredObject(schema, sent, stored, path, kept, errors);
        if (kept.Count == 0 || stored is null)
        {
            return restored;
        }

        var before = new Dictionary<string, string>(StringComparer.Ordinal);
        var after = new Dictionary<string, string>(StringComparer.Ordinal);
        Directions(schema, stored, "", before);
        Directions(schema, JsonSerializer.SerializeToElement(restored), "", after);
        var changed = before.Keys.Union(after.Keys).Where(name => before.GetValueOrDefault(name) != after.GetValueOrDefault(name)).ToArray();
        if (changed.Length > 0)
        {
            var names = string.Join(", ", changed);
            foreach (var secret in kept)
            {
                errors.Add(FieldError.At(secret, $"must be sent again, because {names} changed", $"{names} 已更改，必须重新填写"));
            }
        }

        return restored;
    }

    private static JsonNode? MaskedValue(Field field, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return field.Rule switch
        {
            _ when field.Secret => Mask,
            TextRule { IsUrl: true } => SecretUrl.Masked(value.GetString()!),
            MapRule { SecretKey: { } isSecret } => new JsonObject(value.EnumerateObject().Select(
                property => KeyValuePair.Create(property.Name, isSecret(property.Name) ? (JsonNode)Mask : Copy(property.Value)))),
            ObjectRule nested when value.ValueKind == JsonValueKind.Object => Masked(nested.Schema, value),
            _ => Copy(value),
        };
    }

    private static JsonObject RestoredObject(
        ObjectSchema schema, JsonElement sent, JsonElement? stored, string path, List<string> kept, List<FieldError> errors)
    {
        var result = new JsonObject();
        foreach (var property in sent.EnumerateObject())
        {
            var at = ObjectSchema.Join(path, property.Name);
            var old = Child(stored, property.Name);
            result[property.Name] = schema.Find(property.Name) is { } field && property.Value.ValueKind != JsonValueKind.Null
                ? RestoredValue(field, property.Value, old, at, kept, errors)
                : Copy(property.Value);
        }

        return result;
    }

    private static JsonNode? RestoredValue(Field field, JsonElement sent, JsonElement? old, string at, List<string> kept, List<FieldError> errors)
    {
        switch (field.Rule)
        {
            case TextRule when field.Secret:
                return sent.GetString() == Mask ? Kept(old?.GetString(), at, kept, errors) : Copy(sent);
            case TextRule { IsUrl: true }:
                return RestoredUrl(sent.GetString()!, old?.GetString(), at, kept, errors);
            case MapRule { SecretKey: { } isSecret }:
                return RestoredMap(sent, old, isSecret, at, kept, errors);
            case ObjectRule nested when sent.ValueKind == JsonValueKind.Object:
                return RestoredObject(nested.Schema, sent, old is { ValueKind: JsonValueKind.Object } ? old : null, at, kept, errors);
            default:
                return Copy(sent);
        }
    }

    private static JsonNode? RestoredUrl(string sent, string? old, string at, List<string> kept, List<FieldError> errors)
    {
        if (!sent.Contains(Mask, StringComparison.Ordinal))
        {
            return sent;
        }

        if (old is not null && SecretUrl.Masked(old) == sent)
        {
            kept.Add(at);
            return old;
        }

        errors.Add(FieldError.At(at, "contains ****** but is not the stored URL: send it whole, with its credentials", "含有 ****** 但与已保存的地址不同：请填写完整地址"));
        return sent;
    }

    private static JsonObject RestoredMap(
        JsonElement sent, JsonElement? old, Func<string, bool> isSecret, string at, List<string> kept, List<FieldError> errors)
    {
        var result = new JsonObject();
        foreach (var property in sent.EnumerateObject())
        {
            var masked = isSecret(property.Name) && property.Value.ValueKind == JsonValueKind.String && property.Value.GetString() == Mask;
            result[property.Name] = masked
                ? Kept(Child(old, property.Name)?.GetString(), ObjectSchema.Join(at, property.Name), kept, errors)
                : Copy(property.Value);
        }

        return result;
    }

    private static JsonNode? Kept(string? old, string at, List<string> kept, List<FieldError> errors)
    {
        if (old is null)
        {
            errors.Add(FieldError.At(at, "no value is stored for this secret: send it", "没有已保存的值：请填写"));
            return Mask;
        }

        kept.Add(at);
        return old;
    }

    /// <summary>All values that say where secrets go, by path, defaults filled in.</summary>
    private static void Directions(ObjectSchema schema, JsonElement? config, string path, Dictionary<string, string> into)
    {
        foreach (var field in schema.Fields)
        {
            var at = ObjectSchema.Join(path, field.Name);
            var value = Child(config, field.Name);
            if (field.Rule is ObjectRule nested)
            {
                var on = value is { ValueKind: JsonValueKind.True or JsonValueKind.Object };
                if (field.DirectsSecrets)
                {
                    into[at] = on ? "on" : "off";
                }

                if (on || !nested.OrBoolean)
                {
                    Directions(nested.Schema, value, at, into);
                }
            }
            else if (field.DirectsSecrets)
            {
                into[at] = value is { } given ? JsonSerializer.Serialize(given) : field.Default ?? "null";
            }
        }
    }

    private static JsonElement? Child(JsonElement? parent, string name) =>
        parent is { ValueKind: JsonValueKind.Object } present && present.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? value
            : null;

    private static JsonNode? Copy(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.Object => JsonObject.Create(value),
        JsonValueKind.Array => JsonArray.Create(value),
        _ => JsonValue.Create(value),
    };
}
