using System.Text.Json;
using System.Text.Json.Nodes;
using Monitor.Core.Channels;
using Monitor.Core.Ports;
using Monitor.Core.Schemas;
using Monitor.Core.Text;

namespace Monitor.Gateway.Api.Channels;

/// <summary>Channels as JSON, and back.</summary>
internal static class ChannelJson
{
    public static void Write(Utf8JsonWriter writer, Channel channel)
    {
        writer.WriteStartObject();
        writer.WriteNumber("id", channel.Id);
        WriteSettings(writer, channel.Settings);
        writer.WriteTime("created_at", channel.CreatedAt);
        writer.WriteTime("updated_at", channel.UpdatedAt);
        writer.WriteString("created_by", channel.CreatedBy);
        writer.WriteString("updated_by", channel.UpdatedBy);
        writer.WriteEndObject();
    }

    /// <summary>The settings as a client would send them, the URL's secrets masked: what a merge patch is applied to.</summary>
    public static JsonObject Sendable(ChannelSettings settings)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, JsonAnswer.Readable))
        {
            writer.WriteStartObject();
            WriteSettings(writer, settings);
            writer.WriteEndObject();
        }

        return JsonNode.Parse(stream.ToArray())!.AsObject();
    }

    public static void WriteTest(Utf8JsonWriter writer, ChannelTest test)
    {
        writer.WriteStartObject();
        writer.WriteBoolean("sent", test.Sent);
        WriteNumber(writer, "http_status", test.HttpStatus);
        WriteNumber(writer, "errcode", test.ErrCode);
        writer.WriteString("errmsg", test.ErrMsg);
        writer.WriteString("answer", test.Answer);
        writer.WriteEndObject();
    }

    /// <summary>Makes settings of a body, or says everything that is wrong with it.</summary>
    /// <param name="stored">The channel's present settings; null for a new one.</param>
    public static Reading<ChannelSettings> Read(JsonElement body, ChannelSettings? stored)
    {
        var errors = new List<FieldError>();
        ChannelFields.Schema.Validate(body, "", errors);
        if (errors.Count > 0)
        {
            return Problem.Invalid(errors);
        }

        var values = new ConfigValues(body);
        var url = values.Text("webhook_url")!;
        if (url.Contains(SecretUrl.Mask, StringComparison.Ordinal))
        {
            if (stored is null || url != stored.MaskedUrl)
            {
                return Problem.Invalid([FieldError.At(
                    "webhook_url", "contains ****** but is not the stored URL: send it whole, with its key", "含有 ****** 但与已保存的地址不同：请填写完整地址")]);
            }

            url = stored.WebhookUrl;
        }

        var settings = values.Object("settings");
        return new ChannelSettings
        {
            Name = values.Text("name")!,
            Type = values.Text("type") ?? "wecom",
            WebhookUrl = url,
            MaskedUrl = SecretUrl.Masked(url),
            Enabled = values.Flag("enabled") ?? true,
            IsDefault = values.Flag("is_default") ?? false,
            MentionAll = values.Flag("mention_all") ?? false,
            MentionedMobiles = values.TextList("mentioned_mobiles"),
            TemplateFiring = settings?.Text("template_firing"),
            TemplateResolved = settings?.Text("template_resolved"),
            Language = settings?.Text("language") switch { "zh" => Language.Chinese, "en" => Language.English, _ => null },
        };
    }

    private static void WriteSettings(Utf8JsonWriter writer, ChannelSettings settings)
    {
        writer.WriteString("name", settings.Name);
        writer.WriteString("type", settings.Type);
        writer.WriteString("webhook_url", settings.MaskedUrl);
        writer.WriteBoolean("enabled", settings.Enabled);
        writer.WriteBoolean("is_default", settings.IsDefault);
        writer.WriteBoolean("mention_all", settings.MentionAll);
        writer.WriteStartArray("mentioned_mobiles");
        foreach (var mobile in settings.MentionedMobiles)
        {
            writer.WriteStringValue(mobile);
        }

        writer.WriteEndArray();
        writer.WriteStartObject("settings");
        writer.WriteString("template_firing", settings.TemplateFiring);
        writer.WriteString("template_resolved", settings.TemplateResolved);
        writer.WriteString("language", settings.Language switch { Language.Chinese => "zh", Language.English => "en", _ => null });
        writer.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter writer, string name, int? number)
    {
        if (number is { } given)
        {
            writer.WriteNumber(name, given);
        }
        else
        {
            writer.WriteNull(name);
        }
    }
}
