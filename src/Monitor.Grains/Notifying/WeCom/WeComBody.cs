using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Monitor.Grains.Notifying.WeCom;

/// <summary>The JSON that a WeCom group robot takes. Characters go out as UTF-8, never as <c>\uXXXX</c>: smaller, and 40033 refuses that form.</summary>
public static class WeComBody
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Markdown(string content) => Write("markdown", content, false, []);

    /// <param name="mobiles">Phone numbers to call.</param>
    public static byte[] Text(string content, bool mentionAll, IReadOnlyList<string> mobiles) => Write("text", content, mentionAll, mobiles);

    private static byte[] Write(string type, string content, bool mentionAll, IReadOnlyList<string> mobiles)
    {
        var buffer = new ArrayBufferWriter<byte>(content.Length * 3 + 256);
        using var json = new Utf8JsonWriter(buffer, Options);
        json.WriteStartObject();
        json.WriteString("msgtype", type);
        json.WriteStartObject(type);
        json.WritePropertyName("content");
        json.WriteRawValue(Quote(content), skipInputValidation: true);
        if (mentionAll)
        {
            json.WriteStartArray("mentioned_list");
            json.WriteStringValue("@all");
            json.WriteEndArray();
        }

        if (mobiles.Count > 0)
        {
            json.WriteStartArray("mentioned_mobile_list");
            foreach (var mobile in mobiles)
            {
                json.WriteStringValue(mobile);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Even the relaxed encoder writes emoji as surrogate escapes; here only what JSON itself demands is escaped. Lone surrogates become U+FFFD.</summary>
    private static string Quote(string text)
    {
        var quoted = new StringBuilder(text.Length + 16).Append('"');
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value is '"' or '\\' || Rune.IsControl(rune))
            {
                quoted.Append(JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(rune.ToString()));
            }
            else
            {
                quoted.Append(rune.ToString());
            }
        }

        return quoted.Append('"').ToString();
    }
}
