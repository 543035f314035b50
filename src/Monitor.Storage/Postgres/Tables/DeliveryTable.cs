using Monitor.Core.Alerts;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Core.Text;
using Monitor.Storage.Codecs;
using Npgsql;

namespace Monitor.Storage.Postgres.Tables;

internal static class DeliveryTable
{
    public const string Columns =
        "d.target_id, d.episode, d.kind, d.channel_id, d.status, d.reason, d.attempts, d.last_error, d.message_id, d.created_at, d.sent_at";

    public const int ColumnCount = 11;

    /// <summary>The columns of several deliveries, for <c>unnest</c>.</summary>
    public const string Types = "bigint[], integer[], smallint[], bigint[], text[], text[], integer[], text[], text[], bigint[], bigint[]";

    private const string Names = "target_id, episode, kind, channel_id, status, reason, attempts, last_error, message_id, created_at, sent_at";

    /// <summary>
    /// All writes in their order; those under a fence answer a number each, 1 where it held. What has none goes together as far as it follows one another.
    /// </summary>
    public static IEnumerable<PgStatement> Writes(IReadOnlyList<DeliveryWrite> writes)
    {
        for (var from = 0; from < writes.Count;)
        {
            var fence = writes[from].Fence;
            var to = from + 1;
            while (fence is null && to < writes.Count && writes[to].Fence is null)
            {
                to++;
            }

            var part = writes.Skip(from).Take(to - from).ToArray();
            if (Write(part.SelectMany(write => write.Deliveries), fence) is { } deliveries)
            {
                yield return deliveries;
            }

            if (WriteSends(part.SelectMany(write => write.Sends), fence) is { } sends)
            {
                yield return sends;
            }

            if (fence is { } claimed)
            {
                yield return new PgStatement($"SELECT CASE WHEN {Holds(1)} THEN 1 ELSE 0 END", FenceValues(claimed));
            }

            from = to;
        }
    }

    /// <summary>New ones; what is there already is left alone.</summary>
    public static IEnumerable<PgStatement> Insert(IReadOnlyList<Delivery> rows) => rows.Count == 0
        ? []
        : [new PgStatement($"INSERT INTO deliveries ({Names}) SELECT * FROM {Unnest(1)} AS d ({Names}) ORDER BY 1, 2, 3, 4 ON CONFLICT DO NOTHING", Values(rows))];

    /// <summary>
    /// What is given, under the numbers by which it is kept: below zero where it is of an earlier outage, one that was told without the store by a silo that could not write it down before
    /// others took its shard and gave its number to another. Its notices would pass for those of that one. Its recovery tells them apart: it came before the other fired. When that began says nothing: its owner may have seen a bad check before both.
    /// Where it has no recovery yet, its target does: it was well between the two.
    /// </summary>
    private static readonly string Numbered =
        $"""
         SELECT d.target_id, CASE
             WHEN earlier.created_at >= d.created_at OR (over.created_at >= d.created_at AND EXISTS (
                 SELECT 1 FROM alert_records a WHERE a.target_id = d.target_id AND a.episode = d.episode AND a.fired_at > over.created_at))
                 OR (d.kind = 0 AND EXISTS (SELECT 1 FROM alert_records a WHERE a.target_id = d.target_id AND a.episode = d.episode AND {IsOfEarlier("d", "a")})) THEN -d.episode
             ELSE d.episode END,
             d.kind, d.channel_id, d.status, d.reason, d.attempts, d.last_error, d.message_id, d.created_at, d.sent_at
         FROM given d
         LEFT JOIN given over ON over.target_id = d.target_id AND over.episode = d.episode AND over.kind = 1 AND over.channel_id = d.channel_id
         LEFT JOIN deliveries earlier ON earlier.target_id = d.target_id AND earlier.episode = -d.episode AND earlier.kind = 1 AND earlier.channel_id = d.channel_id
         """;

