namespace Monitor.Core.Channels;

/// <summary>One way to tell people: a WeCom group robot.</summary>
public sealed record Channel
{
    public required long Id { get; init; }
    public required long Revision { get; init; }
    public required ChannelSettings Settings { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
    public required string CreatedBy { get; init; }
    public required string UpdatedBy { get; init; }
}

/// <summary>What a user may change of a channel. Validated before it gets here.</summary>
public sealed record ChannelSettings
{
    public required string Name { get; init; }
    public string Type { get; init; } = "wecom";

    /// <summary>The whole URL, its key in plain: in memory only, encrypted at rest.</summary>
    public required string WebhookUrl { get; init; }

    /// <summary>The URL as it may be shown: <c>https://…/send?key=******</c>.</summary>
    public required string MaskedUrl { get; init; }

    public bool Enabled { get; init; } = true;
    public bool IsDefault { get; init; }
    public bool MentionAll { get; init; }
    public IReadOnlyList<string> MentionedMobiles { get; init; } = [];
    public string? TemplateFiring { get; init; }
    public string? TemplateResolved { get; init; }

    /// <summary>Null: the service's language.</summary>
    public Text.Language? Language { get; init; }
}
