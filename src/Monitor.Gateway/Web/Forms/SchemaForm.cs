using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Monitor.Core.Schemas;
using Monitor.Gateway.Web.Sessions;

namespace Monitor.Gateway.Web.Forms;

/// <summary>
/// A form drawn from a schema, whichever it is, and read back into the JSON that a client of the API would send. What is wrong with it is said by the same
/// code as for the API; the form only finds the place. Secrets that were typed travel sealed, so that nothing typed is lost and no page holds one.
/// </summary>
internal sealed class SchemaForm(InstallationKeys keys)
{
    private const string Purpose = "typed secret";
    private const int SpareRows = 1;

    /// <summary>A form with what is stored.</summary>
    /// <param name="values">With secrets masked; null for a new one.</param>
    public List<FormNode> Draw(IEnumerable<Field> fields, string path, JsonElement? values) =>
        [.. fields.Where(field => !field.ReadOnly).Select(field => Draw(field, path, values))];

    /// <summary>What was typed, as nodes to draw again.</summary>
    public List<FormNode> Read(IEnumerable<Field> fields, string path, IFormCollection form) =>
        [.. fields.Where(field => !field.ReadOnly).Select(field => Read(field, path, form))];

    /// <summary>What was typed, as a client would send it. Empty fields are absent.</summary>
    public JsonObject Json(IEnumerable<FormNode> nodes)
    {
        var json = new JsonObject();
        foreach (var node in nodes)
        {
            if (Value(node) is { } value)
            {
                json[node.Field.Name] = value;
            }
        }

        return json;
    }

    /// <summary>Puts each error to its field; what belongs to none is answered.</summary>
    public static List<FieldError> Place(IReadOnlyList<FormNode> nodes, IEnumerable<FieldError> errors)
    {
        var rest = new List<FieldError>();
        foreach (var error in errors)
        {
            if (Nearest(nodes, error.Path) is { } node)
            {
                node.Errors.Add(error);
            }
            else
            {
                rest.Add(error);
            }
        }

        return rest;
    }

    private static FormNode? Nearest(IEnumerable<FormNode> nodes, string path)
    {
        foreach (var node in nodes)
        {
            if (path == node.Path || (path.StartsWith(node.Path, StringComparison.Ordinal) && path[node.Path.Length] is '.' or '['))
            {
                return Nearest(node.Children, path) ?? node;
            }
        }

        return null;
    }

    private static FieldKind KindOf(Field field) => field switch
    {
        { Secret: true } => FieldKind.Secret,
        { Rule: TextRule { OneOf: not null } } => FieldKind.Choice,
        { Rule: TextRule { Multiline: true } } => FieldKind.Lines,
        { Rule: TextRule } => FieldKind.Text,
        { Rule: IntegerRule or NumberRule } => FieldKind.Number,
        { Rule: BooleanRule } => field.Default is null ? FieldKind.Choice : FieldKind.Check,
        { Rule: ListRule { Item: TextRule } } => FieldKind.List,
        { Rule: MapRule { Value: TextRule } } => FieldKind.Map,
        { Rule: ObjectRule } => FieldKind.Object,
        _ => FieldKind.Json,
    };

    private static string Join(string path, string name) => path.Length == 0 ? name : path + "." + name;

    private FormNode Draw(Field field, string path, JsonElement? values)
    {
        var node = new FormNode { Field = field, Path = Join(path, field.Name), Kind = KindOf(field) };
        var given = values is { ValueKind: JsonValueKind.Object } all && all.TryGetProperty(field.Name, out var found) && found.ValueKind != JsonValueKind.Null ? found : (JsonElement?)null;
        switch (node.Kind)
        {
            case FieldKind.Secret:
                node.IsStored = given is not null;
                break;
            case FieldKind.Check:
                node.Value = (given?.ValueKind ?? (field.Default == "true" ? JsonValueKind.True : JsonValueKind.False)) == JsonValueKind.True ? "true" : "";
                break;
            case FieldKind.List:
                node.Value = given is { ValueKind: JsonValueKind.Array } list ? string.Join('\n', list.EnumerateArray().Select(item => item.ToString())) : "";
                break;
            case FieldKind.Map:
                if (given is { ValueKind: JsonValueKind.Object } map)
                {
                    node.Rows.AddRange(map.EnumerateObject().Select(pair => new FormRow(pair.Name, pair.Value.ToString())));
                }

                Spare(node);
                break;
            case FieldKind.Object:
                node.Value = given?.ValueKind switch { null => "", JsonValueKind.False => "false", _ => "true" };
                node.Children.AddRange(Draw(((ObjectRule)field.Rule).Schema.Fields, node.Path, given));
                break;
            case FieldKind.Json:
                node.Value = given?.GetRawText() ?? "";
                break;
            case FieldKind.Choice:
                node.Value = given?.ToString().ToLowerInvariant() is var text && field.Rule is BooleanRule ? text ?? "" : given?.ToString() ?? field.Default?.Trim('"') ?? "";
                break;
            default:
                node.Value = given?.ToString() ?? "";
                break;
        }

        return node;
    }

