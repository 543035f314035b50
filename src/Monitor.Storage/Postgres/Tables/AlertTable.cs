using System.Globalization;
using System.Text;
using Monitor.Core.Alerts;
using Monitor.Core.Ports;
using Monitor.Core.Text;
using Monitor.Storage.Codecs;
using Npgsql;

namespace Monitor.Storage.Postgres.Tables;

internal static class AlertTable
{
    public const string Columns =
        "a.id, a.target_id, a.episode, a.target_name, a.target_type, a.endpoint, a.group_name, a.severity, a.message, a.started_at, a.fired_at, a.resolved_at, "
        + "a.resolved_reason, a.into_degraded, a.failure_count, a.told_as, a.same_as";

    public const int ColumnCount = 17;

    public static AlertRecord Read(NpgsqlDataReader row) => new()
    {
        Id = row.GetInt64(0),
        TargetId = row.GetInt64(1),
        Episode = row.GetInt32(2),
        TargetName = row.GetString(3),
        TargetType = row.GetString(4),
        Endpoint = row.GetString(5),
        Group = row.TextOrNull(6),
        Severity = EnumNames.Parse<AlertSeverity>(row.GetString(7)) ?? throw new FormatException("a stored alert has an unknown severity"),
        Message = row.GetString(8),
        StartedAt = row.Time(9),
        FiredAt = row.Time(10),
        ResolvedAt = row.TimeOrNull(11),
        ResolvedReason = row.TextOrNull(12) is { } reason ? EnumNames.Parse<ResolvedReason>(reason) : null,
        RecoveredIntoDegraded = row.GetBoolean(13),
        FailureCount = row.GetInt32(14),
        ToldAs = row.IntOrNull(15),
        SameAs = row.IntOrNull(16),
    };

    public static async Task<AlertRow?> FindAsync(PgSession session, long id) =>
        await session.FirstAsync(Read, $"SELECT {Columns} FROM alert_records a WHERE a.id = $1 AND a.same_as IS NULL", id) is { } alert
            ? (await WithDeliveriesAsync(session, [alert]))[0]
            : null;

    public static async Task<Page<AlertRow>> ListAsync(PgSession session, AlertQuery query)
    {
        var filter = new StringBuilder(" FROM alert_records a WHERE a.same_as IS NULL AND a.fired_at >= $1 AND a.fired_at < $2");
        var values = new List<object?> { query.From is { } given ? Micros.Of(given) : long.MinValue, query.To is { } until ? Micros.Of(until) : long.MaxValue };
        if (query.TargetId is { } target)
        {
            values.Add(target);
            filter.Append(CultureInfo.InvariantCulture, $" AND a.target_id = ${values.Count}");
        }

        if (query.Severity is { } severity)
        {
            values.Add(severity.Name());
            filter.Append(CultureInfo.InvariantCulture, $" AND a.severity = ${values.Count}");
        }

        filter.Append(query.Firing switch { true => " AND a.resolved_at IS NULL", false => " AND a.resolved_at IS NOT NULL", null => "" });
        var total = await session.NumberAsync($"SELECT count(*){filter}", values);
        var after = query.After is { } key && long.TryParse(key.Value, CultureInfo.InvariantCulture, out var value)
            ? (At: value, key.Id)
            : (At: long.MaxValue, Id: long.MaxValue);
        var n = values.Count;
        var alerts = await session.RowsAsync(
            Read,
            string.Create(
                CultureInfo.InvariantCulture,
                $"SELECT {Columns}{filter} AND (a.fired_at, a.id) < (${n + 1}, ${n + 2}) ORDER BY a.fired_at DESC, a.id DESC LIMIT ${n + 3}"),
            [.. values, after.At, after.Id, (long)query.Limit + 1]);
        var more = alerts.Count > query.Limit;
        if (more)
        {
            alerts.RemoveAt(query.Limit);
        }

        var next = more ? new PageKey(Micros.Of(alerts[^1].FiredAt).ToString(CultureInfo.InvariantCulture), alerts[^1].Id) : null;
        return new Page<AlertRow>(await WithDeliveriesAsync(session, alerts), next, total);
    }

    /// <summary>Asked by every silo every few seconds; on a good day nothing is open, and this says so in one statement.</summary>
    public static async Task<bool> AnyOpenAsync(PgSession session) => await session.NumberAsync("SELECT 1 FROM alert_records WHERE resolved_at IS NULL LIMIT 1") is not null;

    /// <summary>Also those that went under another number of the same outage.</summary>
    private static async Task<List<AlertRow>> WithDeliveriesAsync(PgSession session, List<AlertRecord> alerts)
    {
        var deliveries = (await session.RowsAsync(
                row => (Id: row.GetInt64(DeliveryTable.ColumnCount), Number: row.GetInt32(DeliveryTable.ColumnCount + 1), Delivery: DeliveryTable.Read(row, 0)),
                $"""
                 SELECT {DeliveryTable.Columns}, a.id, a.number FROM (
                     SELECT id, target_id, episode, COALESCE(told_as, episode) AS number FROM alert_records WHERE id = ANY($1)
                     UNION ALL
                     SELECT a.id, s.target_id, s.episode, COALESCE(s.told_as, s.episode)
                     FROM alert_records a JOIN alert_records s ON s.target_id = a.target_id AND s.same_as = a.episode WHERE a.id = ANY($1)
                 ) a JOIN deliveries d ON d.target_id = a.target_id AND d.episode = a.episode
                 ORDER BY d.kind, d.channel_id, d.created_at
                 """,
                alerts.Select(alert => alert.Id).ToArray()))
            .ToLookup(row => row.Id, row => (row.Delivery, row.Number));
        return [.. alerts.Select(alert => Row(alert, [.. deliveries[alert.Id]]))];
    }

    private static AlertRow Row(AlertRecord alert, IReadOnlyCollection<(Delivery Delivery, int Number)> deliveries) => new(alert, [.. deliveries.Select(one => one.Delivery)])
    {
        Others = deliveries.Where(one => one.Delivery.Key.Episode != alert.Episode)
            .GroupBy(one => one.Delivery.Key.Episode)
            .ToDictionary(group => group.Key, group => (alert with { ToldAs = group.First().Number }).Reference),
    };
}
