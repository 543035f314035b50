using System.Text;

namespace Monitor.Storage.Postgres;

/// <summary>
/// Text as PostgreSQL can hold it: without U+0000 and without halves of a pair, each of which becomes U+FFFD. What a probe was answered may hold anything,
/// and one such message would keep its whole batch out of the store.
/// </summary>
internal static class PgText
{
    private const char Replacement = '\uFFFD';

    public static string Clean(string text) => IsClean(text) ? text : Replace(text);

    private static bool IsClean(ReadOnlySpan<char> text)
    {
        for (var i = text.IndexOfAnyInRange('\uD800', '\uDFFF'); i >= 0 && i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                i++;
            }
            else if (char.IsSurrogate(text[i]))
            {
                return false;
            }
        }

        return !text.Contains('\0');
    }

    private static string Replace(string text)
    {
        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            // Halves come as U+FFFD already.
            clean.Append(rune.Value == 0 ? Replacement.ToString() : rune.ToString());
        }

        return clean.ToString();
    }
}
