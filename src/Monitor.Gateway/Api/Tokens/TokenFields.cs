using Monitor.Core.Ports;
using Monitor.Core.Schemas;
using Monitor.Core.Text;
using Monitor.Gateway.Api.Targets;

namespace Monitor.Gateway.Api.Tokens;

/// <summary>The fields of a token as clients send it.</summary>
internal static class TokenFields
{
    public static readonly ObjectSchema Schema = new(
        TargetFields.ReadOnly("id", new IntegerRule(1, TargetFields.MaxId), "Never used again."),
        new Field("name", new TextRule(1, 200) { Check = TargetFields.NotBlank }) { Required = true, Description = new("Shown in created_by.", "显示在 created_by 中。") },
        new Field("role", new TextRule { OneOf = [.. EnumNames.All<Role>()] }) { Required = true },
        new Field("expires_at", new TextRule(0, 40) { Format = "date-time", Check = Time }) { Description = new("Null: never.", "null：永不过期。") },
        TargetFields.ReadOnly("created_at", new TextRule { Format = "date-time" }, "RFC 3339, UTC."),
        TargetFields.ReadOnly("last_used_at", new TextRule { Format = "date-time" }, "RFC 3339, UTC."));

    private static LocalizedText? Time(string text) =>
        ApiTime.Parse(text) is null ? new LocalizedText("must be a time as in 2026-01-31T08:00:00Z", "必须是形如 2026-01-31T08:00:00Z 的时间") : null;
}