    /// <summary>
    /// Sets aside what is known to have been told under these numbers while no record of it is there, where it was over before these alerts fired: it belongs to an earlier one whose
    /// silo has yet to write it down, and would pass for this one's. So does a firing after which the target was well before this began. Answers how many.
    /// </summary>
    public static PgStatement SetAside(IReadOnlyCollection<AlertRecord> alerts) => new(
        $"""
        WITH earlier AS (
            DELETE FROM deliveries d USING unnest($1::bigint[], $2::integer[], $3::bigint[], $4::bigint[], $5::text[]) AS g (target_id, episode, fired_at, started_at, severity)
            WHERE d.target_id = g.target_id AND d.episode = g.episode
                AND NOT EXISTS (SELECT 1 FROM alert_records a WHERE a.target_id = g.target_id AND a.episode = g.episode)
                AND (EXISTS (
                        SELECT 1 FROM deliveries r
                        WHERE r.target_id = d.target_id AND r.episode = d.episode AND r.kind = 1 AND r.channel_id = d.channel_id
                            AND r.created_at < g.fired_at AND d.created_at <= r.created_at)
                    OR (d.kind = 0 AND {IsOfEarlier("d", "g")}))
            RETURNING {Columns}
        )
        INSERT INTO deliveries ({Names})
        SELECT target_id, -episode, kind, channel_id, status, reason, attempts, last_error, message_id, created_at, sent_at FROM earlier ORDER BY 1, 2, 3, 4
        ON CONFLICT DO NOTHING
        """,
        alerts.Select(alert => alert.TargetId).ToArray(),
        alerts.Select(alert => alert.Episode).ToArray(),
        alerts.Select(alert => Micros.Of(alert.FiredAt)).ToArray(),
        alerts.Select(alert => Micros.Of(alert.StartedAt)).ToArray(),
        alerts.Select(alert => alert.Severity.Name()).ToArray());

    /// <summary>Between a firing and the first bad check of an alert its target was well, by another record or by what is stored of its last checks.</summary>
    private static string IsOfEarlier(string firing, string alert) =>
        $"""
         {firing}.created_at < {alert}.started_at AND (
             EXISTS (
                 SELECT 1 FROM alert_records b
                 WHERE b.target_id = {firing}.target_id AND b.severity = {alert}.severity AND b.resolved_at > {firing}.created_at AND b.resolved_at < {alert}.started_at)
             OR EXISTS (
                 SELECT 1 FROM probe_results p
                 WHERE p.target_id = {firing}.target_id AND p.checked_at > {firing}.created_at AND p.checked_at < {alert}.started_at
                     AND p.flags & 3 = 0 AND ({alert}.severity = 'critical' OR p.flags & 256 = 0)))
         """;

    /// <summary>What has come to an end of the notices of an episode that lost its number to another.</summary>
    public static async Task<IReadOnlyList<Delivery>> SetAsideAsync(PgSession session, long target, int episode) => await session.RowsAsync(
        row => Read(row, 0),
        $"SELECT {Columns} FROM deliveries d WHERE d.target_id = $1 AND d.episode = $2 AND d.status NOT IN ('pending', 'sending')",
        target,
        -episode);

    /// <param name="first">The number of its first parameter; it takes four.</param>
    private static string Holds(int first) =>
        $"(${first + 3} = {StateCommit.Timeline} AND EXISTS (SELECT 1 FROM shards WHERE shard = ${first} AND owner = ${first + 1} AND epoch = ${first + 2}))";

    private static object?[] FenceValues(Fence fence) => [fence.Shard, fence.Owner, fence.Epoch, fence.Timeline];

    /// <summary>How far deliveries have come; what is settled stays settled, so that a write that arrives again or late undoes nothing.</summary>
    private static PgStatement? Write(IEnumerable<Delivery> deliveries, Fence? fence)
    {
        // In one statement no row may be met twice: what one after the other would have left is worked out here.
        var rows = new Dictionary<DeliveryKey, Delivery>();
        foreach (var delivery in deliveries)
        {
            if (!rows.TryGetValue(delivery.Key, out var known))
            {
                rows.Add(delivery.Key, delivery);
            }
            else if (known.Status is DeliveryStatus.Pending or DeliveryStatus.Sending)
            {
                rows[delivery.Key] = delivery with { CreatedAt = known.CreatedAt };
            }
        }

        return rows.Count == 0
            ? null
            : new PgStatement(
                $"""
                 WITH given AS (SELECT * FROM {Unnest(1)} AS d ({Names}))
                 INSERT INTO deliveries ({Names})
                 {Numbered} {(fence is null ? "" : $"WHERE {Holds(12)}")} ORDER BY 1, 2, 3, 4
                 ON CONFLICT (target_id, episode, kind, channel_id) DO UPDATE SET status = excluded.status, reason = excluded.reason, attempts = excluded.attempts,
                     last_error = excluded.last_error, message_id = excluded.message_id, sent_at = excluded.sent_at
                 WHERE deliveries.status IN ('pending', 'sending')
                 """,
                [.. Values([.. rows.Values]), .. fence is { } claimed ? FenceValues(claimed) : []]);
    }

