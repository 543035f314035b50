using System.Text.RegularExpressions;
using Monitor.Core.Probing;
using Monitor.Core.Schemas;
using Monitor.Core.Text;

namespace Monitor.Gateway.Api.Targets;

/// <summary>The fields of a target as clients send it; the config is its prober's own.</summary>
internal static partial class TargetFields
{
    public const long MaxId = (1L << 53) - 1;

    public static readonly IntegerRule Timeout = new(1, 300);

    private static readonly TextRule Word = new(1, 200) { Check = NotBlank };

    public static ObjectSchema Of(ProberCatalog catalog) => new(
        ReadOnly("id", new IntegerRule(1, MaxId), "Never used again."),
        new Field("name", Word) { Required = true, Description = new("What people call it; need not be unique.", "名称，可以重复。") },
        new Field("type", TypeRule(catalog)) { Required = true, Description = new("What is checked, and how.", "探测类型。") },
        new Field("config", new AnyRule()) { Required = true, Description = new("The type's own settings: GET /api/v1/probers.", "该类型的配置，见 GET /api/v1/probers。") },
        new Field("interval_seconds", new IntegerRule(1, 86_400)) { Default = "30" },
        new Field("timeout_seconds", Timeout) { Default = "5", Description = new("May exceed the interval.", "可以大于间隔。") },
        new Field("failure_threshold", new IntegerRule(1, 100)) { Default = "3" },
        new Field("recovery_threshold", new IntegerRule(1, 100)) { Default = "1" },
        new Field("retry_interval_seconds", new IntegerRule(1, 86_400)) { Description = new("Replaces the interval after a first failure.", "首次失败后替代间隔。") },
        new Field("notify_degraded", new BooleanRule()) { Default = "true" },
        new Field("enabled", new BooleanRule()) { Default = "true" },
        new Field("group", Word),
        new Field("labels", new MapRule(new TextRule(0, 200), 32, LabelKey)) { Default = "{}" },
        new Field("notify_channel_ids", new ListRule(new IntegerRule(1, MaxId), 0, 100))
        {
            Description = new("Absent or null: the channels marked is_default. Empty: nobody.", "缺省或 null：默认渠道；空列表：不通知任何人。"),
        },
        new Field("external_id", Word) { Description = new("Unique if given.", "如填写则必须唯一。") },
        ReadOnly("endpoint", new TextRule(), "Made from the config."),
        ReadOnly("status", new TextRule { OneOf = [.. EnumNames.All<Core.Health.HealthStatus>()] }, "What it was last seen to be."),
        ReadOnly("last_message", new TextRule(0, int.MaxValue), "What the last check said."),
        ReadOnly("last_checked_at", new TextRule { Format = "date-time" }, "RFC 3339, UTC."),
        ReadOnly("last_latency_ms", new NumberRule(0, double.MaxValue), "Milliseconds."),
        ReadOnly("consecutive_failures", new IntegerRule(0, int.MaxValue), "Failures in a row."),
        ReadOnly("warnings", new ListRule(new TextRule()), "Of the last check."),
        ReadOnly("notes", new ListRule(new TextRule()), "What the monitor could not see."),
        ReadOnly("metrics", new MapRule(new AnyRule()), "Of the last check."),
        ReadOnly("status_since", new TextRule { Format = "date-time" }, "RFC 3339, UTC."),
        ReadOnly("created_at", new TextRule { Format = "date-time" }, "RFC 3339, UTC."),
        ReadOnly("updated_at", new TextRule { Format = "date-time" }, "RFC 3339, UTC."),
        ReadOnly("created_by", new TextRule(), "The token's name."),
        ReadOnly("updated_by", new TextRule(), "The token's name."));

    public static TextRule TypeRule(ProberCatalog catalog) =>
        new() { OneOf = [.. catalog.All.Select(prober => prober.Type).Order(StringComparer.Ordinal)] };

    public static Field ReadOnly(string name, ValueRule rule, string description) =>
        new(name, rule) { ReadOnly = true, Description = new(description, description) };

    public static LocalizedText? NotBlank(string text) =>
        string.IsNullOrWhiteSpace(text) ? new LocalizedText("must not be blank", "不能为空白") : null;

    private static LocalizedText? LabelKey(string key) => LabelName().IsMatch(key)
        ? null
        : new LocalizedText("a label's key must match [a-z0-9_.-]{1,63}", "标签名必须符合 [a-z0-9_.-]{1,63}");

    [GeneratedRegex(@"\A[a-z0-9_.-]{1,63}\z", RegexOptions.CultureInvariant, System.Threading.Timeout.Infinite)]
    private static partial Regex LabelName();
}
