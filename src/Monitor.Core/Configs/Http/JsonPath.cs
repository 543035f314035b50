using System.Globalization;
using System.Text.Json;
using Monitor.Core.Text;

namespace Monitor.Core.Configs.Http;

/// <summary>A way to one value in a JSON document: <c>$.a.b[0]['c d']</c>. No wildcards, filters or slices: an assertion is about one value.</summary>
public sealed class JsonPath
{
    private readonly object[] _steps;
    private readonly string _text;

    private JsonPath(object[] steps, string text)
    {
        _steps = steps;
        _text = text;
    }

    /// <summary>Null when the text is no such path.</summary>
    public static JsonPath? Parse(string text)
    {
        if (!text.StartsWith('$'))
        {
            return null;
        }

        var steps = new List<object>();
        var rest = text.AsSpan(1);
        while (rest.Length > 0)
        {
            if (Step(rest, out var length) is not { } step)
            {
                return null;
            }

            steps.Add(step);
            rest = rest[length..];
        }

        return new JsonPath([.. steps], text);
    }

    public static LocalizedText? Problem(string text) =>
        Parse(text) is null ? new LocalizedText("must be a JSON path like $.a.b[0]['c']", "必须是 JSON 路径，例如 $.a.b[0]['c']") : null;

    /// <summary>Null when there is no such value; a JSON null is a value.</summary>
    public JsonElement? Find(JsonElement root)
    {
        var at = root;
        foreach (var step in _steps)
        {
            switch (step)
            {
                case string name when at.ValueKind == JsonValueKind.Object && at.TryGetProperty(name, out var child):
                    at = child;
                    break;
                case int index when at.ValueKind == JsonValueKind.Array && index < at.GetArrayLength():
                    at = at[index];
                    break;
                default:
                    return null;
            }
        }

        return at;
    }

    public override string ToString() => _text;

    private static object? Step(ReadOnlySpan<char> text, out int length)
    {
        length = 0;
        if (text[0] == '.')
        {
            var end = text[1..].IndexOfAny('.', '[');
            length = end < 0 ? text.Length : end + 1;
            return length > 1 ? text[1..length].ToString() : null;
        }

        if (text.Length < 3 || text[0] != '[')
        {
            return null;
        }

        return text[1] is '\'' or '"' ? Quoted(text, out length) : (object?)Index(text, out length);
    }

    private static int? Index(ReadOnlySpan<char> text, out int length)
    {
        length = text.IndexOf(']') + 1;
        return length > 2 && int.TryParse(text[1..(length - 1)], NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : null;
    }

    private static string? Quoted(ReadOnlySpan<char> text, out int length)
    {
        length = 0;
        var quote = text[1];
        var end = text[2..].IndexOf(quote) + 2;
        if (end < 2 || end + 1 >= text.Length || text[end + 1] != ']')
        {
            return null;
        }

        length = end + 2;
        return text[2..end].ToString();
    }
}
