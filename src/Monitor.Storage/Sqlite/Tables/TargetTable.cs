using System.Text.Json;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Core.Targets;
using Monitor.Core.Text;
using Monitor.Storage.Codecs;
using Monitor.Storage.Secrets;

namespace Monitor.Storage.Sqlite.Tables;

/// <summary>Edits of targets. What is wrong with an edit is found before the first write.</summary>
internal static class TargetTable
{
    private const string Kind = "target";

    /// <param name="secret">The whole config sealed; null where nothing is masked.</param>
    public static EditOutcome<Target> Create(SqliteSession session, SecretBox secrets, TargetSettings settings, byte[]? secret, Edit edit)
    {
        if (IdempotencyTable.Find(session, edit, Kind) is { } known)
        {
            return new EditOutcome<Target>(known.Problem, known.Problem == EditProblem.Replayed ? Find(session, secrets, known.Made) : null, []);
        }

        if (Problem(session, settings, id: 0) is { } refused)
        {
            return refused;
        }

        // The shard follows from the id, so the id is taken first; AUTOINCREMENT keeps its counter in sqlite_sequence and honours a larger one.
        var id = (session.Number("SELECT seq FROM sqlite_sequence WHERE name = 'probe_targets'") ?? 0) + 1;
        var target = new Target
        {
            Id = id,
            Shard = ShardMap.Of(id),
            Revision = 1,
            Settings = settings with { ChannelIds = [.. settings.ChannelIds.Distinct()] },
            CreatedAt = Micros.ToTime(Micros.Of(edit.At)),
            UpdatedAt = Micros.ToTime(Micros.Of(edit.At)),
            CreatedBy = edit.By,
            UpdatedBy = edit.By,
        };
        session.Execute(
            """
            INSERT INTO probe_targets (id, shard, revision, name, name_folded, type, config, config_secret, endpoint, interval_seconds, timeout_seconds,
                failure_threshold, recovery_threshold, retry_interval_seconds, notify_degraded, enabled, group_name, labels, external_id, location,
                created_at, updated_at, created_by, updated_by)
            VALUES (@18, @19, 1, @1, @2, @3, @4, @5, @6, @7, @8, @9, @10, @11, @12, @13, @14, @15, @16, @20, @21, @21, @17, @17)
            """,
            [.. Values(settings, secret, edit), id, target.Shard, target.Location, Micros.Of(edit.At)]);
        WriteChannels(session, id, settings.ChannelIds);
        ShardTable.Bump(session, target.Shard);
        IdempotencyTable.Remember(session, edit, Kind, id);
        return EditOutcome<Target>.Done(target);
    }

    public static EditOutcome<Target> Update(
        SqliteSession session, SecretBox secrets, long id, long expectedRevision, TargetSettings settings, byte[]? secret, Edit edit)
    {
        if (Problem(session, id, expectedRevision) is { } problem)
        {
            return EditOutcome<Target>.Refused(problem);
        }

        if (Problem(session, settings, id) is { } refused)
        {
            return refused;
        }

        session.Execute(
            """
            UPDATE probe_targets SET revision = revision + 1, name = @1, name_folded = @2, type = @3, config = @4, config_secret = @5, endpoint = @6,
                interval_seconds = @7, timeout_seconds = @8, failure_threshold = @9, recovery_threshold = @10, retry_interval_seconds = @11,
                notify_degraded = @12, enabled = @13, group_name = @14, labels = @15, external_id = @16, updated_by = @17, updated_at = @19
            WHERE id = @18
            """,
            [.. Values(settings, secret, edit), id, Micros.Of(edit.At)]);
        session.Execute("DELETE FROM target_channels WHERE target_id = @1", id);
        WriteChannels(session, id, settings.ChannelIds);
        ShardTable.Bump(session, ShardMap.Of(id));
        return EditOutcome<Target>.Done(Find(session, secrets, id)!);
    }