    private static PgStatement? WriteSends(IEnumerable<SendSlot> sends, Fence? fence)
    {
        var rows = new Dictionary<string, SendSlot>(StringComparer.Ordinal);
        foreach (var send in sends)
        {
            rows[send.MessageId] = rows.TryGetValue(send.MessageId, out var known) ? send with { EndedAt = send.EndedAt ?? known.EndedAt } : send;
        }

        return rows.Count == 0
            ? null
            : new PgStatement(
                $"""
                 INSERT INTO sends (message_id, robot, started_at, ended_at)
                 SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) AS s (message_id, robot, started_at, ended_at)
                 {(fence is null ? "" : $"WHERE {Holds(5)}")} ORDER BY 1
                 ON CONFLICT (message_id) DO UPDATE SET robot = excluded.robot, started_at = excluded.started_at,
                     ended_at = coalesce(excluded.ended_at, sends.ended_at)
                 """,
                [
                    rows.Values.Select(send => send.MessageId).ToArray(),
                    rows.Values.Select(send => send.Robot).ToArray(),
                    rows.Values.Select(send => Micros.Of(send.StartedAt)).ToArray(),
                    rows.Values.Select(send => Micros.Of(send.EndedAt)).ToArray(),
                    .. fence is { } claimed ? FenceValues(claimed) : [],
                ]);
    }

    /// <summary>
    /// What is pending or on its way, and the dead and suppressed firings of alerts that are still open: their recovery must not be told to who never
    /// heard the firing. Oldest first; of the same moment a firing before its recovery. Two parts, each with an index of its own;
    /// sorted by the columns of the delivery: created_at, target, episode, kind, channel.
    /// </summary>
    public static async Task<IReadOnlyList<OpenDelivery>> OpenAsync(PgSession session) => await session.RowsAsync(
        row => new OpenDelivery(Read(row, AlertTable.ColumnCount), AlertTable.Read(row)) { IsNext = row.GetBoolean(AlertTable.ColumnCount + ColumnCount) },
        $"""
         SELECT {AlertTable.Columns}, {Columns}, EXISTS (
             SELECT 1 FROM deliveries e WHERE e.target_id = d.target_id AND e.episode = -d.episode AND e.kind = d.kind AND e.channel_id = d.channel_id)
         FROM deliveries d JOIN alert_records a ON a.target_id = d.target_id AND a.episode = d.episode WHERE d.status IN ('pending', 'sending')
         UNION ALL
         SELECT {AlertTable.Columns}, {Columns}, false
         FROM alert_records a JOIN deliveries d ON d.target_id = a.target_id AND d.episode = a.episode
         WHERE a.resolved_at IS NULL AND d.kind = 0 AND d.status IN ('dead', 'suppressed')
         ORDER BY 27, 18, 19, 20, 21
         """);

    public static async Task<IReadOnlyList<SendSlot>> SendsAsync(PgSession session, DateTimeOffset since) => await session.RowsAsync(
        row => new SendSlot(row.GetString(1), row.GetString(0), row.Time(2), row.TimeOrNull(3)),
        "SELECT message_id, robot, started_at, ended_at FROM sends WHERE started_at >= $1 OR ended_at >= $1 ORDER BY started_at, message_id",
        Micros.Of(since));

    public static Delivery Read(NpgsqlDataReader row, int first) => new()
    {
        Key = new DeliveryKey(row.GetInt64(first), row.GetInt32(first + 1), (DeliveryKind)row.GetInt16(first + 2), row.GetInt64(first + 3)),
        Status = EnumNames.Parse<DeliveryStatus>(row.GetString(first + 4)) ?? throw new FormatException("a stored delivery has an unknown status"),
        Reason = row.TextOrNull(first + 5),
        Attempts = row.GetInt32(first + 6),
        LastError = row.TextOrNull(first + 7),
        MessageId = row.TextOrNull(first + 8),
        CreatedAt = row.Time(first + 9),
        SentAt = row.TimeOrNull(first + 10),
    };

    /// <param name="first">The number of its first parameter; it takes eleven.</param>
    public static string Unnest(int first) =>
        $"unnest({string.Join(", ", Types.Split(", ").Select((type, index) => $"${first + index}::{type}"))})";

    public static object?[] Values(IReadOnlyList<Delivery> rows) =>
    [
        rows.Select(row => row.Key.TargetId).ToArray(), rows.Select(row => row.Key.Episode).ToArray(), rows.Select(row => (short)row.Key.Kind).ToArray(),
        rows.Select(row => row.Key.ChannelId).ToArray(), rows.Select(row => row.Status.Name()).ToArray(), rows.Select(row => row.Reason).ToArray(),
        rows.Select(row => row.Attempts).ToArray(), rows.Select(row => row.LastError).ToArray(), rows.Select(row => row.MessageId).ToArray(),
        rows.Select(row => Micros.Of(row.CreatedAt)).ToArray(), rows.Select(row => Micros.Of(row.SentAt)).ToArray(),
    ];
}
