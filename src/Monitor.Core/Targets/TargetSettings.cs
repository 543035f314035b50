namespace Monitor.Core.Targets;

/// <summary>What a user may change of a target. Validated before it gets here.</summary>
public sealed record TargetSettings
{
    public required string Name { get; init; }
    public required string Type { get; init; }

    /// <summary>The config as JSON, with its secrets in plain: in memory only. A store encrypts it whole when <see cref="MaskedConfig"/> differs.</summary>
    public required string Config { get; init; }

    /// <summary>The same with <c>"******"</c> for each secret: what answers, pages and logs may show.</summary>
    public required string MaskedConfig { get; init; }

    /// <summary>What a person calls the place, made from the config: <c>10.0.0.5:5432/orders</c>. Holds no secret.</summary>
    public required string Endpoint { get; init; }

    public int IntervalSeconds { get; init; } = 30;
    public int TimeoutSeconds { get; init; } = 5;
    public int FailureThreshold { get; init; } = 3;
    public int RecoveryThreshold { get; init; } = 1;
    public int? RetryIntervalSeconds { get; init; }
    public bool NotifyDegraded { get; init; } = true;
    public bool Enabled { get; init; } = true;
    public string? Group { get; init; }
    public IReadOnlyDictionary<string, string> Labels { get; init; } = NoLabels;
    public IReadOnlyList<long> ChannelIds { get; init; } = [];
    public string? ExternalId { get; init; }

    public static readonly IReadOnlyDictionary<string, string> NoLabels = new Dictionary<string, string>(0, StringComparer.Ordinal);
}
