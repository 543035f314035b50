using System.Globalization;
using System.Text;
using Monitor.Core.Alerts;
using Monitor.Core.Text;

namespace Monitor.Core.Messages;

/// <summary>
/// The message about one alert, as WeCom markdown. When it grows too long, what the failing side said is cut first; name, times, link and reference never are.
/// </summary>
public static class AlertText
{
    private const int EndpointBytes = 512;
    private const int GroupBytes = 256;

    /// <param name="now">When it is sent: a firing says how long it has lasted by then.</param>
    /// <param name="template">Of the channel; null for the layout below. Checked when it was saved.</param>
    public static string Markdown(
        NoticeKind kind, AlertRecord alert, DateTimeOffset now, MessageOptions options, string? template = null, int maxBytes = MessageOptions.MarkdownBytes)
    {
        var message = SafeText.Line(alert.Message);
        var text = Render(kind, alert, message, now, options, template);
        var over = ByteCut.Count(text) - maxBytes;
        if (over > 0)
        {
            text = Render(kind, alert, Shorter(message, over, template), now, options, template);
        }

        return ByteCut.Count(text) <= maxBytes ? text : Cut(text, kind, alert, options, maxBytes);
    }

    /// <summary>What a mention says: short, because the markdown before it says the rest.</summary>
    public static string Brief(NoticeKind kind, AlertRecord alert, Language language) =>
        ByteCut.To(MessageWords.Title(kind, alert, language) + " " + SafeText.Line(alert.TargetName), MessageOptions.TextBytes - 128) + " " + alert.Reference;

    /// <summary>From the first bad check to the end, or to now while it goes on.</summary>
    internal static TimeSpan Lasted(NoticeKind kind, AlertRecord alert, DateTimeOffset now) =>
        (kind == NoticeKind.Firing ? now : alert.ResolvedAt ?? now) - alert.StartedAt;

    private static string Render(NoticeKind kind, AlertRecord alert, string message, DateTimeOffset now, MessageOptions options, string? template) =>
        template is null ? Layout(kind, alert, message, now, options) : Templates.Render(template, kind, alert, message, now, options);

    /// <summary>A template may carry the message several times: each copy gives its share.</summary>
    private static string Shorter(string message, int over, string? template)
    {
        var copies = template is null ? 1 : Math.Max(1, Templates.Count(template, "message"));
        return ByteCut.To(message, Math.Max(0, ByteCut.Count(message) - (over + copies - 1) / copies));
    }

    /// <summary>Only a template full of long values comes here: its own text is cut, and what must never be missing follows.</summary>
    private static string Cut(string text, NoticeKind kind, AlertRecord alert, MessageOptions options, int maxBytes)
    {
        var tail = "\n" + Brief(kind, alert, options.Language) + "\n" + options.Time(alert.StartedAt) + (options.Link(alert) is { } link ? "\n" + link : "");
        return ByteCut.To(text, Math.Max(0, maxBytes - ByteCut.Count(tail))) + tail;
    }

    private static string Layout(NoticeKind kind, AlertRecord alert, string message, DateTimeOffset now, MessageOptions options)
    {
        var language = options.Language;
        var text = new StringBuilder("### <font color=\"").Append(Colour(kind, alert)).Append("\">")
            .Append(MessageWords.Title(kind, alert, language)).Append("</font> ").Append(SafeText.Line(alert.TargetName));
        Row(text, language, "Severity", "级别", MessageWords.Severity(alert).In(language));
        Row(text, language, "Type", "类型", SafeText.Line(alert.TargetType));
        Row(text, language, "Endpoint", "地址", ByteCut.To(SafeText.Line(alert.Endpoint), EndpointBytes));
        if (!string.IsNullOrWhiteSpace(alert.Group))
        {
            Row(text, language, "Group", "分组", ByteCut.To(SafeText.Line(alert.Group), GroupBytes));
        }

        var count = alert.FailureCount.ToString(CultureInfo.InvariantCulture);
        var critical = alert.Severity == AlertSeverity.Critical;
        Row(text, language, critical ? "Failures" : "Warnings", critical ? "失败次数" : "警告次数", count);
        Row(text, language, "Message", "信息", "<font color=\"comment\">" + message + "</font>");
        Row(text, language, "Started", "开始时间", options.Time(alert.StartedAt));
        if (kind != NoticeKind.Firing && alert.ResolvedAt is { } resolved)
        {
            var stopped = MessageWords.IsStopped(alert);
            Row(text, language, stopped ? "Ended" : "Resolved", stopped ? "结束时间" : "恢复时间", options.Time(resolved));
            if (MessageWords.Reason(alert) is { } reason)
            {
                Row(text, language, "Reason", "原因", reason.In(language));
            }
        }

        Row(text, language, "Lasted", "持续时间", DurationText.Of(Lasted(kind, alert, now), language));
        Row(text, language, "Reference", "编号", alert.Reference);
        if (options.Link(alert) is { } link)
        {
            text.Append("\n[").Append(new LocalizedText("Details", "查看详情").In(language)).Append("](").Append(link).Append(')');
        }

        return text.ToString();
    }

    private static string Colour(NoticeKind kind, AlertRecord alert)
    {
        if (kind == NoticeKind.Firing)
        {
            return "warning";
        }

        return MessageWords.IsStopped(alert) ? "comment" : "info";
    }

    private static void Row(StringBuilder text, Language language, string english, string chinese, string value) =>
        text.Append("\n> ").Append(language == Language.Chinese ? chinese : english).Append(": ").Append(value);
}
