using System.Text.Json;
using Monitor.Core.Channels;
using Monitor.Core.Ports;
using Monitor.Core.Text;
using Monitor.Storage.Codecs;
using Monitor.Storage.Secrets;
using Npgsql;

namespace Monitor.Storage.Postgres.Tables;

internal static class ChannelTable
{
    private const string Kind = "channel";

    private const string Columns =
        "id, revision, name, type, webhook_url, webhook_secret, enabled, is_default, mention_all, mentioned_mobiles, template_firing, template_resolved, "
        + "language, created_at, updated_at, created_by, updated_by";

    /// <summary>Channels whose URL the key ring cannot open carry it masked: what is sent there is refused visibly, and an edit must give it whole.</summary>
    public static async Task<IReadOnlyList<Channel>> AllAsync(PgSession session, SecretBox secrets) =>
        await session.RowsAsync(row => Read(row, secrets), $"SELECT {Columns} FROM notify_channels ORDER BY id");

    public static Task<List<Channel>> PageAfterAsync(PgSession session, SecretBox secrets, long after, int limit) =>
        session.RowsAsync(row => Read(row, secrets), $"SELECT {Columns} FROM notify_channels WHERE id > $1 ORDER BY id LIMIT $2", after, limit);

    public static async Task<long> CountAsync(PgSession session) => await session.NumberAsync("SELECT count(*) FROM notify_channels") ?? 0;

    public static Task<Channel?> FindAsync(PgSession session, SecretBox secrets, long id) =>
        session.FirstAsync(row => Read(row, secrets), $"SELECT {Columns} FROM notify_channels WHERE id = $1", id);

    public static async Task<IReadOnlyList<long>> DefaultsAsync(PgSession session) =>
        await session.RowsAsync(row => row.GetInt64(0), "SELECT id FROM notify_channels WHERE is_default ORDER BY id");

    public static async Task<IReadOnlyList<long>> UnknownAsync(PgSession session, IReadOnlyList<long> ids) =>
        ids.Count == 0
            ? []
            : await session.RowsAsync(
                row => row.GetInt64(0),
                "SELECT DISTINCT g.id FROM unnest($1::bigint[]) AS g (id) WHERE NOT EXISTS (SELECT 1 FROM notify_channels c WHERE c.id = g.id) ORDER BY 1",
                ids.ToArray());

    public static async Task<EditOutcome<Channel>> CreateAsync(PgSession session, SecretBox secrets, ChannelSettings settings, byte[] url, Edit edit)
    {
        if (await IdempotencyTable.FindAsync(session, edit, Kind) is { } known)
        {
            return new EditOutcome<Channel>(known.Problem, known.Problem == EditProblem.Replayed ? await FindAsync(session, secrets, known.Made) : null, []);
        }

        await session.ExecuteAsync([PgStatement.Begin, .. PgStatement.Limits(PgLimits.EditMilliseconds)]);
        var id = await session.NumberAsync(
            """
            INSERT INTO notify_channels (revision, name, type, webhook_url, webhook_secret, enabled, is_default, mention_all, mentioned_mobiles,
                template_firing, template_resolved, language, created_at, updated_at, created_by, updated_by)
            VALUES (1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13, $13) RETURNING id
            """,
            [.. Values(settings, url), Micros.Of(edit.At), edit.By]);
        await session.ExecuteAsync([.. IdempotencyTable.Remember(edit, Kind, id!.Value), PgStatement.Commit]);
        return EditOutcome<Channel>.Done((await FindAsync(session, secrets, id.Value))!);
    }

    public static async Task<EditOutcome<Channel>> UpdateAsync(
        PgSession session, SecretBox secrets, long id, long expectedRevision, ChannelSettings settings, byte[] url, Edit edit)
    {
        await session.ExecuteAsync([PgStatement.Begin, .. PgStatement.Limits(PgLimits.EditMilliseconds)]);
        if (await ProblemAsync(session, id, expectedRevision) is { } problem)
        {
            return EditOutcome<Channel>.Refused(problem);
        }

        await session.ExecuteAsync(
        [
            new PgStatement(
                """
                UPDATE notify_channels SET revision = revision + 1, name = $1, type = $2, webhook_url = $3, webhook_secret = $4, enabled = $5, is_default = $6,
                    mention_all = $7, mentioned_mobiles = $8, template_firing = $9, template_resolved = $10, language = $11, updated_at = $12, updated_by = $13
                WHERE id = $14
                """,
                [.. Values(settings, url), Micros.Of(edit.At), edit.By, id]),
            PgStatement.Commit,
        ]);
        return EditOutcome<Channel>.Done((await FindAsync(session, secrets, id))!);
    }

