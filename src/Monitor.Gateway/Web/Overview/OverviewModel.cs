using System.Security.Cryptography;
using System.Text;
using Monitor.Core.Alerts;
using Monitor.Core.Health;
using Monitor.Gateway.Web.Live;

namespace Monitor.Gateway.Web.Overview;

/// <summary>What the overview shows of a board.</summary>
public sealed class OverviewModel
{
    /// <summary>Beyond these a list helps nobody; the list of targets has the rest.</summary>
    public const int MaxTrouble = 60;

    private readonly Dictionary<long, BoardAlert> _alerts;

    internal OverviewModel(Board board, IReadOnlyDictionary<long, string> channels)
    {
        (Board, Channels) = (board, channels);
        var trouble = board.Targets.Where(target => target.IsTrouble && !IsNew(target, board)).ToList();
        TroubleCount = trouble.Count;
        Trouble = [.. trouble.OrderBy(target => Rank(target.Status)).ThenByDescending(target => target.Since).Take(MaxTrouble)];
        _alerts = board.OpenAlerts
            .GroupBy(row => row.Alert.TargetId)
            .ToDictionary(
                alerts => alerts.Key,
                alerts => alerts.OrderBy(row => row.Alert.Severity).Select(row => new BoardAlert(row.Alert, row.Deliveries)).First());
        Groups =
        [
            .. board.Targets.GroupBy(target => target.Group, StringComparer.Ordinal).Select(group => new OverviewGroup(group.Key, [.. group]))
                .OrderByDescending(group => group.Worst)
                .ThenBy(group => group.Name is null)
                .ThenBy(group => group.Name, StringComparer.OrdinalIgnoreCase),
        ];
    }

    public Board Board { get; }

    /// <summary>By id; deleted ones are not there.</summary>
    public IReadOnlyDictionary<long, string> Channels { get; }

    /// <summary>Worst first, then newest.</summary>
    public IReadOnlyList<BoardTarget> Trouble { get; }

    public int TroubleCount { get; }

    public IReadOnlyList<OverviewGroup> Groups { get; }

    /// <summary>Nothing has been set up yet, or nobody would hear of it.</summary>
    public bool IsFirstRun => Board.Targets.Count == 0 || Channels.Count == 0;

    public BoardAlert? AlertOf(BoardTarget target) => _alerts.GetValueOrDefault(target.Id);

    public string ChannelName(Delivery delivery) => Channels.GetValueOrDefault(delivery.Key.ChannelId, "#" + delivery.Key.ChannelId.ToString(System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>What the groups are made of: when it differs, patching single tiles is not enough.</summary>
    internal int Shape()
    {
        var hash = default(HashCode);
        foreach (var target in Board.Targets)
        {
            hash.Add(target.Id);
            hash.Add(target.Name, StringComparer.Ordinal);
            hash.Add(target.Group, StringComparer.Ordinal);
        }

        hash.Add(IsFirstRun);
        return hash.ToHashCode();
    }

    /// <summary>Waiting for its first probe is no trouble.</summary>
    private static bool IsNew(BoardTarget target, Board board) =>
        target is { Status: HealthStatus.Unknown, Last: null } && board.At - target.Since < TimeSpan.FromSeconds(30);

    private static int Rank(HealthStatus status) => status switch { HealthStatus.Unhealthy => 0, HealthStatus.Degraded => 1, _ => 2 };
}

/// <summary>Targets of one group, worst first.</summary>
public sealed class OverviewGroup
{
    internal OverviewGroup(string? name, IReadOnlyList<BoardTarget> targets)
    {
        (Name, Targets) = (name, targets);
        Id = "g-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name ?? "\n")).AsSpan(0, 6));
        Counts = targets.CountBy(target => target.Status).ToDictionary();
        Worst = Count(HealthStatus.Unhealthy) > 0 ? 2 : Count(HealthStatus.Degraded) + Count(HealthStatus.Unknown) > 0 ? 1 : 0;
    }

    /// <summary>Null: those without a group.</summary>
    public string? Name { get; }

    public string Id { get; }

    public IReadOnlyList<BoardTarget> Targets { get; }

    public IReadOnlyDictionary<HealthStatus, int> Counts { get; }

    internal int Worst { get; }

    public int Count(HealthStatus status) => Counts.GetValueOrDefault(status);
}
