using System.Text.RegularExpressions;
using Monitor.Core.Messages;
using Monitor.Core.Schemas;
using Monitor.Core.Text;
using Monitor.Gateway.Api.Targets;

namespace Monitor.Gateway.Api.Channels;

/// <summary>The fields of a channel as clients send it.</summary>
internal static partial class ChannelFields
{
    private static readonly string[] Languages = ["zh", "en"];

    private static readonly Field Template = new("", new TextRule(0, 4000, Multiline: true) { Check = TemplateCheck.Problem })
    {
        Description = new("Text with {{name}}, {{type}}, {{endpoint}}, …; null: the built-in text.", "含 {{name}}、{{type}}、{{endpoint}} 等占位符的文本；null：内置文本。"),
    };

    public static readonly ObjectSchema Settings = new(
        Template with { Name = "template_firing" },
        Template with { Name = "template_resolved" },
        new Field("language", new TextRule { OneOf = Languages }) { Description = new("Null: the service's.", "null：与服务一致。") });

    public static readonly ObjectSchema Schema = new(
        TargetFields.ReadOnly("id", new IntegerRule(1, TargetFields.MaxId), "Never used again."),
        new Field("name", new TextRule(1, 200) { Check = TargetFields.NotBlank }) { Required = true },
        new Field("type", new TextRule { OneOf = ["wecom"] }) { Default = "\"wecom\"" },
        new Field("webhook_url", new TextRule(1, 2048) { IsUrl = true, Check = TextChecks.HttpUrl, Format = "uri" })
        {
            Required = true,
            DirectsSecrets = true,
            Description = new("Its key is a secret, shown as ******.", "其中的 key 是密钥，显示为 ******。"),
        },
        new Field("enabled", new BooleanRule()) { Default = "true" },
        new Field("is_default", new BooleanRule()) { Default = "false", Description = new("For targets that name no channels.", "用于未指定渠道的目标。") },
        new Field("mention_all", new BooleanRule()) { Default = "false" },
        new Field("mentioned_mobiles", new ListRule(new TextRule(1, 20) { Check = Mobile }, 0, 100)) { Default = "[]" },
        new Field("settings", new ObjectRule(Settings)) { Default = "{}" },
        TargetFields.ReadOnly("created_at", new TextRule { Format = "date-time" }, "RFC 3339, UTC."),
        TargetFields.ReadOnly("updated_at", new TextRule { Format = "date-time" }, "RFC 3339, UTC."),
        TargetFields.ReadOnly("created_by", new TextRule(), "The token's name."),
        TargetFields.ReadOnly("updated_by", new TextRule(), "The token's name."));

    private static LocalizedText? Mobile(string text) =>
        MobileNumber().IsMatch(text) ? null : new LocalizedText("must be a telephone number: digits, with + before if need be", "必须是手机号码");

    [GeneratedRegex(@"\A\+?[0-9]{5,19}\z", RegexOptions.CultureInvariant, Timeout.Infinite)]
    private static partial Regex MobileNumber();
}
