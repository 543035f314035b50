using System.Globalization;
using System.Text.Json;

namespace Monitor.Gateway.Api;

/// <summary>Times as the API writes and reads them: RFC 3339.</summary>
internal static class ApiTime
{
    private static readonly string[] Formats = ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd"];

    /// <summary>UTC with milliseconds.</summary>
    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    public static void WriteTime(this Utf8JsonWriter writer, string name, DateTimeOffset? time)
    {
        if (time is { } given)
        {
            writer.WriteString(name, Text(given));
        }
        else
        {
            writer.WriteNull(name);
        }
    }

    /// <summary>Null when it is no time. Without an offset it is UTC; a plus sign that a query has turned into a space is understood.</summary>
    public static DateTimeOffset? Parse(string text)
    {
        var space = text.LastIndexOf(' ');
        var plain = space > 10 ? string.Concat(text.AsSpan(0, space), "+", text.AsSpan(space + 1)) : text;
        const DateTimeStyles Styles = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        return DateTimeOffset.TryParseExact(plain, Formats, CultureInfo.InvariantCulture, Styles, out var time) ? time : null;
    }
}
