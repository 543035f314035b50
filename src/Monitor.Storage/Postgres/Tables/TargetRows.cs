using System.Text.Json;
using Monitor.Core.Health;
using Monitor.Core.Targets;
using Monitor.Storage.Codecs;
using Monitor.Storage.Secrets;
using Npgsql;

namespace Monitor.Storage.Postgres.Tables;

/// <summary>A row of <c>probe_targets</c> as a <see cref="Target"/>.</summary>
internal static class TargetRows
{
    /// <summary>Where the key ring cannot open the config: no config at all, so that an edit which leaves <c>******</c> is refused and nothing is probed with it.</summary>
    public const string NoConfig = "{}";

    public const string Columns =
        "t.id, t.shard, t.revision, t.name, t.type, t.config, t.config_secret, t.endpoint, t.interval_seconds, t.timeout_seconds, t.failure_threshold, "
        + "t.recovery_threshold, t.retry_interval_seconds, t.notify_degraded, t.enabled, t.group_name, t.labels, t.external_id, t.location, "
        + "t.created_at, t.updated_at, t.created_by, t.updated_by, t.deleted_at";

    public const int ColumnCount = 24;

    /// <summary>
    /// Some targets (their ids are $1) with their states, each by its key: a planner that takes hundreds of ids for much of the table would read all of it, once for each such call.
    /// </summary>
    public const string FromIds =
        """
         FROM unnest($1::bigint[]) AS g (id)
        CROSS JOIN LATERAL (SELECT * FROM probe_targets p WHERE p.id = g.id LIMIT 1) t
        LEFT JOIN LATERAL (SELECT * FROM target_states k WHERE k.target_id = t.id AND k.location = t.location LIMIT 1) s ON true
        """;

    /// <summary>Without its channels: <see cref="WithChannels"/>.</summary>
    public static Target Read(NpgsqlDataReader row, SecretBox secrets)
    {
        var masked = row.GetString(5);
        return new Target
        {
            Id = row.GetInt64(0),
            Shard = row.GetInt32(1),
            Revision = row.GetInt64(2),
            Settings = new TargetSettings
            {
                Name = row.GetString(3),
                Type = row.GetString(4),
                MaskedConfig = masked,
                Config = row.BytesOrNull(6) is { } secret ? secrets.OpenConfig(secret) ?? NoConfig : masked,
                Endpoint = row.GetString(7),
                IntervalSeconds = row.GetInt32(8),
                TimeoutSeconds = row.GetInt32(9),
                FailureThreshold = row.GetInt32(10),
                RecoveryThreshold = row.GetInt32(11),
                RetryIntervalSeconds = row.IntOrNull(12),
                NotifyDegraded = row.GetBoolean(13),
                Enabled = row.GetBoolean(14),
                Group = row.TextOrNull(15),
                Labels = Labels(row.GetString(16)),
                ExternalId = row.TextOrNull(17),
            },
            Location = row.GetString(18),
            CreatedAt = row.Time(19),
            UpdatedAt = row.Time(20),
            CreatedBy = row.GetString(21),
            UpdatedBy = row.GetString(22),
        };
    }

    public static bool IsDeleted(NpgsqlDataReader row) => !row.IsDBNull(23);

    public static bool IsUnreadable(Target target) => target.Settings.Config == NoConfig && target.Settings.MaskedConfig != NoConfig;

    public static HealthState? ReadState(NpgsqlDataReader row, int column) =>
        row.TextOrNull(column) is { } state ? HealthStateCodec.Decode(state) : null;

    /// <summary>The channels of some targets, in the order in which they were given.</summary>
    public static async Task<Dictionary<long, List<long>>> ChannelsAsync(PgSession session, IEnumerable<long> targets)
    {
        var rows = await session.RowsAsync(
            row => (Target: row.GetInt64(0), Channel: row.GetInt64(1)),
            "SELECT target_id, channel_id FROM target_channels WHERE target_id = ANY($1) ORDER BY target_id, position", targets.ToArray());
        return rows.GroupBy(row => row.Target).ToDictionary(group => group.Key, group => group.Select(row => row.Channel).ToList());
    }

    public static Target WithChannels(Target target, Dictionary<long, List<long>> channels) =>
        channels.TryGetValue(target.Id, out var ids) ? target with { Settings = target.Settings with { ChannelIds = ids.ToArray() } } : target;

    private static IReadOnlyDictionary<string, string> Labels(string json) =>
        json == "{}" ? TargetSettings.NoLabels : JsonSerializer.Deserialize(json, StoreJson.Default.DictionaryStringString)!;
}
