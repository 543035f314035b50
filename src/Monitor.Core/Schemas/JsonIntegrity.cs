using System.Text.Json;

namespace Monitor.Core.Schemas;

/// <summary>
/// What the JSON reader lets through and later trips over: lone surrogates in texts and names. Run once over a body, so that nothing behind it has to guard itself.
/// </summary>
public static class JsonIntegrity
{
    public static void Validate(JsonElement element, string path, List<FieldError> errors)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String when !IsReadable(element):
                errors.Add(FieldError.At(path, "contains a lone surrogate: send well-formed Unicode", "含有不成对的代理字符：请发送有效的 Unicode"));
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    if (errors.Count >= ObjectSchema.MaxErrors)
                    {
                        break;
                    }

                    Validate(item, path, errors);
                }

                break;
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                {
                    if (errors.Count >= ObjectSchema.MaxErrors)
                    {
                        break;
                    }

                    ValidateProperty(property, path, errors);
                }

                break;
            default:
                break;
        }
    }

    private static void ValidateProperty(JsonProperty property, string path, List<FieldError> errors)
    {
        string name;
        try
        {
            name = property.Name;
        }
        catch (InvalidOperationException)
        {
            errors.Add(FieldError.At(path, "a field's name contains a lone surrogate", "字段名含有不成对的代理字符"));
            return;
        }

        Validate(property.Value, ObjectSchema.Join(path, name), errors);
    }

    private static bool IsReadable(JsonElement element)
    {
        try
        {
            _ = element.GetString();
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
