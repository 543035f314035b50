using NpgsqlTypes;

namespace Monitor.Storage.Copying;

/// <summary>One table on its way from SQLite to PostgreSQL.</summary>
/// <param name="Source">What to read: the columns in the order of <paramref name="Columns"/>.</param>
/// <param name="Key">The identity column's table whose numbers must go on beyond what was given; null without one.</param>
internal sealed record CopiedTable(string Name, string Source, string? Key, params IReadOnlyList<CopiedColumn> Columns)
{
    public string ColumnNames => string.Join(", ", Columns.Select(column => column.Name));

    public static readonly IReadOnlyList<CopiedTable> All =
    [
        new("notify_channels", "notify_channels", "notify_channels", Id("id"), Id("revision"), Text("name"), Text("type"), Text("webhook_url"),
            new("webhook_secret", NpgsqlDbType.Bytea, CopiedSecret.Webhook), Truth("enabled"), Truth("is_default"), Truth("mention_all"), Text("mentioned_mobiles"),
            Text("template_firing"), Text("template_resolved"), Text("language"), Id("project_id"), Text("managed_by"), Text("external_id"), Id("created_at"),
            Id("updated_at"), Text("created_by"), Text("updated_by")),
        new("probe_targets", "probe_targets", "probe_targets", Id("id"), Number("shard"), Id("revision"), Text("name"), Text("name_folded"), Text("type"), Text("config"),
            new("config_secret", NpgsqlDbType.Bytea, CopiedSecret.Config), Text("endpoint"), Number("interval_seconds"), Number("timeout_seconds"),
            Number("failure_threshold"), Number("recovery_threshold"), Number("retry_interval_seconds"), Truth("notify_degraded"), Truth("enabled"), Text("group_name"),
            new("labels", NpgsqlDbType.Jsonb), Text("external_id"), Text("location"), Id("project_id"), Text("managed_by"), Id("created_at"), Id("updated_at"),
            Text("created_by"), Text("updated_by"), Id("deleted_at")),
        new("target_channels", "target_channels", null, Id("target_id"), Id("channel_id"), Number("position")),
        new("target_states", "target_states", null, Id("target_id"), Text("location"), Id("version"), Text("state"), Text("status"), Id("status_since"), Bytes("memory")),
        new("alert_records", "alert_records", "alert_records", Id("id"), Id("target_id"), Number("episode"), Text("target_name"), Text("target_type"), Text("endpoint"),
            Text("group_name"), Text("severity"), Text("message"), Id("started_at"), Id("fired_at"), Id("resolved_at"), Text("resolved_reason"), Truth("into_degraded"),
            Number("failure_count"), Number("told_as")),
        new("deliveries", "deliveries", null, Id("target_id"), Number("episode"), Small("kind"), Id("channel_id"), Text("status"), Text("reason"), Number("attempts"),
            Text("last_error"), Text("message_id"), Id("created_at"), Id("sent_at")),
        new("sends", "sends", null, Text("message_id"), Text("robot"), Id("started_at"), Id("ended_at")),
        new("origins", "origins", "origins", Number("id"), Text("silo"), Text("zone")),
        new("probe_results", "probe_results", null, Id("target_id"), Id("checked_at"), Small("flags"), Id("latency_us"), Number("origin"), Text("message"), Text("details"),
            Bytes("metrics")),
        new("result_blocks", "(SELECT id / 4194304 AS target_id, id % 4194304 AS ten_minutes, data FROM result_blocks)", null, Id("target_id"), Number("ten_minutes"),
            Bytes("data")),
        new("rollups", "rollups", null, Id("target_id"), Number("hour"), Id("checks"), Id("failures"), Id("warnings"), Id("timed"), Id("sum_us"), Id("max_us"),
            Bytes("sketch"), Bytes("observed")),
        new("tokens", "tokens", "tokens", Id("id"), Text("name"), Text("role"), Text("hash"), Id("expires_at"), Id("created_at"), Text("created_by"), Id("last_used_at")),
        new("idempotency_keys", "idempotency_keys", null, Text("token"), Text("key"), Text("body_hash"), Text("kind"), Id("made"), Id("at")),
    ];

    private static CopiedColumn Id(string name) => new(name, NpgsqlDbType.Bigint);

    private static CopiedColumn Number(string name) => new(name, NpgsqlDbType.Integer);

    private static CopiedColumn Small(string name) => new(name, NpgsqlDbType.Smallint);

    private static CopiedColumn Text(string name) => new(name, NpgsqlDbType.Text);

    private static CopiedColumn Truth(string name) => new(name, NpgsqlDbType.Boolean);

    private static CopiedColumn Bytes(string name) => new(name, NpgsqlDbType.Bytea);
}

internal sealed record CopiedColumn(string Name, NpgsqlDbType Type, CopiedSecret Secret = CopiedSecret.None);

/// <summary>Which kind of secret a column holds: opened with the old key ring, sealed with the new one.</summary>
internal enum CopiedSecret
{
    None,
    Config,
    Webhook,
}
