using System.Text;

namespace Monitor.Probers.Wire;

/// <summary>What a message may show of what a server sent.</summary>
public static class WireText
{
    private const int MaxSnippet = 100;

    /// <summary>A TLS alert record: what a TLS server answers to plain text.</summary>
    public static bool IsTlsAlert(ReadOnlySpan<byte> received) => received is [0x15, 0x03, <= 0x04, ..];

    /// <summary>What kind of server greets or answers like this, where it is another one than was expected; null when it cannot be told.</summary>
    public static string? Recognise(ReadOnlySpan<byte> received)
    {
        if (IsTlsAlert(received))
        {
            return "the server answered with a TLS alert: it speaks TLS on this port; set tls";
        }

        return received.StartsWith("HTTP/"u8) ? "an HTTP server answered on this port"
            : received.StartsWith("SSH-"u8) ? "an SSH server answered on this port"
            : received.StartsWith("220 "u8) || received.StartsWith("220-"u8) ? "a mail or FTP server answered on this port"
            : received.StartsWith("-ERR"u8) || received.StartsWith("-DENIED"u8) ? "a Redis server answered on this port"
            : null;
    }

    /// <summary>The first hundred characters in quotes, on one line, without control characters and without <paramref name="secrets"/>, which a server may send back.</summary>
    public static string Snippet(string text, IReadOnlyList<string> secrets)
    {
        var clean = Redacted(text.Length <= 4096 ? text : text[..4096], secrets);
        var shown = new StringBuilder(MaxSnippet + 3).Append('"');
        for (var i = 0; i < clean.Length && shown.Length <= MaxSnippet; i++)
        {
            var c = clean[i];
            if (char.IsHighSurrogate(c) && i + 1 < clean.Length && char.IsLowSurrogate(clean[i + 1]))
            {
                shown.Append(c).Append(clean[++i]);
            }
            else
            {
                shown.Append(char.IsControl(c) || char.IsSurrogate(c) ? ' ' : c);
            }
        }

        return shown.Append(clean.Length > shown.Length - 1 ? "…\"" : "\"").ToString();
    }

    public static string Redacted(string text, IReadOnlyList<string> secrets)
    {
        foreach (var secret in secrets)
        {
            text = text.Replace(secret, "******", StringComparison.Ordinal);
        }

        return text;
    }
}
