using Monitor.Core.Alerts;
using Monitor.Core.Health;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Core.Text;
using Monitor.Storage.Codecs;

namespace Monitor.Storage.Postgres.Tables;

/// <summary>
/// Transitions: each state with all that follows from it, or nothing of it, judged and written by one statement over arrays. Before it the rows that it judges
/// by are locked, shards by number and then states by target, so that it sees what is committed and nobody changes that before it commits.
/// </summary>
internal static class StateCommit
{
    public const int Written = 0;
    public const int VersionLost = 1;
    public const int FenceLost = 2;

    /// <summary>
    /// On which timeline of the write-ahead log this server is, as everybody may read it: <c>pg_control_checkpoint()</c> tells it late, after a promotion's checkpoint.
    /// </summary>
    public const string Timeline = "('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint";

    private const string Judged =
        $"""
         WITH given AS MATERIALIZED (
             SELECT * FROM unnest($1::bigint[], $2::text[], $3::integer[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[], $9::text[], $10::bigint[],
                 $11::bytea[], $12::boolean[])
             WITH ORDINALITY AS g (target_id, location, shard, owner, epoch, timeline, expected, state, status, status_since, memory, remove, place)
         ), judged AS MATERIALIZED (
             SELECT g.*, CASE
                 WHEN h.shard IS NULL OR g.timeline <> (SELECT {Timeline}) THEN 2
                 WHEN t.id IS NULL THEN CASE WHEN g.remove THEN 0 ELSE 1 END
                 WHEN s.version = g.expected + 1 AND s.state = g.state THEN 0
                 WHEN coalesce(s.version, 0) <> g.expected OR (g.remove AND t.deleted_at IS NULL) THEN 1
                 ELSE 3 END AS verdict
             FROM given g
             LEFT JOIN shards h ON h.shard = g.shard AND h.owner = g.owner AND h.epoch = g.epoch
             LEFT JOIN probe_targets t ON t.id = g.target_id
             LEFT JOIN target_states s ON s.target_id = g.target_id AND s.location = g.location
         ), stored AS (
             INSERT INTO target_states (target_id, location, version, state, status, status_since, memory)
             SELECT target_id, location, expected + 1, state, status, status_since, memory FROM judged WHERE verdict = 3 AND NOT remove ORDER BY 1, 2
             ON CONFLICT (target_id, location) DO UPDATE SET version = excluded.version, state = excluded.state, status = excluded.status,
                 status_since = excluded.status_since, memory = coalesce(excluded.memory, target_states.memory)
         )
         """;

    private const string Verdicts = "SELECT CASE verdict WHEN 3 THEN 0 ELSE verdict END FROM judged ORDER BY place";

    /// <summary>Where nothing follows from the states: most of them by far, and a third of the planning.</summary>
    private const string Plain = Judged + " " + Verdicts;

    private const string Whole =
        $"""
         {Judged}, no_state AS (
             DELETE FROM target_states s USING judged j WHERE j.verdict = 3 AND j.remove AND s.target_id = j.target_id
         ), no_target AS (
             DELETE FROM probe_targets t USING judged j WHERE j.verdict = 3 AND j.remove AND t.id = j.target_id
         ), no_results AS (
             INSERT INTO removed_targets (target_id) SELECT target_id FROM judged WHERE verdict = 3 AND remove ON CONFLICT DO NOTHING
         ), alerts AS (
             INSERT INTO alert_records (target_id, episode, target_name, target_type, endpoint, group_name, severity, message, started_at, fired_at, resolved_at,
                 resolved_reason, into_degraded, failure_count, told_as)
             SELECT a.target_id, a.episode, a.target_name, a.target_type, a.endpoint, a.group_name, a.severity, a.message, a.started_at, a.fired_at, a.resolved_at,
                 a.resolved_reason, a.into_degraded, a.failure_count, a.told_as
             FROM unnest($13::bigint[], $14::bigint[], $15::integer[], $16::text[], $17::text[], $18::text[], $19::text[], $20::text[], $21::text[], $22::bigint[],
                 $23::bigint[], $24::bigint[], $25::text[], $26::boolean[], $27::integer[], $28::integer[])
                 AS a (place, target_id, episode, target_name, target_type, endpoint, group_name, severity, message, started_at, fired_at, resolved_at, resolved_reason,
                     into_degraded, failure_count, told_as)
             JOIN judged j ON j.place = a.place AND j.verdict = 3 ORDER BY a.target_id, a.episode
             ON CONFLICT (target_id, episode) DO UPDATE SET target_name = excluded.target_name, target_type = excluded.target_type, endpoint = excluded.endpoint,
                 group_name = excluded.group_name, severity = excluded.severity, message = excluded.message, started_at = excluded.started_at,
                 fired_at = excluded.fired_at, resolved_at = excluded.resolved_at, resolved_reason = excluded.resolved_reason,
                 into_degraded = excluded.into_degraded, failure_count = excluded.failure_count, told_as = excluded.told_as
             WHERE alert_records.resolved_at IS NULL OR excluded.resolved_at IS NOT NULL
         ), notices AS (
             INSERT INTO deliveries (target_id, episode, kind, channel_id, status, reason, attempts, last_error, message_id, created_at, sent_at)
             SELECT d.target_id, d.episode, d.kind, d.channel_id, d.status, d.reason, d.attempts, d.last_error, d.message_id, d.created_at, d.sent_at
             FROM unnest($29::bigint[], $30::bigint[], $31::integer[], $32::smallint[], $33::bigint[], $34::text[], $35::text[], $36::integer[], $37::text[], $38::text[],
                 $39::bigint[], $40::bigint[])
                 AS d (place, target_id, episode, kind, channel_id, status, reason, attempts, last_error, message_id, created_at, sent_at)
             JOIN judged j ON j.place = d.place AND j.verdict = 3 ORDER BY 1, 2, 3, 4
             ON CONFLICT DO NOTHING
         )
         {Verdicts}
         """;

