using System.Globalization;
using System.Text;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Http;

/// <summary>Status line and headers of an answer.</summary>
/// <param name="Version"><c>1.1</c>, <c>1.0</c>, <c>2</c>.</param>
public sealed record HttpHead(int Status, string Version, List<KeyValuePair<string, string>> Headers)
{
    /// <summary>More than any honest server sends; what a probe holds of one that never ends its headers.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>The first value of a header, or null.</summary>
    public string? this[string name]
    {
        get
        {
            foreach (var header in Headers)
            {
                if (header.Key.Equals(name, StringComparison.OrdinalIgnoreCase))
                {
                    return header.Value;
                }
            }

            return null;
        }
    }

    /// <summary>The head's length with its empty line, or -1 while it is not complete. Bare line feeds are let pass, as browsers do.</summary>
    /// <param name="searched">How much of it has been looked at before.</param>
    public static int End(ReadOnlySpan<byte> bytes, int searched)
    {
        for (var at = Math.Max(0, searched - 3); at < bytes.Length; at++)
        {
            var feed = bytes[at..].IndexOf((byte)'\n');
            if (feed < 0)
            {
                return -1;
            }

            at += feed;
            var rest = bytes[(at + 1)..];
            if (rest is [(byte)'\n', ..])
            {
                return at + 2;
            }

            if (rest is [(byte)'\r', (byte)'\n', ..])
            {
                return at + 3;
            }
        }

        return -1;
    }

    /// <summary>A complete head, as <see cref="End"/> measured it.</summary>
    public static Outcome<HttpHead> Parse(ReadOnlySpan<byte> bytes)
    {
        var lines = bytes;
        var first = NextLine(ref lines);
        if (StatusLine(first) is not { } status)
        {
            return NotHttp(first);
        }

        var headers = new List<KeyValuePair<string, string>>(12);
        while (NextLine(ref lines) is { Length: > 0 } line)
        {
            if (line[0] is (byte)' ' or (byte)'\t')
            {
                // An old-style folded line goes on with the value before it.
                if (headers.Count > 0)
                {
                    headers[^1] = KeyValuePair.Create(headers[^1].Key, $"{headers[^1].Value} {Encoding.UTF8.GetString(line).Trim()}");
                }

                continue;
            }

            var colon = line.IndexOf((byte)':');
            if (colon <= 0)
            {
                return WireFault.Protocol($"the answer has a header line without a colon: {WireText.Snippet(Encoding.UTF8.GetString(line), [])}");
            }

            headers.Add(KeyValuePair.Create(Encoding.UTF8.GetString(line[..colon]).Trim(), Encoding.UTF8.GetString(line[(colon + 1)..]).Trim()));
        }

        return new HttpHead(status.Code, status.Version, headers);
    }

    /// <summary>What else answers on such a port, named where it can be told.</summary>
    public static WireFault NotHttp(ReadOnlySpan<byte> received) =>
        WireText.IsTlsAlert(received)
            ? WireFault.Protocol("the server answered with a TLS alert: it speaks TLS on this port; use https")
            : WireFault.Protocol($"the server did not answer with HTTP: {WireText.Snippet(Encoding.UTF8.GetString(received.Length <= 400 ? received : received[..400]), [])}");

    private static (int Code, string Version)? StatusLine(ReadOnlySpan<byte> line)
    {
        if (line.Length < 12 || !line.StartsWith("HTTP/1."u8) || line[8] != (byte)' ' || line[7] is not ((byte)'0' or (byte)'1')
            || (line.Length > 12 && line[12] != (byte)' ')
            || !int.TryParse(line[9..12], NumberStyles.None, CultureInfo.InvariantCulture, out var code) || code < 100)
        {
            return null;
        }

        return (code, line[7] == (byte)'1' ? "1.1" : "1.0");
    }

    private static ReadOnlySpan<byte> NextLine(ref ReadOnlySpan<byte> lines)
    {
        var end = lines.IndexOf((byte)'\n');
        var line = end < 0 ? lines : lines[..end];
        lines = end < 0 ? [] : lines[(end + 1)..];
        return line is [.., (byte)'\r'] ? line[..^1] : line;
    }
}