    /// <summary>Leaves a tombstone, which no list shows and which holds neither its external id nor its channels any longer.</summary>
    public static EditOutcome<Target> Delete(SqliteSession session, SecretBox secrets, long id, long? expectedRevision, Edit edit)
    {
        if (Problem(session, id, expectedRevision) is { } problem)
        {
            return EditOutcome<Target>.Refused(problem);
        }

        var gone = Find(session, secrets, id)!;
        session.Execute(
            "UPDATE probe_targets SET deleted_at = @1, updated_by = @2, revision = revision + 1 WHERE id = @3", Micros.Of(edit.At), edit.By, id);
        session.Execute("DELETE FROM target_channels WHERE target_id = @1", id);
        ShardTable.Bump(session, ShardMap.Of(id));
        return EditOutcome<Target>.Done(gone);
    }

    public static Target? Find(SqliteSession session, SecretBox secrets, long id)
    {
        var target = session.First(
            row => TargetRows.Read(row, secrets), $"SELECT {TargetRows.Columns} FROM probe_targets t WHERE t.id = @1 AND t.deleted_at IS NULL", id);
        return target is null ? null : TargetRows.WithChannels(target, TargetRows.Channels(session, [id]));
    }

    public static IReadOnlyList<TargetRevision> Revisions(SqliteSession session) => session.Rows(
        row => new TargetRevision(row.GetInt64(0), row.GetInt64(1), row.GetBoolean(2)),
        "SELECT id, revision, deleted_at IS NOT NULL FROM probe_targets");

    /// <summary>The ids of targets whose config this key ring cannot open.</summary>
    public static List<long> Unreadable(SqliteSession session, SecretBox secrets) =>
        [.. session.Rows(
                row => (Id: row.GetInt64(0), Config: secrets.OpenConfig(row.GetFieldValue<byte[]>(1))),
                "SELECT id, config_secret FROM probe_targets WHERE config_secret IS NOT NULL AND deleted_at IS NULL")
            .Where(row => row.Config is null).Select(row => row.Id)];

    private static EditProblem? Problem(SqliteSession session, long id, long? expectedRevision) =>
        session.Number("SELECT revision FROM probe_targets WHERE id = @1 AND deleted_at IS NULL", id) is not { } revision ? EditProblem.NotFound
        : expectedRevision is { } expected && expected != revision ? EditProblem.RevisionLost
        : null;

    private static EditOutcome<Target>? Problem(SqliteSession session, TargetSettings settings, long id)
    {
        if (settings.ExternalId is { } external
            && session.Number("SELECT id FROM probe_targets WHERE external_id = @1 AND deleted_at IS NULL AND id <> @2", external, id) is { } other)
        {
            return EditOutcome<Target>.Refused(EditProblem.ExternalIdTaken, [other]);
        }

        var unknown = ChannelTable.Unknown(session, settings.ChannelIds);
        return unknown.Count > 0 ? EditOutcome<Target>.Refused(EditProblem.UnknownChannel, unknown) : null;
    }

    private static void WriteChannels(SqliteSession session, long id, IReadOnlyList<long> channels)
    {
        for (var i = 0; i < channels.Count; i++)
        {
            session.Execute("INSERT OR IGNORE INTO target_channels (target_id, channel_id, position) VALUES (@1, @2, @3)", id, channels[i], i);
        }
    }

    /// <summary>Parameters 1 to 17.</summary>
    private static object?[] Values(TargetSettings settings, byte[]? secret, Edit edit) =>
    [
        settings.Name, NameFolding.Fold(settings.Name), settings.Type, settings.MaskedConfig, secret, settings.Endpoint, settings.IntervalSeconds,
        settings.TimeoutSeconds, settings.FailureThreshold, settings.RecoveryThreshold, settings.RetryIntervalSeconds, settings.NotifyDegraded,
        settings.Enabled, settings.Group,
        settings.Labels.Count == 0
            ? "{}"
            : JsonSerializer.Serialize(
                settings.Labels.ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal), StoreJson.Default.DictionaryStringString),
        settings.ExternalId, edit.By,
    ];
}
