using Monitor.Core.Alerts;
using Monitor.Core.Health;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Text;
using Monitor.Gateway.Api.Targets;

namespace Monitor.Gateway.Web.Live;

/// <summary>A target as the pages show it in lists: what is stored, overlaid with what its owner knows.</summary>
public sealed class BoardTarget
{
    private readonly TargetRow _row;
    private readonly LiveTarget? _live;

    internal BoardTarget(TargetRow row, LiveTarget? live, Mark[] strip, BoardTarget? before, DateTimeOffset now)
    {
        (_row, _live, Strip) = (row, live, strip);
        var view = TargetView.Of(row, live, Language.English);
        (Status, Since, Last, Failures) = (view.Status, view.StatusSince, view.Last, view.ConsecutiveFailures);
        State = live?.State ?? row.State;
        var same = before is not null && LooksLike(before);
        (ChangedAt, Drawn) = same ? (before!.ChangedAt, before.Drawn) : (now, new string?[2]);
    }

    public long Id => _row.Target.Id;
    public string Name => _row.Target.Settings.Name;
    public string Type => _row.Target.Settings.Type;
    public string? Group => _row.Target.Settings.Group;
    public string Endpoint => _row.Target.Settings.Endpoint;
    public bool TellsNobody => _row.Target.Settings.ChannelIds.Count == 0;
    public HealthStatus Status { get; }
    public DateTimeOffset Since { get; }
    public CheckRecord? Last { get; }
    public int Failures { get; }
    public HealthState? State { get; }

    /// <summary>The last hour, oldest first.</summary>
    public IReadOnlyList<Mark> Strip { get; }

    public bool IsTrouble => Status is HealthStatus.Unhealthy or HealthStatus.Degraded or HealthStatus.Unknown;

    /// <summary>Runs in this process, so that what is known of it is of this moment.</summary>
    internal bool IsHere => _live is not null;

    internal TargetRow Row => _row;

    /// <summary>When what lists show of it last differed.</summary>
    internal DateTimeOffset ChangedAt { get; }

    /// <summary>Its tile in each language, once drawn: kept for as long as it looks the same.</summary>
    internal string?[] Drawn { get; }

    public string Message(Language language) => TargetView.Of(_row, _live, language).Message;

    /// <summary>Nothing that a list shows of it differs (but for the time of its last check).</summary>
    internal bool LooksLike(BoardTarget other) =>
        ReferenceEquals(_row.Target, other._row.Target) && Status == other.Status && Since == other.Since && Failures == other.Failures
        && Last?.Message == other.Last?.Message && Strip.SequenceEqual(other.Strip);
}

/// <summary>An alert that is open, with who was told of it.</summary>
public sealed record BoardAlert(AlertRecord Alert, IReadOnlyList<Delivery> Deliveries);
