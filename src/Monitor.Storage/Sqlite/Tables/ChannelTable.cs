using System.Text.Json;
using Monitor.Core.Channels;
using Monitor.Core.Ports;
using Monitor.Core.Text;
using Monitor.Storage.Codecs;
using Monitor.Storage.Secrets;

namespace Monitor.Storage.Sqlite.Tables;

internal static class ChannelTable
{
    private const string Kind = "channel";

    private const string Columns =
        "id, revision, name, type, webhook_url, webhook_secret, enabled, is_default, mention_all, mentioned_mobiles, template_firing, template_resolved, "
        + "language, created_at, updated_at, created_by, updated_by";

    /// <summary>Channels whose URL the key ring cannot open carry it masked: what is sent there is refused visibly, and an edit must give it whole.</summary>
    public static List<Channel> All(SqliteSession session, SecretBox secrets) =>
        session.Rows(row => Read(row, secrets), $"SELECT {Columns} FROM notify_channels ORDER BY id");

    public static List<Channel> PageAfter(SqliteSession session, SecretBox secrets, long after, int limit) =>
        session.Rows(row => Read(row, secrets), $"SELECT {Columns} FROM notify_channels WHERE id > @1 ORDER BY id LIMIT @2", after, limit);

    public static long Count(SqliteSession session) => session.Number("SELECT count(*) FROM notify_channels") ?? 0;

    public static Channel? Find(SqliteSession session, SecretBox secrets, long id) =>
        session.First(row => Read(row, secrets), $"SELECT {Columns} FROM notify_channels WHERE id = @1", id);

    public static IReadOnlyList<long> Defaults(SqliteSession session) =>
        session.Rows(row => row.GetInt64(0), "SELECT id FROM notify_channels WHERE is_default = 1 ORDER BY id");

    public static IReadOnlyList<long> Unknown(SqliteSession session, IReadOnlyList<long> ids) =>
        ids.Count == 0
            ? []
            : session.Rows(
                row => row.GetInt64(0),
                "SELECT DISTINCT value FROM json_each(@1) WHERE value NOT IN (SELECT id FROM notify_channels) ORDER BY value",
                JsonSerializer.Serialize([.. ids], StoreJson.Default.Int64Array));

    public static EditOutcome<Channel> Create(SqliteSession session, SecretBox secrets, ChannelSettings settings, byte[] url, Edit edit)
    {
        if (IdempotencyTable.Find(session, edit, Kind) is { } known)
        {
            return new EditOutcome<Channel>(known.Problem, known.Problem == EditProblem.Replayed ? Find(session, secrets, known.Made) : null, []);
        }

        var at = Micros.Of(edit.At);
        var id = session.Number(
            """
            INSERT INTO notify_channels (revision, name, type, webhook_url, webhook_secret, enabled, is_default, mention_all, mentioned_mobiles,
                template_firing, template_resolved, language, created_at, updated_at, created_by, updated_by)
            VALUES (1, @1, @2, @3, @4, @5, @6, @7, @8, @9, @10, @11, @12, @12, @13, @13) RETURNING id
            """,
            settings.Name, settings.Type, settings.MaskedUrl, url, settings.Enabled, settings.IsDefault, settings.MentionAll, Mobiles(settings),
            settings.TemplateFiring, settings.TemplateResolved, settings.Language?.Name(), at, edit.By)!.Value;
        IdempotencyTable.Remember(session, edit, Kind, id);
        return EditOutcome<Channel>.Done(Find(session, secrets, id)!);
    }

    public static EditOutcome<Channel> Update(
        SqliteSession session, SecretBox secrets, long id, long expectedRevision, ChannelSettings settings, byte[] url, Edit edit)
    {
        if (Problem(session, id, expectedRevision) is { } problem)
        {
            return EditOutcome<Channel>.Refused(problem);
        }

        session.Execute(
            """
            UPDATE notify_channels SET revision = revision + 1, name = @1, type = @2, webhook_url = @3, webhook_secret = @4, enabled = @5, is_default = @6,
                mention_all = @7, mentioned_mobiles = @8, template_firing = @9, template_resolved = @10, language = @11, updated_at = @12, updated_by = @13
            WHERE id = @14
            """,
            settings.Name, settings.Type, settings.MaskedUrl, url, settings.Enabled, settings.IsDefault, settings.MentionAll, Mobiles(settings),
            settings.TemplateFiring, settings.TemplateResolved, settings.Language?.Name(), Micros.Of(edit.At), edit.By, id);
        return EditOutcome<Channel>.Done(Find(session, secrets, id)!);
    }

    public static EditOutcome<Channel> Delete(SqliteSession session, SecretBox secrets, long id, long? expectedRevision)
    {
        if (Problem(session, id, expectedRevision) is { } problem)
        {
            return EditOutcome<Channel>.Refused(problem);
        }

        var users = session.Rows(row => row.GetInt64(0), "SELECT target_id FROM target_channels WHERE channel_id = @1 ORDER BY target_id", id);
        if (users.Count > 0)
        {
            return EditOutcome<Channel>.Refused(EditProblem.InUse, users);
        }

        var gone = Find(session, secrets, id)!;
        session.Execute("DELETE FROM notify_channels WHERE id = @1", id);
        return EditOutcome<Channel>.Done(gone);
    }

    /// <summary>The ids of channels whose URL this key ring cannot open.</summary>
    public static List<long> Unreadable(SqliteSession session, SecretBox secrets) =>
        [.. session.Rows(row => (Id: row.GetInt64(0), Url: secrets.OpenWebhook(row.GetFieldValue<byte[]>(1))), "SELECT id, webhook_secret FROM notify_channels")
            .Where(row => row.Url is null).Select(row => row.Id)];

    private static EditProblem? Problem(SqliteSession session, long id, long? expectedRevision) =>
        session.Number("SELECT revision FROM notify_channels WHERE id = @1", id) is not { } revision ? EditProblem.NotFound
        : expectedRevision is { } expected && expected != revision ? EditProblem.RevisionLost
        : null;

    private static string Mobiles(ChannelSettings settings) => JsonSerializer.Serialize([.. settings.MentionedMobiles], StoreJson.Default.StringArray);

    private static Channel Read(Microsoft.Data.Sqlite.SqliteDataReader row, SecretBox secrets) => new()
    {
        Id = row.GetInt64(0),
        Revision = row.GetInt64(1),
        Settings = new ChannelSettings
        {
            Name = row.GetString(2),
            Type = row.GetString(3),
            MaskedUrl = row.GetString(4),
            WebhookUrl = secrets.OpenWebhook(row.GetFieldValue<byte[]>(5)) ?? row.GetString(4),
            Enabled = row.Truth(6),
            IsDefault = row.Truth(7),
            MentionAll = row.Truth(8),
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