    private FormNode Read(Field field, string path, IFormCollection form)
    {
        var node = new FormNode { Field = field, Path = Join(path, field.Name), Kind = KindOf(field) };
        var typed = form[node.Path].ToString();
        var kept = form["kept." + node.Path].ToString();
        switch (node.Kind)
        {
            case FieldKind.Secret:
                node.IsStored = form["stored." + node.Path] == "1" && form["clear." + node.Path] != "1";
                node.Kept = typed.Length > 0 ? Seal(typed) : kept.Length > 0 && form["clear." + node.Path] != "1" ? kept : null;
                break;
            case FieldKind.Map:
                ReadRows(node, form);
                break;
            case FieldKind.Object:
                node.Value = form[node.Path].ToString();
                node.Children.AddRange(Read(((ObjectRule)field.Rule).Schema.Fields, node.Path, form));
                break;
            case FieldKind.Text when field.Rule is TextRule { IsUrl: true }:
                ReadUrl(node, typed, kept);
                break;
            default:
                node.Value = typed.ReplaceLineEndings("\n");
                break;
        }

        return node;
    }

    /// <summary>A URL is shown without the credentials in it; left as it is shown, it means what was typed before.</summary>
    private void ReadUrl(FormNode node, string typed, string kept)
    {
        typed = typed.Trim();
        var before = kept.Length > 0 ? Open(kept) : null;
        if (before is not null && typed == SecretUrl.Masked(before))
        {
            (node.Value, node.Kept) = (typed, kept);
            return;
        }

        node.Value = SecretUrl.Masked(typed);
        node.Kept = node.Value == typed ? null : Seal(typed);
    }

    private void ReadRows(FormNode node, IFormCollection form)
    {
        var (names, values, kept) = (form[node.Path + "/name"], form[node.Path + "/value"], form[node.Path + "/kept"]);
        var isSecret = ((MapRule)node.Field.Rule).SecretKey;
        for (var i = 0; i < names.Count; i++)
        {
            var (name, value, before) = ((names[i] ?? "").Trim(), i < values.Count ? values[i] ?? "" : "", i < kept.Count ? kept[i] : null);
            if (name.Length == 0 && value.Length == 0)
            {
                continue;
            }

            if (isSecret?.Invoke(name) == true && value.Length > 0 && value != SecretFields.Mask)
            {
                node.Rows.Add(new FormRow(name, SecretFields.Mask, Seal(value)));
            }
            else
            {
                node.Rows.Add(new FormRow(name, value, value == SecretFields.Mask && !string.IsNullOrEmpty(before) ? before : null));
            }
        }

        Spare(node);
    }

    private static void Spare(FormNode node)
    {
        for (var i = 0; i < SpareRows; i++)
        {
            node.Rows.Add(new FormRow("", ""));
        }
    }

    private JsonNode? Value(FormNode node)
    {
        var text = node.Value;
        switch (node.Kind)
        {
            case FieldKind.Secret:
                return node.Kept is { } kept ? Open(kept) ?? "" : node.IsStored ? SecretFields.Mask : null;
            case FieldKind.Check:
                return text == "true";
            case FieldKind.Number:
                return text.Trim().Length == 0 ? null : Number(text.Trim());
            case FieldKind.List:
                var items = text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
                return items.Length == 0 ? null : new JsonArray([.. items.Select(item => (JsonNode)item)]);
            case FieldKind.Map:
                return Map(node);
            case FieldKind.Object:
                return Object(node);
            case FieldKind.Json:
                return text.Trim().Length == 0 ? null : Parsed(text);
            case FieldKind.Choice when node.Field.Rule is BooleanRule:
                return text switch { "true" => true, "false" => false, _ => null };
            case FieldKind.Lines:
                return text.Length == 0 ? null : text;
            default:
                return text.Trim().Length == 0 ? null : node.Kept is { } sealedText && Open(sealedText) is { } plain ? plain : text.Trim();
        }
    }

    private JsonObject? Map(FormNode node)
    {
        var map = new JsonObject();
        foreach (var row in node.Rows.Where(row => row.Key.Length > 0 || row.Value.Length > 0))
        {
            map[row.Key] = row.Kept is { } kept ? Open(kept) ?? "" : row.Value;
        }

        return map.Count == 0 ? null : map;
    }

    private JsonNode? Object(FormNode node)
    {
        var isOptional = ((ObjectRule)node.Field.Rule).OrBoolean;
        if (isOptional && node.Value == "false")
        {
            return false;
        }

        var changed = node.Children.Where(child => child.IsFilled || (child.Kind == FieldKind.Check && child.Value != (child.Field.Default == "true" ? "true" : ""))).ToList();
        if (changed.Count > 0 && (!isOptional || node.Value == "true"))
        {
            return Json(changed);
        }

        return isOptional && node.Value == "true" ? true : null;
    }

    /// <summary>What is no number is sent as it was typed: the schema says what is wrong with it.</summary>
    private static JsonNode Number(string text)
    {
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
        {
            return whole;
        }

        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : text;
    }

    private static JsonNode? Parsed(string text)
    {
        try
        {
            return JsonNode.Parse(text, documentOptions: new JsonDocumentOptions { MaxDepth = Api.RequestBody.MaxDepth, AllowDuplicateProperties = false });
        }
        catch (JsonException)
        {
            return text;
        }
    }

    private string Seal(string text) => keys.Seal(Purpose, Encoding.UTF8.GetBytes(text));

    private string? Open(string text) => keys.Open(Purpose, text) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;
}
