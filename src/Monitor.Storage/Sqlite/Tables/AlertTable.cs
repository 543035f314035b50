using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Monitor.Core.Alerts;
using Monitor.Core.Ports;
using Monitor.Core.Text;
using Monitor.Storage.Codecs;

namespace Monitor.Storage.Sqlite.Tables;

internal static class AlertTable
{
    public const string Columns =
        "a.id, a.target_id, a.episode, a.target_name, a.target_type, a.endpoint, a.group_name, a.severity, a.message, a.started_at, a.fired_at, a.resolved_at, "
        + "a.resolved_reason, a.into_degraded, a.failure_count, a.told_as";

    public const int ColumnCount = 16;

    /// <summary>What has been resolved stays so, whatever an older copy says.</summary>
    public static void Write(SqliteSession session, AlertRecord alert) => session.Execute(
        """
        INSERT INTO alert_records (target_id, episode, target_name, target_type, endpoint, group_name, severity, message, started_at, fired_at, resolved_at,
            resolved_reason, into_degraded, failure_count, told_as)
        VALUES (@1, @2, @3, @4, @5, @6, @7, @8, @9, @10, @11, @12, @13, @14, @15)
        ON CONFLICT (target_id, episode) DO UPDATE SET target_name = excluded.target_name, target_type = excluded.target_type, endpoint = excluded.endpoint,
            group_name = excluded.group_name, severity = excluded.severity, message = excluded.message, started_at = excluded.started_at,
            fired_at = excluded.fired_at, resolved_at = excluded.resolved_at, resolved_reason = excluded.resolved_reason,
            into_degraded = excluded.into_degraded, failure_count = excluded.failure_count, told_as = excluded.told_as
        WHERE alert_records.resolved_at IS NULL OR excluded.resolved_at IS NOT NULL
        """,
        alert.TargetId, alert.Episode, alert.TargetName, alert.TargetType, alert.Endpoint, alert.Group, alert.Severity.Name(), alert.Message,
        Micros.Of(alert.StartedAt), Micros.Of(alert.FiredAt), Micros.Of(alert.ResolvedAt), alert.ResolvedReason?.Name(), alert.RecoveredIntoDegraded,
        alert.FailureCount, alert.ToldAs);

    public static AlertRecord Read(SqliteDataReader row) => new()
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
        RecoveredIntoDegraded = row.Truth(13),
        FailureCount = row.GetInt32(14),
        ToldAs = row.IntOrNull(15),
    };

    public static AlertRow? Find(SqliteSession session, long id) =>
        session.First(Read, $"SELECT {Columns} FROM alert_records a WHERE a.id = @1", id) is { } alert ? WithDeliveries(session, [alert])[0] : null;

    public static Page<AlertRow> List(SqliteSession session, AlertQuery query)
    {
        // Nulls switch a condition off; the index is chosen by what can narrow most.
        var filter = new StringBuilder(" FROM alert_records a WHERE (@2 IS NULL OR a.severity = @2) AND a.fired_at >= @3 AND a.fired_at < @4")
            .Append(query.TargetId is null ? " AND @1 IS NULL" : " AND a.target_id = @1")
            .Append(query.Firing switch { true => " AND a.resolved_at IS NULL", false => " AND a.resolved_at IS NOT NULL", null => "" })
            .ToString();
        var from = query.From is { } given ? Micros.Of(given) : long.MinValue;
        var to = query.To is { } until ? Micros.Of(until) : long.MaxValue;
        var total = session.Number($"SELECT count(*){filter}", query.TargetId, query.Severity?.Name(), from, to);
        var after = query.After is { } key && long.TryParse(key.Value, System.Globalization.CultureInfo.InvariantCulture, out var value)
            ? (At: value, key.Id)
            : (At: long.MaxValue, Id: long.MaxValue);
        var alerts = session.Rows(
            Read,
            $"SELECT {Columns}{filter} AND (a.fired_at, a.id) < (@5, @6) ORDER BY a.fired_at DESC, a.id DESC LIMIT @7",
            query.TargetId, query.Severity?.Name(), from, to, after.At, after.Id, query.Limit + 1);
        var more = alerts.Count > query.Limit;
        if (more)
        {
            alerts.RemoveAt(query.Limit);
        }

        var next = more ? new PageKey(Micros.Of(alerts[^1].FiredAt).ToString(System.Globalization.CultureInfo.InvariantCulture), alerts[^1].Id) : null;
        return new Page<AlertRow>(WithDeliveries(session, alerts), next, total);
    }

    private static List<AlertRow> WithDeliveries(SqliteSession session, List<AlertRecord> alerts)
    {
        var ids = JsonSerializer.Serialize([.. alerts.Select(alert => alert.Id)], StoreJson.Default.Int64Array);
        var deliveries = session.Rows(
                row => DeliveryTable.Read(row, 0),
                $"""
                 SELECT {DeliveryTable.Columns} FROM alert_records a JOIN deliveries d ON d.target_id = a.target_id AND d.episode = a.episode
                 WHERE a.id IN (SELECT value FROM json_each(@1)) ORDER BY d.kind, d.channel_id
                 """,
                ids)
            .ToLookup(delivery => (delivery.Key.TargetId, delivery.Key.Episode));
        return [.. alerts.Select(alert => new AlertRow(alert, [.. deliveries[(alert.TargetId, alert.Episode)]]))];
    }
}
