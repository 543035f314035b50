using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Monitor.Core.Text;

namespace Monitor.Core.Schemas;

/// <summary>Checks of texts that several schemas share. Each answers what is wrong, or null.</summary>
public static partial class TextChecks
{
    public static LocalizedText? Host(string text)
    {
        if (IPAddress.TryParse(text, out _) || HostName().IsMatch(text))
        {
            return null;
        }

        return new LocalizedText("must be a host name or an IP address, without scheme, port or path", "必须是主机名或 IP 地址，不带协议、端口或路径");
    }

    /// <summary><c>host:port</c>, with <c>[v6]:port</c> for IPv6.</summary>
    public static LocalizedText? HostPort(string text) =>
        SplitHostPort(text) is null ? new LocalizedText("must be host:port", "必须是 主机:端口") : null;

    public static (string Host, int Port)? SplitHostPort(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon <= 0 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is < 1 or > 65535)
        {
            return null;
        }

        var host = text[..colon];
        if (host is ['[', .., ']'])
        {
            host = host[1..^1];
        }
        else if (host.Contains(':', StringComparison.Ordinal))
        {
            return null;
        }

        return Host(host) is null ? (host, port) : null;
    }

    public static LocalizedText? HttpUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.Host.Length > 0
            ? null
            : new LocalizedText("must be a whole http:// or https:// URL", "必须是完整的 http:// 或 https:// 地址");

    /// <summary>Patterns run without backtracking, so that no text can make one explode.</summary>
    public static LocalizedText? Pattern(string text)
    {
        try
        {
            _ = new Regex(text, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            return null;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            var reason = e is ArgumentException ? e.Message : "lookarounds, backreferences and very large repetitions are not supported";
            return new LocalizedText($"invalid regular expression: {reason}", $"正则表达式无效：{reason}");
        }
    }

    [GeneratedRegex(@"^(?=.{1,253}\.?$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\.?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, Timeout.Infinite)]
    private static partial Regex HostName();
}
