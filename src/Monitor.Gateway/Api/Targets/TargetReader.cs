using System.Globalization;
using System.Text.Json;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Schemas;
using Monitor.Core.Targets;

namespace Monitor.Gateway.Api.Targets;

/// <summary>Makes settings of a body, or says everything that is wrong with it.</summary>
internal sealed class TargetReader(ProberCatalog catalog, ITargetStore store)
{
    public ObjectSchema Schema { get; } = TargetFields.Of(catalog);

    /// <param name="stored">The target's present settings; null for a new one, which is without channels where none are named.</param>
    public async Task<Reading<TargetSettings>> ReadAsync(JsonElement body, TargetSettings? stored, CancellationToken cancellationToken)
    {
        var errors = new List<FieldError>();
        Schema.Validate(body, "", errors);
        var values = new ConfigValues(body);
        var config = ReadConfig(values, stored, errors);
        if (errors.Count > 0 || config is null)
        {
            await AddUnknownChannelsAsync(values, errors, cancellationToken);
            return Problem.Invalid(errors);
        }

        var channels = values.Raw("notify_channel_ids") is { } ids ? Ids(ids) : stored is null ? [] : await store.DefaultChannelIdsAsync(cancellationToken);
        return Settings(values, config, channels);
    }

    /// <summary>Whether a body names its channels; else a new target takes the default ones, which the store finds in the same transaction.</summary>
    public static bool NamesChannels(JsonElement body) => new ConfigValues(body).Raw("notify_channel_ids") is not null;

    /// <summary>What is refused when the store knows no such channels.</summary>
    public static FieldError UnknownChannels(IEnumerable<long> ids)
    {
        var list = string.Join(", ", ids.Select(id => id.ToString(CultureInfo.InvariantCulture)));
        return FieldError.At("notify_channel_ids", $"no such channel: {list}", $"渠道不存在：{list}");
    }

    private AcceptedConfig? ReadConfig(ConfigValues values, TargetSettings? stored, List<FieldError> errors)
    {
        if (values.Raw("config") is not { } config || values.Raw("type") is not { ValueKind: JsonValueKind.String } type)
        {
            return null;
        }

        var name = type.GetString()!;
        return catalog.Find(name) is { } prober
            ? ConfigReader.Read(prober, config, stored?.Type == name ? stored.Config : null, errors)
            : null;
    }

    /// <summary>Only asked when there are other errors to report; else the store itself refuses them.</summary>
    private async Task AddUnknownChannelsAsync(ConfigValues values, List<FieldError> errors, CancellationToken cancellationToken)
    {
        if (values.Raw("notify_channel_ids") is not { } ids || errors.Any(error => error.Path.StartsWith("notify_channel_ids", StringComparison.Ordinal)))
        {
            return;
        }

        var unknown = new List<long>();
        foreach (var id in Ids(ids))
        {
            if (await store.FindChannelAsync(id, cancellationToken) is null)
            {
                unknown.Add(id);
            }
        }

        if (unknown.Count > 0)
        {
            errors.Add(UnknownChannels(unknown));
        }
    }

    private static List<long> Ids(JsonElement ids) => [.. ids.EnumerateArray().Select(id => id.GetInt64()).Distinct()];

    private static TargetSettings Settings(ConfigValues values, AcceptedConfig config, IReadOnlyList<long> channels) => new()
    {
        Name = values.Text("name")!,
        Type = values.Text("type")!,
        Config = config.Plain,
        MaskedConfig = config.Masked,
        Endpoint = config.Endpoint,
        IntervalSeconds = values.Int("interval_seconds") ?? 30,
        TimeoutSeconds = values.Int("timeout_seconds") ?? 5,
        FailureThreshold = values.Int("failure_threshold") ?? 3,
        RecoveryThreshold = values.Int("recovery_threshold") ?? 1,
        RetryIntervalSeconds = values.Int("retry_interval_seconds"),
        NotifyDegraded = values.Flag("notify_degraded") ?? true,
        Enabled = values.Flag("enabled") ?? true,
        Group = values.Text("group"),
        Labels = values.TextMap("labels") is { Count: > 0 } labels ? labels.ToDictionary(StringComparer.Ordinal) : TargetSettings.NoLabels,
        ChannelIds = channels,
        ExternalId = values.Text("external_id"),
    };
}
