using System.Text.RegularExpressions;
using Monitor.Core.Messages;
using Monitor.Core.Schemas;

namespace Monitor.Core.Redaction;

/// <summary>Takes secrets out of text that somebody else made: answers of other servers, messages of exceptions. Used where such text enters, not where it is shown.</summary>
public static partial class Redactor
{
    /// <summary>Shorter ones would blank out ordinary words.</summary>
    private const int ShortestSecret = 4;

    /// <summary>The text without these secrets (in plain, URL-escaped or JSON-escaped), without credentials in URLs and query values.</summary>
    /// <param name="secrets">What is known to be secret; null and short ones are passed over.</param>
    public static string Strip(string text, params ReadOnlySpan<string?> secrets)
    {
        foreach (var secret in secrets)
        {
            if (secret is { Length: >= ShortestSecret })
            {
                text = text.Replace(secret, SecretUrl.Mask, StringComparison.OrdinalIgnoreCase);
                text = Replace(text, secret, Uri.EscapeDataString(secret));
                text = Replace(text, secret, Uri.UnescapeDataString(secret));
                text = Replace(text, secret, secret.Replace("/", "\\/", StringComparison.Ordinal));
            }
        }

        text = QueryValue().Replace(text, static match => SecretUrl.IsCredentialName(match.Groups["name"].Value)
            ? match.Groups["mark"].Value + match.Groups["name"].Value + "=" + SecretUrl.Mask
            : match.Value);
        text = UserInfo().Replace(text, "://" + SecretUrl.Mask + "@");
        return Bearer().Replace(text, "${scheme} " + SecretUrl.Mask);
    }

    /// <summary>One line of at most <paramref name="maxBytes"/> UTF-8 bytes without secrets: what a log, an error or an answer may carry.</summary>
    public static string Line(string text, int maxBytes, params ReadOnlySpan<string?> secrets) => ByteCut.To(OneLine(Strip(text, secrets)), maxBytes);

    /// <summary>What is secret in a webhook's URL: the values of its query, its user info, and the whole behind the host.</summary>
    public static string?[] SecretsOf(Uri webhook)
    {
        var secrets = new List<string?> { webhook.AbsoluteUri, webhook.OriginalString };
        if (webhook.PathAndQuery.Length > 1)
        {
            secrets.Add(webhook.PathAndQuery);
        }

        foreach (var pair in webhook.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var value = pair[(pair.IndexOf('=', StringComparison.Ordinal) + 1)..];
            secrets.Add(value);
        }

        secrets.AddRange(webhook.UserInfo.Split(':'));
        return [.. secrets.OrderByDescending(secret => secret?.Length)];
    }

    private static string Replace(string text, string secret, string form) =>
        form == secret || form.Length < ShortestSecret ? text : text.Replace(form, SecretUrl.Mask, StringComparison.OrdinalIgnoreCase);

    private static string OneLine(string text) => Breaks().Replace(text, " ").Trim();

    [GeneratedRegex(@"(?<mark>[?&])(?<name>[A-Za-z0-9_.\-]{1,64})=[^&\s""'<>#]+", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, Timeout.Infinite)]
    private static partial Regex QueryValue();

    [GeneratedRegex(@"://[^\s/?#@""'<>]+@", RegexOptions.CultureInvariant, Timeout.Infinite)]
    private static partial Regex UserInfo();

    [GeneratedRegex(@"\b(?<scheme>Bearer|Basic)\s+[A-Za-z0-9+/=._~\-]{8,}", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, Timeout.Infinite)]
    private static partial Regex Bearer();

    [GeneratedRegex(@"[\p{Cc}\p{Zl}\p{Zp}]+", RegexOptions.CultureInvariant, Timeout.Infinite)]
    private static partial Regex Breaks();
}
