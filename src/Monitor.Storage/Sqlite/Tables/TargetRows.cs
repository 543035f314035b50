using System.Text.Json;
using Microsoft.Data.Sqlite;
using Monitor.Core.Health;
using Monitor.Core.Targets;
using Monitor.Storage.Codecs;
using Monitor.Storage.Secrets;

namespace Monitor.Storage.Sqlite.Tables;

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

    /// <summary>Without its channels: <see cref="WithChannels"/>.</summary>
    public static Target Read(SqliteDataReader row, SecretBox secrets)
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
                NotifyDegraded = row.Truth(13),
                Enabled = row.Truth(14),
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

    public static bool IsDeleted(SqliteDataReader row) => !row.IsDBNull(23);

    public static bool IsUnreadable(Target target) => target.Settings.Config == NoConfig && target.Settings.MaskedConfig != NoConfig;

    public static HealthState? ReadState(SqliteDataReader row, int column) =>
        row.TextOrNull(column) is { } state ? HealthStateCodec.Decode(state) : null;

    /// <summary>The channels of all targets, or of some, in the order in which they were given.</summary>
    public static Dictionary<long, List<long>> Channels(SqliteSession session, IReadOnlyCollection<long>? targets)
    {
        const string Some =
            "SELECT target_id, channel_id FROM target_channels WHERE target_id IN (SELECT value FROM json_each(@1)) ORDER BY target_id, position";
        using var reader = targets is null
            ? session.Query("SELECT target_id, channel_id FROM target_channels ORDER BY target_id, position")
            : session.Query(Some, JsonSerializer.Serialize([.. targets], StoreJson.Default.Int64Array));
        var channels = new Dictionary<long, List<long>>();
        while (reader.Read())
        {
            var target = reader.GetInt64(0);
            if (!channels.TryGetValue(target, out var list))
            {
                channels.Add(target, list = []);
            }

            list.Add(reader.GetInt64(1));
        }

        return channels;
    }

    public static Target WithChannels(Target target, Dictionary<long, List<long>> channels) =>
        channels.TryGetValue(target.Id, out var ids) ? target with { Settings = target.Settings with { ChannelIds = ids.ToArray() } } : target;

    private static IReadOnlyDictionary<string, string> Labels(string json) =>
        json == "{}" ? TargetSettings.NoLabels : JsonSerializer.Deserialize(json, StoreJson.Default.DictionaryStringString)!;
}
