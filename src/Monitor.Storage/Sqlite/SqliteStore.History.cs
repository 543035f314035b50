using System.Globalization;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Storage.Codecs;
using Monitor.Storage.Sqlite.Tables;

namespace Monitor.Storage.Sqlite;

public sealed partial class SqliteStore
{
    public Task<Page<CheckRecord>> ListResultsAsync(ResultQuery query, CancellationToken cancellationToken) =>
        Readers.ReadAsync(session => ListResults(session, query), cancellationToken);

    public Task<Uptime> UptimeAsync(long targetId, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken) =>
        Readers.ReadAsync(session => new UptimeReading(session, targetId).Uptime(Micros.Of(from), Micros.Of(to)), cancellationToken);

    public Task<IReadOnlyList<HistoryPoint>> HistoryAsync(
        long targetId, DateTimeOffset from, DateTimeOffset to, TimeSpan step, CancellationToken cancellationToken) =>
        Readers.ReadAsync(
            session => new UptimeReading(session, targetId).History(Micros.Of(from), Micros.Of(to), Micros.Of(step)), cancellationToken);

    public Task<Page<AlertRow>> ListAlertsAsync(AlertQuery query, CancellationToken cancellationToken) =>
        Readers.ReadAsync(session => AlertTable.List(session, query), cancellationToken);

    public Task<AlertRow?> FindAlertAsync(long id, CancellationToken cancellationToken) =>
        Readers.ReadAsync(session => AlertTable.Find(session, id), cancellationToken);

    private static Page<CheckRecord> ListResults(SqliteSession session, ResultQuery query)
    {
        var from = query.From is { } since ? Micros.Of(since) : 0;
        var to = query.To is { } until ? Micros.Of(until) : long.MaxValue;
        if (query.After is { } after && long.TryParse(after.Value, CultureInfo.InvariantCulture, out var last))
        {
            to = Math.Min(to, last);
        }

        var reading = new ResultReading(session);
        var found = reading.Descending(query.TargetId, from, to)
            .Where(row => query.Success is not { } success || row.Outcome == ProbeOutcome.Ok == success)
            .Take(query.Limit + 1)
            .ToList();
        var more = found.Count > query.Limit;
        if (more)
        {
            found.RemoveAt(query.Limit);
        }

        return new Page<CheckRecord>(
            [.. found.Select(row => reading.Record(query.TargetId, row))],
            more ? new PageKey(found[^1].At.ToString(CultureInfo.InvariantCulture), query.TargetId) : null,
            null);
    }
}
