using System.Globalization;
using Monitor.Core.Alerts;
using Monitor.Core.Health;
using Monitor.Core.Ports;

namespace Monitor.Gateway.Memory;

/// <summary>
/// What was seen and told. While the store is away the open alerts are known: those that were open, less those whose targets say that they are over, and those that have fired since,
/// which have no id yet and of whose deliveries nothing is known here. Everything else only the store knows.
/// </summary>
internal sealed class RememberedHistory(Stored<IHistoryStore> stored, Recall recall) : IHistoryStore
{
    private readonly IHistoryStore _store = stored.Port;

    public Task<Page<Core.Probing.CheckRecord>> ListResultsAsync(ResultQuery query, CancellationToken cancellationToken) =>
        recall.AskAsync(() => _store.ListResultsAsync(query, cancellationToken), cancellationToken);

    public Task<Uptime> UptimeAsync(long targetId, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken) =>
        recall.AskAsync(() => _store.UptimeAsync(targetId, from, to, cancellationToken), cancellationToken);

    public Task<IReadOnlyList<HistoryPoint>> HistoryAsync(long targetId, DateTimeOffset from, DateTimeOffset to, TimeSpan step, CancellationToken cancellationToken) =>
        recall.AskAsync(() => _store.HistoryAsync(targetId, from, to, step, cancellationToken), cancellationToken);

    public Task<Page<AlertRow>> ListAlertsAsync(AlertQuery query, CancellationToken cancellationToken) => query.Firing == true
        ? recall.ReadAsync(token => _store.ListAlertsAsync(query, token), known => List(known, query), cancellationToken)
        : recall.AskAsync(() => _store.ListAlertsAsync(query, cancellationToken), cancellationToken);

    public Task<AlertRow?> FindAlertAsync(long id, CancellationToken cancellationToken) => recall.ReadAsync(
        token => _store.FindAlertAsync(id, token),
        known => Open(known).FirstOrDefault(row => row.Alert.Id == id) ?? throw recall.Away(),
        cancellationToken);

    /// <summary>Newest first.</summary>
    internal static IReadOnlyList<AlertRow> Open(Remembered known)
    {
        var open = known.Picture.Open.Where(row => !known.Targets.TryGetValue(row.Alert.TargetId, out var target) || IsStillOpen(target.State, row.Alert)).ToList();
        var stored = open.Select(row => (row.Alert.TargetId, row.Alert.Episode)).ToHashSet();
        foreach (var (id, target) in known.Targets)
        {
            open.AddRange(Episodes(target).Where(alert => !stored.Contains((id, alert.Episode))).Select(alert => new AlertRow(alert, [])));
        }

        return [.. open.OrderByDescending(row => row.Alert.FiredAt).ThenByDescending(row => row.Alert.Id)];
    }

    /// <summary>A state that is older than the alert says nothing of it.</summary>
    private static bool IsStillOpen(HealthState? state, AlertRecord alert) =>
        state is null || alert.Episode > state.LastEpisode || state.Outage?.Number == alert.Episode || state.Warning?.Number == alert.Episode;

    private static IEnumerable<AlertRecord> Episodes(TargetRow row)
    {
        if (row.State?.Outage is { } outage)
        {
            yield return Alert(row, outage, AlertSeverity.Critical);
        }

        if (row.State?.Warning is { } warning)
        {
            yield return Alert(row, warning, AlertSeverity.Warning);
        }
    }

    private static AlertRecord Alert(TargetRow row, OpenEpisode episode, AlertSeverity severity) => new()
    {
        TargetId = row.Target.Id,
        Episode = episode.Number,
        TargetName = row.Target.Settings.Name,
        TargetType = row.State!.Type,
        Endpoint = row.Target.Settings.Endpoint,
        Group = row.Target.Settings.Group,
        Severity = severity,
        Message = episode.Message ?? "",
        StartedAt = episode.StartedAt,
        FiredAt = episode.FiredAt,
        FailureCount = episode.FailureCount,
    };

    private static Page<AlertRow> List(Remembered known, AlertQuery query)
    {
        var found = Open(known).Where(row =>
            (query.Severity is null || row.Alert.Severity == query.Severity)
            && (query.TargetId is null || row.Alert.TargetId == query.TargetId)
            && !(row.Alert.FiredAt < query.From) && !(row.Alert.FiredAt >= query.To)).ToList();
        var isAll = query is { Severity: null, TargetId: null, From: null, To: null };
        var total = isAll ? found.Count + Math.Max(0, known.Picture.OpenTotal - known.Picture.Open.Count) : found.Count;
        if (query.After is { } after && long.TryParse(after.Value, CultureInfo.InvariantCulture, out var at))
        {
            found.RemoveAll(row => TargetSearch.Micros(row.Alert.FiredAt) is var fired && (fired > at || (fired == at && row.Alert.Id >= after.Id)));
        }

        AlertRow[] items = [.. found.Take(query.Limit)];
        var next = found.Count > query.Limit
            ? new PageKey(TargetSearch.Micros(items[^1].Alert.FiredAt).ToString(CultureInfo.InvariantCulture), items[^1].Alert.Id) : null;
        return new Page<AlertRow>(items, next, total);
    }
}
