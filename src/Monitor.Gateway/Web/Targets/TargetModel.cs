using System.Globalization;
using System.Text.Json;
using Monitor.Core.Channels;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Targets;
using Monitor.Core.Text;
using Monitor.Gateway.Web.Charts;
using Monitor.Gateway.Web.Live;
using Monitor.Gateway.Web.Verdicts;

namespace Monitor.Gateway.Web.Targets;

/// <summary>All that one target's page shows.</summary>
public sealed record TargetModel
{
    public required Target Target { get; init; }
    public required BoardTarget Now { get; init; }
    public required LocalizedText TypeName { get; init; }
    public required TargetRange Range { get; init; }
    public required LatencyChart Chart { get; init; }
    public required IReadOnlyList<UptimeBar> Bars { get; init; }

    /// <summary>For 24 hours, 7, 30 and 90 days.</summary>
    public required IReadOnlyList<(TargetRange Range, Uptime Uptime)> Uptimes { get; init; }

    /// <summary>Newest first.</summary>
    public required IReadOnlyList<CheckRecord> Results { get; init; }

    /// <summary>The cursor of older results.</summary>
    public string? OlderResults { get; init; }
    public bool OnlyFailures { get; init; }

    /// <summary>Newest first.</summary>
    public required IReadOnlyList<AlertRow> Alerts { get; init; }
    public required IReadOnlyList<Channel> Channels { get; init; }
    public required IReadOnlyList<VerdictStep> Why { get; init; }

    /// <summary>A probe by hand that has just been made.</summary>
    public CheckRecord? Probed { get; init; }

    /// <summary>It has just been saved.</summary>
    public bool IsSaved { get; init; }

    /// <summary>The store is away: results, chart, uptime and past alerts are not known.</summary>
    public bool IsWithoutHistory { get; init; }

    public TargetSettings Settings => Target.Settings;

    public string ChannelName(long id) => Channels.FirstOrDefault(channel => channel.Id == id)?.Settings.Name ?? "#" + id.ToString(CultureInfo.InvariantCulture);

    /// <summary>The config as it may be shown, one line a value.</summary>
    public IReadOnlyList<(string Path, string Value)> Config()
    {
        using var document = JsonDocument.Parse(Settings.MaskedConfig);
        var lines = new List<(string, string)>();
        Flatten(document.RootElement, "", lines);
        return lines;
    }

    private static void Flatten(JsonElement element, string path, List<(string Path, string Value)> lines)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                {
                    Flatten(property.Value, path.Length == 0 ? property.Name : path + "." + property.Name, lines);
                }

                break;
            case JsonValueKind.Array:
                lines.Add((path, string.Join(", ", element.EnumerateArray().Select(item => item.ToString()))));
                break;
            case JsonValueKind.Null:
                break;
            default:
                lines.Add((path, element.ToString()));
                break;
        }
    }
}
