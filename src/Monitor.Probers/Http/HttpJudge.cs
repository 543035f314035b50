using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Monitor.Core.Configs.Http;
using Monitor.Core.Probing;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Http;

/// <summary>Holds an answer against what is expected: everything that is broken, in one message.</summary>
public static class HttpJudge
{
    /// <summary>Null when everything is as expected.</summary>
    public static WireFault? Judge(HttpHop hop, HttpAnswer answer)
    {
        var config = hop.Config;
        var broken = new List<string>();
        var stage = FailureStage.Assertion;
        try
        {
            if (!config.ExpectStatus.Contains(answer.Head.Status))
            {
                stage = answer.Head.Status == 401 && hop.HasLogin ? FailureStage.Authentication : stage;
                broken.Add(string.Create(CultureInfo.InvariantCulture, $"status {answer.Head.Status} != expect_status {config.ExpectStatus}{Shown(config, answer)}"));
            }

            JudgeHeaders(config, answer.Head, broken);
            JudgeBody(config, answer, broken);
        }
        catch (RegexMatchTimeoutException e)
        {
            return WireFault.Own($"the regular expression {e.Pattern} takes too long on this answer: simplify it");
        }

        return broken.Count == 0 ? null : new WireFault(stage, string.Join("; ", broken));
    }

    private static void JudgeHeaders(HttpConfig config, HttpHead head, List<string> broken)
    {
        foreach (var (name, pattern) in config.HeaderPatterns)
        {
            var values = head.Headers.Where(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(header => header.Value).ToArray();
            if (values.Length == 0)
            {
                broken.Add($"header {name} is absent, expect_header {pattern}");
            }
            else if (!values.Any(pattern.IsMatch))
            {
                var shown = Core.Schemas.SecretUrl.IsCredentialName(name) ? "its value" : WireText.Snippet(string.Join(", ", values), config.Secrets);
                broken.Add($"header {name}: {shown} does not match expect_header {pattern}");
            }
        }
    }

    private static void JudgeBody(HttpConfig config, HttpAnswer answer, List<string> broken)
    {
        if (answer.Body.Count > config.MaxBodyBytes)
        {
            broken.Add($"body of more than {config.MaxBodyBytes} bytes > max_body_bytes {config.MaxBodyBytes}");
            return;
        }

        if (!config.JudgesBody)
        {
            return;
        }

        var text = BodyText.Decode(answer.Body.Kept.Span, answer.Head["content-type"]);
        if (config.BodyContains is { } wanted && !text.Contains(wanted, StringComparison.Ordinal))
        {
            broken.Add($"body does not contain expect_body_contains {WireText.Snippet(wanted, config.Secrets)}{Shown(config, answer)}");
        }

        if (config.BodyNotContains is { } unwanted && text.Contains(unwanted, StringComparison.Ordinal))
        {
            broken.Add($"body contains expect_body_not_contains {WireText.Snippet(unwanted, config.Secrets)}");
        }

        if (config.BodyPattern is { } pattern && !pattern.IsMatch(text))
        {
            broken.Add($"body does not match expect_body_regex {pattern}{Shown(config, answer)}");
        }

        JudgeJson(config, text, answer, broken);
    }

    private static void JudgeJson(HttpConfig config, string text, HttpAnswer answer, List<string> broken)
    {
        if (config.Json.Count == 0)
        {
            return;
        }

        try
        {
            using var document = JsonDocument.Parse(text);
            foreach (var line in config.Json)
            {
                if (line.Mismatch(document.RootElement) is { } found)
                {
                    broken.Add($"{line.Path} is {Value(found, config)}, expect_json {line.Expected}");
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a text in it is no Unicode (a lone surrogate), which only reading it shows.
            broken.Add($"body is not JSON, expect_json {config.Json[0].Path}{Shown(config, answer)}");
        }
    }

    private static string Value(string json, HttpConfig config) => json.Length <= 60 && !json.Contains('\n', StringComparison.Ordinal)
        ? WireText.Redacted(json, config.Secrets)
        : WireText.Snippet(json, config.Secrets);

    private static string Shown(HttpConfig config, HttpAnswer answer)
    {
        var kept = answer.Body.Kept.Span;
        return kept.Length == 0 ? "" : $" (body: {WireText.Snippet(BodyText.Decode(kept[..Math.Min(kept.Length, 4096)], answer.Head["content-type"]), config.Secrets)})";
    }
}

/// <summary>Bytes of a body to text, by the charset that the answer names; UTF-8 where it names none or an unknown one.</summary>
internal static class BodyText
{
    public static string Decode(ReadOnlySpan<byte> body, string? contentType)
    {
        var encoding = Named(contentType) ?? Encoding.UTF8;
        var text = encoding.GetString(body);
        return text is ['\uFEFF', ..] ? text[1..] : text;
    }

    private static Encoding? Named(string? contentType)
    {
        var at = contentType?.IndexOf("charset=", StringComparison.OrdinalIgnoreCase) ?? -1;
        if (at < 0)
        {
            return null;
        }

        var name = contentType![(at + "charset=".Length)..].Split(';')[0].Trim().Trim('"', '\'');
        try
        {
            return name.Equals("utf-8", StringComparison.OrdinalIgnoreCase) ? null : CodePagesEncodingProvider.Instance.GetEncoding(name) ?? Encoding.GetEncoding(name);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
