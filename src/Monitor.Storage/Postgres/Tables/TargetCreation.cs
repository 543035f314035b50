using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Core.Targets;
using Monitor.Core.Text;
using Monitor.Storage.Codecs;
using Monitor.Storage.Secrets;

namespace Monitor.Storage.Postgres.Tables;

/// <summary>
/// Makes new targets, any number in one transaction: a mass registration costs one commit for many. What is wrong with one is found before the first write; what comes in between all the
/// same fails on a key and undoes all of them, and each is then tried alone by the caller.
/// </summary>
internal static class TargetCreation
{
    private const string Kind = "target";

    private const string Insert =
        """
        INSERT INTO probe_targets (id, shard, name, name_folded, type, config, config_secret, endpoint, interval_seconds, timeout_seconds, failure_threshold,
            recovery_threshold, retry_interval_seconds, notify_degraded, enabled, group_name, labels, external_id, created_by, updated_by, location, created_at, updated_at, revision)
        SELECT g.id, g.shard, g.name, g.folded, g.type, g.config, g.secret, g.endpoint, g.interval, g.timeout, g.failures, g.recoveries, g.retry, g.degraded, g.enabled, g.group_name,
            g.labels::jsonb, g.external_id, g.by, g.by, g.location, g.at, g.at, 1
        FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[], $8::text[], $9::integer[], $10::integer[], $11::integer[], $12::integer[],
            $13::integer[], $14::boolean[], $15::boolean[], $16::text[], $17::text[], $18::text[], $19::text[], $20::text[], $21::bigint[])
            AS g (id, shard, name, folded, type, config, secret, endpoint, interval, timeout, failures, recoveries, retry, degraded, enabled, group_name, labels, external_id, by, location, at)
        """;

    /// <summary>Held for the shortest time, and by all in the same order.</summary>
    private const string Bump =
        """
        WITH held AS MATERIALIZED (SELECT shard FROM shard_versions WHERE shard = ANY($1) ORDER BY shard FOR UPDATE)
        UPDATE shard_versions v SET version = version + 1 FROM held WHERE v.shard = held.shard
        """;

    public static async Task<IReadOnlyList<EditOutcome<Target>>> CreateAsync(PgSession session, SecretBox secrets, IReadOnlyList<NewTarget> asked)
    {
        var outcomes = new EditOutcome<Target>?[asked.Count];
        foreach (var (i, problem, made) in await IdempotencyTable.FindAsync(session, [.. asked.Select(one => one.Edit)], Kind))
        {
            outcomes[i] = new EditOutcome<Target>(problem, problem == EditProblem.Replayed ? await TargetTable.FindAsync(session, secrets, made) : null, []);
        }

        // The shard follows from the id, so the ids are taken first: with what is to be checked in one round trip.
        var answers = await session.RowsAsync(
            [
                new PgStatement("SELECT nextval(pg_get_serial_sequence('probe_targets', 'id')), 0::bigint FROM generate_series(1, $1)", asked.Count),
                new PgStatement(
                    """
                    SELECT g.place, t.id FROM unnest($1::text[]) WITH ORDINALITY AS g (external_id, place)
                    JOIN probe_targets t ON t.external_id = g.external_id AND t.deleted_at IS NULL
                    """,
                    [asked.Select(one => one.Settings.ExternalId).ToArray()]),
                new PgStatement(
                    "SELECT g.id, 0::bigint FROM unnest($1::bigint[]) AS g (id) WHERE NOT EXISTS (SELECT 1 FROM notify_channels c WHERE c.id = g.id)",
                    asked.SelectMany(one => one.Settings.ChannelIds).Distinct().ToArray()),
            ],
            row => (First: row.GetInt64(0), Second: row.GetInt64(1)));
        var taken = answers[1].ToDictionary(row => row.First - 1, row => row.Second);
        var unknown = answers[2].Select(row => row.First).ToHashSet();
        var news = new List<(NewTarget Ask, Target Target)>();
        for (var i = 0; i < asked.Count; i++)
        {
            outcomes[i] ??= Refused(asked[i].Settings, taken.TryGetValue(i, out var holder) ? holder : null, unknown);
            if (outcomes[i] is null)
            {
                var target = New(answers[0][i].First, asked[i]);
                news.Add((asked[i], target));
                outcomes[i] = EditOutcome<Target>.Done(target);
            }
        }

        if (news.Count > 0)
        {
            await session.ExecuteAsync([PgStatement.Begin, .. PgStatement.Limits(PgLimits.EditMilliseconds), .. Writes(news), PgStatement.Commit]);
        }

        return outcomes!;
    }

