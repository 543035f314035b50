using System.Buffers;
using System.Globalization;
using System.Text;

namespace Monitor.Core.Messages;

/// <summary>
/// Makes foreign text (names, endpoints, what a failing server said) harmless inside a robot's markdown or text: one line, no mention, no tag, no link,
/// no code. There is no escape character in that markdown, so what would act is replaced by what looks alike.
/// </summary>
public static class SafeText
{
    private const int LongestEntity = 10;

    private static readonly SearchValues<char> EntityCharacters = SearchValues.Create("#0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>One line of plain text; the same text for nearly every name.</summary>
    public static string Line(string text)
    {
        var line = new StringBuilder(text.Length);
        var space = false;
        var at = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            var index = at;
            at += rune.Utf16SequenceLength;
            if (IsBreak(rune))
            {
                space = line.Length > 0;
                continue;
            }

            if (IsInvisible(rune))
            {
                continue;
            }

            if (space)
            {
                line.Append(' ');
                space = false;
            }

            Append(line, rune, text, index);
        }

        return line.ToString();
    }

    private static void Append(StringBuilder line, Rune rune, string text, int index)
    {
        var last = line.Length > 0 ? line[^1] : '\0';
        switch (rune.Value)
        {
            case '<': // <@all> and <@userid> mention, <font> colours
                line.Append('＜');
                break;
            case '`':
                line.Append('\'');
                break;
            case '*' when last == '*': // ** is bold
                line.Append('＊');
                break;
            case '(' when last == ']': // [text](url) is a link
                line.Append(" (");
                break;
            case '&' when IsEntity(text.AsSpan(index + 1)): // &lt;@all&gt; might be read as a tag after all
                line.Append('＆');
                break;
            case '>' or '#' when line.Length == 0: // a quote or a heading where a line begins
                line.Append(rune.Value == '>' ? '＞' : '＃');
                break;
            default:
                line.Append(rune.ToString());
                break;
        }
    }

    private static bool IsEntity(ReadOnlySpan<char> rest)
    {
        var end = rest.IndexOf(';');
        return end is > 0 and <= LongestEntity && !rest[..end].ContainsAnyExcept(EntityCharacters);
    }

    private static bool IsBreak(Rune rune) => Rune.IsWhiteSpace(rune) ? rune.Value != ' ' && rune.Value != '\u3000' && rune.Value != '\u00a0' : Rune.IsControl(rune);

    /// <summary>Direction overrides let a name pose as another one. Joiners stay: emoji are made with them.</summary>
    private static bool IsInvisible(Rune rune) =>
        rune.Value is >= 0x202A and <= 0x202E or >= 0x2066 and <= 0x2069 or 0x200E or 0x200F or 0xFEFF
        || Rune.GetUnicodeCategory(rune) == UnicodeCategory.Surrogate;
}
