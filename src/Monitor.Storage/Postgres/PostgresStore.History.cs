using System.Globalization;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Storage.Codecs;
using Monitor.Storage.Postgres.Tables;

namespace Monitor.Storage.Postgres;

public sealed partial class PostgresStore
{
    public Task<Page<CheckRecord>> ListResultsAsync(ResultQuery query, CancellationToken cancellationToken) =>
        SnapshotAsync(session => ListResultsAsync(session, query), cancellationToken);

    public Task<Uptime> UptimeAsync(long targetId, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken) =>
        SnapshotAsync(async session => await (await UptimeReading.OfAsync(session, targetId)).UptimeAsync(Micros.Of(from), Micros.Of(to)), cancellationToken);

    public Task<IReadOnlyList<HistoryPoint>> HistoryAsync(
        long targetId, DateTimeOffset from, DateTimeOffset to, TimeSpan step, CancellationToken cancellationToken) =>
        SnapshotAsync(
            async session => await (await UptimeReading.OfAsync(session, targetId)).HistoryAsync(Micros.Of(from), Micros.Of(to), Micros.Of(step)), cancellationToken);

    public async Task<Page<AlertRow>> ListAlertsAsync(AlertQuery query, CancellationToken cancellationToken) =>
        query.Firing == true && !await ReadAsync(AlertTable.AnyOpenAsync, cancellationToken)
            ? new Page<AlertRow>([], null, 0)
            : await SnapshotAsync(session => AlertTable.ListAsync(session, query), cancellationToken);

    public Task<AlertRow?> FindAlertAsync(long id, CancellationToken cancellationToken) =>
        SnapshotAsync(session => AlertTable.FindAsync(session, id), cancellationToken);

    private static async Task<Page<CheckRecord>> ListResultsAsync(PgSession session, ResultQuery query)
    {
        var from = query.From is { } since ? Micros.Of(since) : 0;
        var to = query.To is { } until ? Micros.Of(until) : long.MaxValue;
        if (query.After is { } after && long.TryParse(after.Value, CultureInfo.InvariantCulture, out var last))
        {
            to = Math.Min(to, last);
        }

        var reading = new ResultReading(session);
        var found = await reading.DescendingAsync(query.TargetId, from, to, cancellationToken: session.CancellationToken)
            .Where(row => query.Success is not { } success || row.Outcome == ProbeOutcome.Ok == success)
            .Take(query.Limit + 1)
            .ToListAsync(session.CancellationToken);
        var more = found.Count > query.Limit;
        if (more)
        {
            found.RemoveAt(query.Limit);
        }

        var records = new List<CheckRecord>(found.Count);
        foreach (var row in found)
        {
            records.Add(await reading.RecordAsync(query.TargetId, row));
        }

        return new Page<CheckRecord>(records, more ? new PageKey(found[^1].At.ToString(CultureInfo.InvariantCulture), query.TargetId) : null, null);
    }
}
