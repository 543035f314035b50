using System.Text.Json;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Core.Targets;
using Monitor.Core.Text;
using Monitor.Storage.Codecs;
using Monitor.Storage.Secrets;

namespace Monitor.Storage.Postgres.Tables;

/// <summary>
/// Edits of targets. What is wrong with an edit is found before the first write; what comes in between all the same fails on a key, is undone, and is tried again
/// by the caller. The shard's version is raised first, and the target bears it: who has seen a version finds all edits up to it.
/// </summary>
internal static class TargetTable
{
    private const string Edited = "(SELECT version FROM shard_versions WHERE shard = probe_targets.shard)";

    public static async Task<EditOutcome<Target>> UpdateAsync(
        PgSession session, SecretBox secrets, long id, long expectedRevision, TargetSettings settings, byte[]? secret, Edit edit)
    {
        await session.ExecuteAsync([PgStatement.Begin, .. PgStatement.Limits(PgLimits.EditMilliseconds)]);
        var answers = await session.RowsAsync([Locked(id), .. Checks(settings, id)], row => row.GetInt64(0));
        if (Problem(answers[0], expectedRevision) is { } problem)
        {
            return EditOutcome<Target>.Refused(problem);
        }

        if (Problem(answers[1], answers[2]) is { } refused)
        {
            return refused;
        }

        await session.ExecuteAsync(
        [
            Bump(ShardMap.Of(id)),
            new PgStatement(
                $"""
                UPDATE probe_targets SET revision = revision + 1, edited = {Edited}, name = $1, name_folded = $2, type = $3, config = $4, config_secret = $5, endpoint = $6,
                    interval_seconds = $7, timeout_seconds = $8, failure_threshold = $9, recovery_threshold = $10, retry_interval_seconds = $11,
                    notify_degraded = $12, enabled = $13, group_name = $14, labels = $15::jsonb, external_id = $16, updated_by = $17, updated_at = $19
                WHERE id = $18
                """,
                [.. Values(settings, secret, edit), id, Micros.Of(edit.At)]),
            new PgStatement("DELETE FROM target_channels WHERE target_id = $1", id),
            .. WriteChannels(id, settings.ChannelIds),
        ]);
        var found = await FindAsync(session, secrets, id);
        await session.ExecuteAsync([PgStatement.Commit]);
        return EditOutcome<Target>.Done(found!);
    }

    /// <summary>Leaves a tombstone, which no list shows and which holds neither its external id nor its channels any longer.</summary>
    public static async Task<EditOutcome<Target>> DeleteAsync(PgSession session, SecretBox secrets, long id, long? expectedRevision, Edit edit)
    {
        await session.ExecuteAsync([PgStatement.Begin, .. PgStatement.Limits(PgLimits.EditMilliseconds)]);
        if (Problem(await session.RowsAsync(row => row.GetInt64(0), Locked(id).Sql, id), expectedRevision) is { } problem)
        {
            return EditOutcome<Target>.Refused(problem);
        }

        var gone = (await FindAsync(session, secrets, id))!;
        await session.ExecuteAsync(
        [
            Bump(ShardMap.Of(id)),
            new PgStatement(
                $"UPDATE probe_targets SET deleted_at = $1, updated_by = $2, revision = revision + 1, edited = {Edited} WHERE id = $3", Micros.Of(edit.At), edit.By, id),
            new PgStatement("DELETE FROM target_channels WHERE target_id = $1", id),
            PgStatement.Commit,
        ]);
        return EditOutcome<Target>.Done(gone);
    }

    public static async Task<Target?> FindAsync(PgSession session, SecretBox secrets, long id)
    {
        var target = await session.FirstAsync(
            row => TargetRows.Read(row, secrets), $"SELECT {TargetRows.Columns} FROM probe_targets t WHERE t.id = $1 AND t.deleted_at IS NULL", id);
        return target is null ? null : TargetRows.WithChannels(target, await TargetRows.ChannelsAsync(session, [id]));
    }

