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
    private const int TakenIds = 1;
    private const int UnknownChannels = 2;
    private const int Defaults = 3;

    private const string Insert =
        """
        INSERT INTO probe_targets (id, shard, name, name_folded, type, config, config_secret, endpoint, interval_seconds, timeout_seconds, failure_threshold,
            recovery_threshold, retry_interval_seconds, notify_degraded, enabled, group_name, labels, external_id, created_by, updated_by, location, created_at, updated_at, revision, edited)
        SELECT g.id, g.shard, g.name, g.folded, g.type, g.config, g.secret, g.endpoint, g.interval, g.timeout, g.failures, g.recoveries, g.retry, g.degraded, g.enabled, g.group_name,
            g.labels::jsonb, g.external_id, g.by, g.by, g.location, g.at, g.at, 1, v.version
        FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[], $8::text[], $9::integer[], $10::integer[], $11::integer[], $12::integer[],
            $13::integer[], $14::boolean[], $15::boolean[], $16::text[], $17::text[], $18::text[], $19::text[], $20::text[], $21::bigint[])
            AS g (id, shard, name, folded, type, config, secret, endpoint, interval, timeout, failures, recoveries, retry, degraded, enabled, group_name, labels, external_id, by, location, at)
        JOIN shard_versions v ON v.shard = g.shard
        """;

    /// <summary>Before what bears the versions is written; held by all in the same order.</summary>
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
        var answers = await session.RowsAsync(Checks(asked), row => (What: row.GetInt32(0), First: row.GetInt64(1), Second: row.GetInt64(2)));
        var taken = answers.SelectMany(rows => rows).Where(row => row.What == TakenIds).ToDictionary(row => row.First - 1, row => row.Second);
        long[] defaults = [.. answers.SelectMany(rows => rows).Where(row => row.What == Defaults).Select(row => row.First)];
        var unknown = answers.SelectMany(rows => rows).Where(row => row.What == UnknownChannels).Select(row => row.First).ToHashSet();
        var news = new List<(NewTarget Ask, Target Target)>();
        for (var i = 0; i < asked.Count; i++)
        {
            var ask = asked[i].TakesDefaults ? asked[i] with { Settings = asked[i].Settings with { ChannelIds = defaults } } : asked[i];
            outcomes[i] ??= Refused(ask.Settings, taken.TryGetValue(i, out var holder) ? holder : null, unknown);
            if (outcomes[i] is null)
            {
                var target = New(answers[0][i].First, ask);
                news.Add((ask, target));
                outcomes[i] = EditOutcome<Target>.Done(target);
            }
        }

        if (news.Count > 0)
        {
            await session.ExecuteAsync([PgStatement.Begin, .. PgStatement.Limits(PgLimits.EditMilliseconds), .. Writes(news), PgStatement.Commit]);
        }

        return outcomes!;
    }

    /// <summary>New ids first; then what nobody has given need not be asked.</summary>
    private static IEnumerable<PgStatement> Checks(IReadOnlyList<NewTarget> asked)
    {
        yield return new PgStatement("SELECT 0, nextval((SELECT pg_get_serial_sequence('probe_targets', 'id')::regclass)), 0::bigint FROM generate_series(1, $1)", asked.Count);
        if (asked.Any(one => one.Settings.ExternalId is not null))
        {
            yield return new PgStatement(
                $"""
                 SELECT {TakenIds}, g.place, t.id FROM unnest($1::text[]) WITH ORDINALITY AS g (external_id, place)
                 JOIN probe_targets t ON t.external_id = g.external_id AND t.deleted_at IS NULL
                 """,
                [asked.Select(one => one.Settings.ExternalId).ToArray()]);
        }

        if (asked.Any(one => one.TakesDefaults))
        {
            yield return new PgStatement($"SELECT {Defaults}, id, 0::bigint FROM notify_channels WHERE is_default ORDER BY id");
        }

        if (asked.Where(one => !one.TakesDefaults).SelectMany(one => one.Settings.ChannelIds).Distinct().ToArray() is { Length: > 0 } channels)
        {
            yield return new PgStatement(
                $"SELECT {UnknownChannels}, g.id, 0::bigint FROM unnest($1::bigint[]) AS g (id) WHERE NOT EXISTS (SELECT 1 FROM notify_channels c WHERE c.id = g.id)", channels);
        }
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
            new PgStatement(Bump, made.Select(one => one.Target.Shard).Distinct().ToArray()),
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
        ];
    }
}

/// <summary>A target to be made.</summary>
/// <param name="Secret">The whole config sealed; null where nothing is masked.</param>
internal sealed record NewTarget(TargetSettings Settings, byte[]? Secret, Edit Edit)
{
    /// <summary>The channels that are default at that moment, instead of those of the settings.</summary>
    public bool TakesDefaults { get; init; }
}
