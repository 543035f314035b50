using Microsoft.Data.Sqlite;
using Monitor.Core.Alerts;
using Monitor.Core.Ports;
using Monitor.Core.Text;
using Monitor.Storage.Codecs;

namespace Monitor.Storage.Sqlite.Tables;

internal static class DeliveryTable
{
    public const string Columns =
        "d.target_id, d.episode, d.kind, d.channel_id, d.status, d.reason, d.attempts, d.last_error, d.message_id, d.created_at, d.sent_at";

    public static void Insert(SqliteSession session, Delivery delivery) => session.Execute(
        """
        INSERT OR IGNORE INTO deliveries (target_id, episode, kind, channel_id, status, reason, attempts, last_error, message_id, created_at, sent_at)
        VALUES (@1, @2, @3, @4, @5, @6, @7, @8, @9, @10, @11)
        """,
        Values(delivery));

    /// <summary>The row as it is to be; what is settled stays settled, so that a write that arrives again or late undoes nothing.</summary>
    public static void Write(SqliteSession session, Delivery delivery) => session.Execute(
        """
        INSERT INTO deliveries (target_id, episode, kind, channel_id, status, reason, attempts, last_error, message_id, created_at, sent_at)
        VALUES (@1, @2, @3, @4, @5, @6, @7, @8, @9, @10, @11)
        ON CONFLICT (target_id, episode, kind, channel_id) DO UPDATE SET status = excluded.status, reason = excluded.reason, attempts = excluded.attempts,
            last_error = excluded.last_error, message_id = excluded.message_id, sent_at = excluded.sent_at
        WHERE deliveries.status IN ('pending', 'sending')
        """,
        Values(delivery));

    public static void WriteSend(SqliteSession session, SendSlot slot) => session.Execute(
        """
        INSERT INTO sends (message_id, robot, started_at, ended_at) VALUES (@1, @2, @3, @4)
        ON CONFLICT (message_id) DO UPDATE SET robot = excluded.robot, started_at = excluded.started_at, ended_at = coalesce(excluded.ended_at, sends.ended_at)
        """,
        slot.MessageId, slot.Robot, Micros.Of(slot.StartedAt), Micros.Of(slot.EndedAt));

    /// <summary>
    /// What is pending or on its way, and the dead and suppressed firings of alerts that are still open: their recovery must not be told to who never
    /// heard the firing. Oldest first; of the same moment a firing before its recovery.
    /// </summary>
    public static List<OpenDelivery> Open(SqliteSession session) => session.Rows(
        row => new OpenDelivery(Read(row, AlertTable.ColumnCount), AlertTable.Read(row)),
        $"""
         SELECT {AlertTable.Columns}, {Columns} FROM deliveries d JOIN alert_records a ON a.target_id = d.target_id AND a.episode = d.episode
         WHERE d.status IN ('pending', 'sending')
            OR (d.status IN ('dead', 'suppressed') AND d.kind = 0 AND a.resolved_at IS NULL)
         ORDER BY d.created_at, d.target_id, d.episode, d.kind, d.channel_id
         """);

    public static List<SendSlot> Sends(SqliteSession session, DateTimeOffset since) => session.Rows(
        row => new SendSlot(row.GetString(1), row.GetString(0), row.Time(2), row.TimeOrNull(3)),
        "SELECT message_id, robot, started_at, ended_at FROM sends WHERE started_at >= @1 OR ended_at >= @1 ORDER BY started_at, message_id",
        Micros.Of(since));

    public static Delivery Read(SqliteDataReader row, int first) => new()
    {
        Key = new DeliveryKey(row.GetInt64(first), row.GetInt32(first + 1), (DeliveryKind)row.GetInt32(first + 2), row.GetInt64(first + 3)),
        Status = EnumNames.Parse<DeliveryStatus>(row.GetString(first + 4)) ?? throw new FormatException("a stored delivery has an unknown status"),
        Reason = row.TextOrNull(first + 5),
        Attempts = row.GetInt32(first + 6),
        LastError = row.TextOrNull(first + 7),
        MessageId = row.TextOrNull(first + 8),
        CreatedAt = row.Time(first + 9),
        SentAt = row.TimeOrNull(first + 10),
    };

    private static object?[] Values(Delivery delivery) =>
    [
        delivery.Key.TargetId, delivery.Key.Episode, (int)delivery.Key.Kind, delivery.Key.ChannelId, delivery.Status.Name(), delivery.Reason,
        delivery.Attempts, delivery.LastError, delivery.MessageId, Micros.Of(delivery.CreatedAt), Micros.Of(delivery.SentAt),
    ];
}