    /// <summary>The ids of targets whose config this key ring cannot open.</summary>
    public static async Task<List<long>> UnreadableAsync(PgSession session, SecretBox secrets) =>
        [.. (await session.RowsAsync(
                row => (Id: row.GetInt64(0), Config: secrets.OpenConfig(row.GetFieldValue<byte[]>(1))),
                "SELECT id, config_secret FROM probe_targets WHERE config_secret IS NOT NULL AND deleted_at IS NULL ORDER BY id"))
            .Where(row => row.Config is null).Select(row => row.Id)];

    /// <summary>Whoever follows edits looks at it, as if it had been edited.</summary>
    public static IEnumerable<PgStatement> Moved(long id) =>
    [
        // First, as every edit does: else the two wait for each other.
        new("SELECT FROM probe_targets WHERE id = $1 FOR NO KEY UPDATE", id),
        Bump(ShardMap.Of(id)),
        new($"UPDATE probe_targets SET edited = {Edited} WHERE id = $1", id),
    ];

    private static PgStatement Bump(int shard) => new("UPDATE shard_versions SET version = version + 1 WHERE shard = $1", shard);

    private static PgStatement Locked(long id) => new("SELECT revision FROM probe_targets WHERE id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE", id);

    private static PgStatement[] Checks(TargetSettings settings, long id) =>
    [
        new("SELECT id FROM probe_targets WHERE external_id = $1 AND deleted_at IS NULL AND id <> $2", settings.ExternalId, id),
        new(
            "SELECT DISTINCT g.id FROM unnest($1::bigint[]) AS g (id) WHERE NOT EXISTS (SELECT 1 FROM notify_channels c WHERE c.id = g.id) ORDER BY 1",
            settings.ChannelIds.ToArray()),
    ];

    private static EditProblem? Problem(List<long> revision, long? expectedRevision) =>
        revision.Count == 0 ? EditProblem.NotFound
        : expectedRevision is { } expected && expected != revision[0] ? EditProblem.RevisionLost
        : null;

    private static EditOutcome<Target>? Problem(List<long> sameExternalId, List<long> unknownChannels) =>
        sameExternalId.Count > 0 ? EditOutcome<Target>.Refused(EditProblem.ExternalIdTaken, sameExternalId)
        : unknownChannels.Count > 0 ? EditOutcome<Target>.Refused(EditProblem.UnknownChannel, unknownChannels)
        : null;

    private static IEnumerable<PgStatement> WriteChannels(long id, IReadOnlyList<long> channels) => channels.Count == 0
        ? []
        :
        [
            new PgStatement(
                "INSERT INTO target_channels (target_id, channel_id, position) SELECT $1, g.id, g.place FROM unnest($2::bigint[]) WITH ORDINALITY AS g (id, place) ORDER BY g.id",
                id, channels.Distinct().ToArray()),
        ];

    /// <summary>Parameters 1 to 17.</summary>
    private static object?[] Values(TargetSettings settings, byte[]? secret, Edit edit) =>
    [
        settings.Name, NameFolding.Fold(settings.Name), settings.Type, settings.MaskedConfig, secret, settings.Endpoint, settings.IntervalSeconds,
        settings.TimeoutSeconds, settings.FailureThreshold, settings.RecoveryThreshold, settings.RetryIntervalSeconds, settings.NotifyDegraded,
        settings.Enabled, settings.Group, LabelsJson(settings.Labels), settings.ExternalId, edit.By,
    ];

    /// <summary>As <c>jsonb</c> takes it.</summary>
    public static string LabelsJson(IEnumerable<KeyValuePair<string, string>> labels)
    {
        var clean = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in labels)
        {
            clean[PgText.Clean(key)] = PgText.Clean(value);
        }

        return JsonSerializer.Serialize(clean, StoreJson.Default.DictionaryStringString);
    }
}
