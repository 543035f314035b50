using System.Globalization;
using Monitor.Core.Alerts;
using Monitor.Core.Channels;
using Monitor.Core.Ports;
using Monitor.Core.Probing;

namespace Monitor.Gateway.Web.Alerts;

/// <summary>A page of alerts, with what it was asked for.</summary>
public sealed record AlertListModel
{
    public required IReadOnlyList<AlertRow> Open { get; init; }
    public required IReadOnlyList<AlertRow> Rows { get; init; }
    public required long Total { get; init; }
    public required IReadOnlyList<Channel> Channels { get; init; }
    public string? Status { get; init; }
    public AlertSeverity? Severity { get; init; }
    public long? TargetId { get; init; }
    public string? From { get; init; }
    public string? To { get; init; }
    public string? Next { get; init; }

    /// <summary>Nothing is filtered: what fires now has a place of its own above the history.</summary>
    public bool IsPlain => Status is null && Severity is null && TargetId is null && From is null && To is null;

    public string Address(string? cursor)
    {
        var pairs = new List<string>();
        Add(pairs, "status", Status);
        Add(pairs, "severity", Severity is { } severity ? Core.Text.EnumNames.Name(severity) : null);
        Add(pairs, "target_id", TargetId?.ToString(CultureInfo.InvariantCulture));
        Add(pairs, "from", From);
        Add(pairs, "to", To);
        Add(pairs, "cursor", cursor);
        return "/alerts?" + string.Join('&', pairs);
    }

    private static void Add(List<string> pairs, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            pairs.Add(name + "=" + Uri.EscapeDataString(value));
        }
    }
}

/// <summary>One alert in a list.</summary>
public sealed record AlertLineModel(AlertRow Row, IReadOnlyList<Channel> Channels, bool NamesTarget = true)
{
    public string ChannelName(long id) => Channels.FirstOrDefault(channel => channel.Id == id)?.Settings.Name ?? "#" + id.ToString(CultureInfo.InvariantCulture);
}

/// <summary>One alert from its first bad check to its end.</summary>
/// <param name="Results">Around its beginning and end, as far as they are kept; oldest first.</param>
public sealed record AlertModel(AlertRow Row, IReadOnlyList<Channel> Channels, IReadOnlyList<CheckRecord> Results, bool TargetExists)
{
    public AlertRecord Alert => Row.Alert;

    /// <summary>What happened, in order.</summary>
    public IReadOnlyList<AlertMoment> Moments()
    {
        var moments = new List<AlertMoment> { new(Alert.StartedAt, "started", null), new(Alert.FiredAt, "fired", null) };
        foreach (var delivery in Row.Deliveries)
        {
            moments.Add(new(delivery.SentAt ?? delivery.CreatedAt, "delivery", delivery));
        }

        if (Alert.ResolvedAt is { } over)
        {
            moments.Add(new(over, "over", null));
        }

        return [.. moments.OrderBy(moment => moment.At)];
    }
}

/// <param name="What">started, fired, delivery or over.</param>
public sealed record AlertMoment(DateTimeOffset At, string What, Delivery? Delivery);
