using System.Collections.Immutable;
using Monitor.Core.Alerts;
using Monitor.Core.Probing;

namespace Monitor.Core.Ports;

/// <summary>What was seen and told: results, rollups, alerts. Read only.</summary>
public interface IHistoryStore
{
    /// <summary>Newest first; <c>from</c> inclusive, <c>to</c> exclusive; no total.</summary>
    Task<Page<CheckRecord>> ListResultsAsync(ResultQuery query, CancellationToken cancellationToken);

    Task<Uptime> UptimeAsync(long targetId, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken);

    /// <summary>One point for each step in which something was checked, oldest first.</summary>
    Task<IReadOnlyList<HistoryPoint>> HistoryAsync(long targetId, DateTimeOffset from, DateTimeOffset to, TimeSpan step, CancellationToken cancellationToken);

    /// <summary>Newest first (by fired_at, then id).</summary>
    Task<Page<AlertRow>> ListAlertsAsync(AlertQuery query, CancellationToken cancellationToken);

    Task<AlertRow?> FindAlertAsync(long id, CancellationToken cancellationToken);
}

/// <param name="Success">Null: any outcome.</param>
public sealed record ResultQuery(long TargetId, DateTimeOffset? From, DateTimeOffset? To, bool? Success, int Limit = 50, PageKey? After = null);

/// <summary>Time unhealthy over time observed. Degraded is up; disabled, unknown and gaps are not observed. Nulls without data.</summary>
public sealed record Uptime(double? UptimePercent, double ObservedSeconds, long Checks, long Failures, double? P50, double? P95, double? P99);

/// <param name="At">The step's start. Latency in milliseconds, of successes and failures that were timed.</param>
public sealed record HistoryPoint(DateTimeOffset At, long Checks, long Failures, long Warnings, double? LatencyAvg, double? LatencyMax);

public sealed record AlertQuery(
    bool? Firing, AlertSeverity? Severity, long? TargetId, DateTimeOffset? From, DateTimeOffset? To, int Limit = 50, PageKey? After = null);

/// <param name="Deliveries">Also those of the same outage that went under another number: a silo without the store had counted otherwise.</param>
public sealed record AlertRow(AlertRecord Alert, IReadOnlyList<Delivery> Deliveries)
{
    /// <summary>What the messages of such deliveries carried (<c>#12-3</c>), by the episode of the delivery.</summary>
    public IReadOnlyDictionary<int, string> Others { get; init; } = ImmutableDictionary<int, string>.Empty;
}