    public static async Task<EditOutcome<Channel>> DeleteAsync(PgSession session, SecretBox secrets, long id, long? expectedRevision)
    {
        await session.ExecuteAsync([PgStatement.Begin, .. PgStatement.Limits(PgLimits.EditMilliseconds)]);
        if (await ProblemAsync(session, id, expectedRevision) is { } problem)
        {
            return EditOutcome<Channel>.Refused(problem);
        }

        var users = await session.RowsAsync(row => row.GetInt64(0), "SELECT target_id FROM target_channels WHERE channel_id = $1 ORDER BY target_id", id);
        if (users.Count > 0)
        {
            return EditOutcome<Channel>.Refused(EditProblem.InUse, users);
        }

        var gone = (await FindAsync(session, secrets, id))!;
        await session.ExecuteAsync([new PgStatement("DELETE FROM notify_channels WHERE id = $1", id), PgStatement.Commit]);
        return EditOutcome<Channel>.Done(gone);
    }

    /// <summary>The ids of channels whose URL this key ring cannot open.</summary>
    public static async Task<List<long>> UnreadableAsync(PgSession session, SecretBox secrets) =>
        [.. (await session.RowsAsync(row => (Id: row.GetInt64(0), Url: secrets.OpenWebhook(row.GetFieldValue<byte[]>(1))), "SELECT id, webhook_secret FROM notify_channels ORDER BY id"))
            .Where(row => row.Url is null).Select(row => row.Id)];

    /// <summary>Holds the row until the end of the transaction; a target that is just taking the channel up waits for it, or is waited for.</summary>
    private static async Task<EditProblem?> ProblemAsync(PgSession session, long id, long? expectedRevision) =>
        await session.NumberAsync("SELECT revision FROM notify_channels WHERE id = $1 FOR UPDATE", id) is not { } revision ? EditProblem.NotFound
        : expectedRevision is { } expected && expected != revision ? EditProblem.RevisionLost
        : null;

    /// <summary>Parameters 1 to 11.</summary>
    private static object?[] Values(ChannelSettings settings, byte[] url) =>
    [
        settings.Name, settings.Type, settings.MaskedUrl, url, settings.Enabled, settings.IsDefault, settings.MentionAll,
        JsonSerializer.Serialize([.. settings.MentionedMobiles], StoreJson.Default.StringArray),
        settings.TemplateFiring, settings.TemplateResolved, settings.Language?.Name(),
    ];

    private static Channel Read(NpgsqlDataReader row, SecretBox secrets) => new()
    {
        Id = row.GetInt64(0),
        Revision = row.GetInt64(1),
        Settings = new ChannelSettings
        {
            Name = row.GetString(2),
            Type = row.GetString(3),
            MaskedUrl = row.GetString(4),
            WebhookUrl = secrets.OpenWebhook(row.GetFieldValue<byte[]>(5)) ?? row.GetString(4),
            Enabled = row.GetBoolean(6),
            IsDefault = row.GetBoolean(7),
            MentionAll = row.GetBoolean(8),
            MentionedMobiles = JsonSerializer.Deserialize(row.GetString(9), StoreJson.Default.StringArray)!,
            TemplateFiring = row.TextOrNull(10),
            TemplateResolved = row.TextOrNull(11),
            Language = row.TextOrNull(12) is { } language ? EnumNames.Parse<Language>(language) : null,
        },
        CreatedAt = row.Time(13),
        UpdatedAt = row.Time(14),
        CreatedBy = row.GetString(15),
        UpdatedBy = row.GetString(16),
    };
}
