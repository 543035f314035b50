using System.Text;

namespace Monitor.Core.Schemas;

/// <summary>Credentials inside URLs: the password before the host, and query values named like credentials.</summary>
public static class SecretUrl
{
    public const string Mask = "******";

    private static readonly string[] CredentialWords =
        ["key", "token", "secret", "password", "passwd", "pwd", "sign", "signature", "sig", "auth", "credential", "access", "code", "session"];

    /// <summary>The URL as it may be shown; the same text when it holds no secret.</summary>
    public static string Masked(string url)
    {
        var query = url.IndexOf('?', StringComparison.Ordinal);
        var authority = query < 0 ? url : url[..query];
        var head = MaskUserInfo(authority);
        return query < 0 ? head : head + MaskQuery(url[query..]);
    }

    /// <summary>Names of query values and headers whose values are credentials: <c>access_token</c>, <c>X-Api-Key</c>, <c>Authorization</c>, <c>Cookie</c>.</summary>
    public static bool IsCredentialName(string name)
    {
        if (name.Equals("cookie", StringComparison.OrdinalIgnoreCase) || name.Contains("authorization", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        foreach (var part in name.Split('-', '_', '.'))
        {
            foreach (var word in CredentialWords)
            {
                if (part.Equals(word, StringComparison.OrdinalIgnoreCase)
                    || (word.Length > 3 && part.EndsWith(word, StringComparison.OrdinalIgnoreCase))
                    || part.Equals("api" + word, StringComparison.OrdinalIgnoreCase))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static string MaskUserInfo(string url)
    {
        var start = url.IndexOf("://", StringComparison.Ordinal);
        if (start < 0)
        {
            return url;
        }

        start += 3;
        var end = url.IndexOfAny(['/', '?', '#'], start);
        var at = url.LastIndexOf('@', (end < 0 ? url.Length : end) - 1);
        if (at < start)
        {
            return url;
        }

        var colon = url.IndexOf(':', start);
        return colon >= 0 && colon < at
            ? string.Concat(url.AsSpan(0, colon + 1), Mask, url.AsSpan(at))
            : string.Concat(url.AsSpan(0, start), Mask, url.AsSpan(at));
    }

    private static string MaskQuery(string query)
    {
        var fragment = query.IndexOf('#', StringComparison.Ordinal);
        var tail = fragment < 0 ? "" : query[fragment..];
        var pairs = (fragment < 0 ? query[1..] : query[1..fragment]).Split('&');
        var text = new StringBuilder("?");
        foreach (var pair in pairs)
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            text.Append(text.Length > 1 ? "&" : "");
            text.Append(equals > 0 && equals < pair.Length - 1 && IsCredentialName(pair[..equals]) ? pair[..(equals + 1)] + Mask : pair);
        }

        return text.Append(tail).ToString();
    }
}