    /// <summary>Several writes of one target follow one another: a wave holds each target once.</summary>
    public static List<List<int>> Waves(IReadOnlyList<StateWrite> states)
    {
        var waves = new List<List<int>>();
        var turns = new Dictionary<long, int>();
        for (var i = 0; i < states.Count; i++)
        {
            var turn = turns.GetValueOrDefault(states[i].TargetId);
            turns[states[i].TargetId] = turn + 1;
            if (turn == waves.Count)
            {
                waves.Add([]);
            }

            waves[turn].Add(i);
        }

        return waves;
    }

    /// <summary>Two statements that answer a number each, to be passed over.</summary>
    public static IEnumerable<PgStatement> Locks(IReadOnlyList<StateWrite> states, IReadOnlyList<DeliveryWrite> claims) =>
    [
        new PgStatement(
            "SELECT count(*) FROM (SELECT 1 FROM shards WHERE shard = ANY($1) ORDER BY shard FOR SHARE) held",
            states.Select(state => state.Fence.Shard).Concat(claims.Select(claim => claim.Fence!.Value.Shard)).Distinct().Order().ToArray()),
        new PgStatement(
            "SELECT count(*) FROM (SELECT 1 FROM target_states WHERE target_id = ANY($1) ORDER BY target_id, location FOR UPDATE) held",
            states.Select(state => state.TargetId).Distinct().Order().ToArray()),
    ];

    /// <summary>Answers a verdict for each: <see cref="Written"/>, <see cref="VersionLost"/>, <see cref="FenceLost"/>.</summary>
    public static PgStatement Write(IReadOnlyList<StateWrite> states)
    {
        var alerts = states.SelectMany((state, index) => Once(state.Alerts).Select(alert => (Place: index + 1L, Alert: alert))).ToArray();
        var deliveries = states.SelectMany((state, index) => state.Deliveries.Select(delivery => (Place: index + 1L, Delivery: delivery))).ToArray();
        return alerts.Length + deliveries.Length == 0 && !states.Any(state => state.RemoveTarget)
            ? new PgStatement(Plain, States(states))
            : new PgStatement(
            Whole,
            [
                .. States(states),
                alerts.Select(row => row.Place).ToArray(), .. Alerts([.. alerts.Select(row => row.Alert)]),
                deliveries.Select(row => row.Place).ToArray(), .. DeliveryTable.Values([.. deliveries.Select(row => row.Delivery)]),
            ]);
    }

    private static object?[] States(IReadOnlyList<StateWrite> states) =>
    [
        states.Select(state => state.TargetId).ToArray(), states.Select(state => state.Location).ToArray(), states.Select(state => state.Fence.Shard).ToArray(),
        // The fence of another shard opens nothing: no owner has a negative number.
        states.Select(state => state.Fence.Shard == ShardMap.Of(state.TargetId) ? state.Fence.Owner : -1).ToArray(),
        states.Select(state => state.Fence.Epoch).ToArray(), states.Select(state => state.Fence.Timeline).ToArray(),
        states.Select(state => state.ExpectedVersion).ToArray(), states.Select(state => HealthStateCodec.Encode(state.State)).ToArray(),
        states.Select(state => state.State.Status.Name()).ToArray(), states.Select(state => Micros.Of(state.State.StatusSince)).ToArray(),
        states.Select(state => state.Memory?.ToArray()).ToArray(), states.Select(state => state.RemoveTarget).ToArray(),
    ];

    private static object?[] Alerts(AlertRecord[] alerts) =>
    [
        alerts.Select(alert => alert.TargetId).ToArray(), alerts.Select(alert => alert.Episode).ToArray(), alerts.Select(alert => alert.TargetName).ToArray(),
        alerts.Select(alert => alert.TargetType).ToArray(), alerts.Select(alert => alert.Endpoint).ToArray(), alerts.Select(alert => alert.Group).ToArray(),
        alerts.Select(alert => alert.Severity.Name()).ToArray(), alerts.Select(alert => alert.Message).ToArray(),
        alerts.Select(alert => Micros.Of(alert.StartedAt)).ToArray(), alerts.Select(alert => Micros.Of(alert.FiredAt)).ToArray(),
        alerts.Select(alert => Micros.Of(alert.ResolvedAt)).ToArray(), alerts.Select(alert => alert.ResolvedReason?.Name()).ToArray(),
        alerts.Select(alert => alert.RecoveredIntoDegraded).ToArray(), alerts.Select(alert => alert.FailureCount).ToArray(),
        alerts.Select(alert => alert.ToldAs).ToArray(),
    ];

    /// <summary>Each episode once, as the last of its copies says; what has been resolved stays so.</summary>
    private static IEnumerable<AlertRecord> Once(IReadOnlyList<AlertRecord> alerts) => alerts.Count < 2
        ? alerts
        : alerts.GroupBy(alert => (alert.TargetId, alert.Episode)).Select(copies => copies.Aggregate((known, next) => known.IsOpen || !next.IsOpen ? next : known));
}
