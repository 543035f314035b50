using Monitor.Core.Text;

namespace Monitor.Gateway.Api.Channels;

/// <summary>Whether a channel's template names only what there is: found when it is saved, not when an alert needs it.</summary>
internal static class TemplateCheck
{
    public static readonly string[] Names =
        ["name", "type", "endpoint", "group", "message", "failure_count", "severity", "started_at", "duration", "link", "reference"];

    public static LocalizedText? Problem(string template)
    {
        for (var at = 0; (at = template.IndexOf("{{", at, StringComparison.Ordinal)) >= 0;)
        {
            var end = template.IndexOf("}}", at + 2, StringComparison.Ordinal);
            if (end < 0)
            {
                return new LocalizedText("has {{ without }}", "有 {{ 但缺少 }}");
            }

            var name = template[(at + 2)..end].Trim();
            if (!Names.Contains(name, StringComparer.Ordinal))
            {
                var known = string.Join(", ", Names);
                var shown = name.Length > 50 ? "…" : name;
                return new LocalizedText($"unknown placeholder {{{{{shown}}}}}; known: {known}", $"未知占位符 {{{{{shown}}}}}；可用：{known}");
            }

            at = end + 2;
        }

        return null;
    }
}
