using System.Collections.Frozen;
using Monitor.Core.Health;
using Monitor.Core.Ports;
using Monitor.Core.Text;
using Monitor.Gateway.Memory;

namespace Monitor.Gateway.Web.Live;

/// <summary>All targets at one moment. Never changes: pages and live updates render from the same one.</summary>
public sealed class Board
{
    public static readonly Board Empty = new([], [], [], 0, DateTimeOffset.MinValue);

    internal Board(
        IReadOnlyList<BoardTarget> targets, IReadOnlyList<AlertRow> open, IReadOnlyList<LocalizedText> reasons, long version, DateTimeOffset at, Absence? away = null)
    {
        (Targets, OpenAlerts, Reasons, Version, At, Away) = (targets, open, reasons, version, at, away);
        ById = targets.ToFrozenDictionary(target => target.Id);
        Counts = targets.CountBy(target => target.Status).ToFrozenDictionary();
        Groups = [.. targets.Select(target => target.Group).OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.CurrentCultureIgnoreCase)];
    }

    /// <summary>By name.</summary>
    public IReadOnlyList<BoardTarget> Targets { get; }

    public FrozenDictionary<long, BoardTarget> ById { get; }

    /// <summary>Newest first, at most as many as the board loads.</summary>
    public IReadOnlyList<AlertRow> OpenAlerts { get; }

    /// <summary>Why this monitor is not at its best.</summary>
    public IReadOnlyList<LocalizedText> Reasons { get; }

    /// <summary>The store answers no reads, and all of this is from memory; null while it does.</summary>
    public Absence? Away { get; }

    public IReadOnlyList<string> Groups { get; }

    /// <summary>Rises with every change that a page shows.</summary>
    public long Version { get; }

    public DateTimeOffset At { get; }

    public FrozenDictionary<HealthStatus, int> Counts { get; }

    public int Count(HealthStatus status) => Counts.GetValueOrDefault(status);
}
