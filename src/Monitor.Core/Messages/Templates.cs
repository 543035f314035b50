using System.Globalization;
using System.Text;
using Monitor.Core.Alerts;

namespace Monitor.Core.Messages;

/// <summary>A channel's own layout: text with <c>{{placeholders}}</c>, no logic. What it leaves out of name and reference is appended.</summary>
internal static class Templates
{
    public const string Open = "{{";
    public const string Close = "}}";

    public static readonly string[] Placeholders =
        ["name", "type", "endpoint", "group", "message", "failure_count", "severity", "started_at", "duration", "link", "reference"];

    public static string Render(string template, NoticeKind kind, AlertRecord alert, string message, DateTimeOffset now, MessageOptions options)
    {
        var text = new StringBuilder(template.Length + message.Length + 256);
        var has = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (literal, placeholder) in Parts(template))
        {
            text.Append(literal);
            if (placeholder is not null)
            {
                has.Add(placeholder);
                text.Append(Value(placeholder, kind, alert, message, now, options));
            }
        }

        if (!has.Contains("name"))
        {
            text.Append('\n').Append(MessageWords.Title(kind, alert, options.Language)).Append(' ').Append(SafeText.Line(alert.TargetName));
        }

        if (!has.Contains("reference"))
        {
            text.Append(has.Contains("name") ? '\n' : ' ').Append(alert.Reference);
        }

        return text.ToString();
    }

    public static int Count(string template, string placeholder) => Parts(template).Count(part => part.Placeholder == placeholder);

    /// <summary>Literal text and the placeholder behind it (null at the end, and where braces stay open).</summary>
    public static IEnumerable<(string Literal, string? Placeholder)> Parts(string template)
    {
        var at = 0;
        while (at < template.Length)
        {
            var open = template.IndexOf(Open, at, StringComparison.Ordinal);
            var close = open < 0 ? -1 : template.IndexOf(Close, open + Open.Length, StringComparison.Ordinal);
            if (close < 0)
            {
                yield return (template[at..], null);
                yield break;
            }

            yield return (template[at..open], template[(open + Open.Length)..close].Trim());
            at = close + Close.Length;
        }
    }

    private static string Value(string placeholder, NoticeKind kind, AlertRecord alert, string message, DateTimeOffset now, MessageOptions options) => placeholder switch
    {
        "name" => SafeText.Line(alert.TargetName),
        "type" => SafeText.Line(alert.TargetType),
        "endpoint" => SafeText.Line(alert.Endpoint),
        "group" => SafeText.Line(alert.Group ?? ""),
        "message" => message,
        "failure_count" => alert.FailureCount.ToString(CultureInfo.InvariantCulture),
        "severity" => MessageWords.Severity(alert).In(options.Language),
        "started_at" => options.Time(alert.StartedAt),
        "duration" => DurationText.Of(AlertText.Lasted(kind, alert, now), options.Language),
        "link" => options.Link(alert) ?? "",
        "reference" => alert.Reference,
        _ => "",
    };
}