    private static EditOutcome<Target>? Refused(TargetSettings settings, long? sameExternalId, HashSet<long> unknown)
    {
        if (sameExternalId is { } holder)
        {
            return EditOutcome<Target>.Refused(EditProblem.ExternalIdTaken, [holder]);
        }

        long[] missing = [.. settings.ChannelIds.Where(unknown.Contains).Distinct().Order()];
        return missing.Length > 0 ? EditOutcome<Target>.Refused(EditProblem.UnknownChannel, missing) : null;
    }

    private static Target New(long id, NewTarget asked) => new()
    {
        Id = id,
        Shard = ShardMap.Of(id),
        Revision = 1,
        Settings = asked.Settings with { ChannelIds = [.. asked.Settings.ChannelIds.Distinct()] },
        CreatedAt = Micros.ToTime(Micros.Of(asked.Edit.At)),
        UpdatedAt = Micros.ToTime(Micros.Of(asked.Edit.At)),
        CreatedBy = asked.Edit.By,
        UpdatedBy = asked.Edit.By,
    };

    private static IEnumerable<PgStatement> Writes(List<(NewTarget Ask, Target Target)> made)
    {
        T[] Each<T>(Func<Target, T> value) => [.. made.Select(one => value(one.Target))];
        T[] Setting<T>(Func<TargetSettings, T> value) => [.. made.Select(one => value(one.Target.Settings))];
        var links = made.SelectMany(one => one.Target.Settings.ChannelIds.Select((channel, place) => (one.Target.Id, Channel: channel, Place: place + 1))).ToArray();
        return
        [
            new PgStatement(
                Insert,
                Each(target => target.Id), Each(target => target.Shard), Setting(of => of.Name), Setting(of => NameFolding.Fold(of.Name)), Setting(of => of.Type),
                Setting(of => of.MaskedConfig), made.Select(one => one.Ask.Secret).ToArray(), Setting(of => of.Endpoint), Setting(of => of.IntervalSeconds),
                Setting(of => of.TimeoutSeconds), Setting(of => of.FailureThreshold), Setting(of => of.RecoveryThreshold), Setting(of => of.RetryIntervalSeconds),
                Setting(of => of.NotifyDegraded), Setting(of => of.Enabled), Setting(of => of.Group), Setting(of => TargetTable.LabelsJson(of.Labels)), Setting(of => of.ExternalId),
                Each(target => target.CreatedBy), Each(target => target.Location), Each(target => Micros.Of(target.CreatedAt))),
            .. links.Length == 0
                ? Array.Empty<PgStatement>()
                :
                [
                    new PgStatement(
                        "INSERT INTO target_channels (target_id, channel_id, position) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::integer[]) AS g (target, channel, place) ORDER BY g.channel",
                        links.Select(link => link.Id).ToArray(), links.Select(link => link.Channel).ToArray(), links.Select(link => link.Place).ToArray()),
                ],
            .. IdempotencyTable.Remember([.. made.Select(one => (one.Ask.Edit, one.Target.Id))], Kind),
            new PgStatement(Bump, made.Select(one => one.Target.Shard).Distinct().ToArray()),
        ];
    }
}

/// <summary>A target to be made.</summary>
/// <param name="Secret">The whole config sealed; null where nothing is masked.</param>
internal sealed record NewTarget(TargetSettings Settings, byte[]? Secret, Edit Edit);
