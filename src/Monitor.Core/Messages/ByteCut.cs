using System.Globalization;
using System.Text;

namespace Monitor.Core.Messages;

/// <summary>Shortens text to a number of UTF-8 bytes: what robots count. Never inside a character.</summary>
public static class ByteCut
{
    public const string Ellipsis = "…";
    private const int EllipsisBytes = 3;

    /// <summary>A cluster of hundreds of combining marks is one grapheme: then a rune's end has to do.</summary>
    private const int MostWasted = 64;

    public static int Count(string text) => Encoding.UTF8.GetByteCount(text);

    /// <summary>The text itself where it fits, else as many whole graphemes as fit with "…" behind them; "" where not even that fits.</summary>
    public static string To(string text, int maxBytes)
    {
        // No UTF-16 unit takes more than three bytes.
        if (text.Length * 3L <= maxBytes || Count(text) <= maxBytes)
        {
            return text;
        }

        var room = maxBytes - EllipsisBytes;
        if (room < 0)
        {
            return "";
        }

        var (runeEnd, runeBytes) = Runes(text, room);
        var (end, bytes) = Graphemes(text, runeEnd);
        return string.Concat(text.AsSpan(0, runeBytes - bytes > MostWasted ? runeEnd : end), Ellipsis);
    }

    private static (int Length, int Bytes) Runes(string text, int room)
    {
        var length = 0;
        var bytes = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (bytes + rune.Utf8SequenceLength > room)
            {
                break;
            }

            bytes += rune.Utf8SequenceLength;
            length += rune.Utf16SequenceLength;
        }

        return (length, bytes);
    }

    private static (int Length, int Bytes) Graphemes(string text, int limit)
    {
        var length = 0;
        while (length < text.Length)
        {
            var next = StringInfo.GetNextTextElementLength(text.AsSpan(length));
            if (length + next > limit)
            {
                break;
            }

            length += next;
        }

        return (length, Encoding.UTF8.GetByteCount(text.AsSpan(0, length)));
    }
}
