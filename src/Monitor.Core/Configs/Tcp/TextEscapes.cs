using System.Globalization;
using System.Text;
using Monitor.Core.Text;

namespace Monitor.Core.Configs.Tcp;

/// <summary>Text with <c>\r \n \t \0 \\ \xNN</c> for bytes that cannot be typed. Everything else is UTF-8.</summary>
public static class TextEscapes
{
    public static LocalizedText? Problem(string text) =>
        Resolve(text, null) is { } at
            ? new LocalizedText(
                $"unknown escape at character {at + 1}: known are \\r \\n \\t \\0 \\\\ \\xNN", $"第 {at + 1} 个字符处的转义无效：可用 \\r \\n \\t \\0 \\\\ \\xNN")
            : null;

    /// <summary>The bytes of a text that <see cref="Problem"/> has accepted.</summary>
    public static byte[] Bytes(string text)
    {
        var bytes = new List<byte>(text.Length);
        return Resolve(text, bytes) is null ? [.. bytes] : throw new FormatException("The text has an unknown escape.");
    }

    /// <summary>Null when all is well; else where the first bad escape begins.</summary>
    private static int? Resolve(string text, List<byte>? into)
    {
        var plain = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                continue;
            }

            into?.AddRange(Encoding.UTF8.GetBytes(text[plain..i]));
            if (Escape(text.AsSpan(i + 1)) is not { } escape)
            {
                return i;
            }

            into?.Add(escape.Value);
            i += escape.Length;
            plain = i + 1;
        }

        into?.AddRange(Encoding.UTF8.GetBytes(text[plain..]));
        return null;
    }

    private static (byte Value, int Length)? Escape(ReadOnlySpan<char> after) => after switch
    {
        ['r', ..] => ((byte)'\r', 1),
        ['n', ..] => ((byte)'\n', 1),
        ['t', ..] => ((byte)'\t', 1),
        ['0', ..] => (0, 1),
        ['\\', ..] => ((byte)'\\', 1),
        ['x', var high, var low, ..] when byte.TryParse([high, low], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) => (value, 3),
        _ => null,
    };
}
