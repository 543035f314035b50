using System.Globalization;
using Monitor.Core.Channels;
using Monitor.Core.Health;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Shards;
using Monitor.Core.Targets;
using Monitor.Core.Text;

namespace Monitor.SystemTests.Gateway;

/// <summary>A store in memory that keeps to the ports' contracts. What the gateway is to be tested with beyond it is set directly.</summary>
internal sealed class MemoryStore : ITargetStore, IHistoryStore, ITokenStore, IStoreLifecycle
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<long, Target> _targets = [];
    private readonly SortedDictionary<long, Channel> _channels = [];
    private readonly SortedDictionary<long, ApiToken> _tokens = [];
    private readonly Dictionary<(string Token, string Key), (string Body, object Made)> _claims = [];
    private long _lastId;

    public Dictionary<long, HealthState> States { get; } = [];

    public List<CheckRecord> Results { get; } = [];

    public List<AlertRow> Alerts { get; } = [];

    /// <summary>Set: every call fails as if the store were away.</summary>
    public string? Away { get; set; }

    public byte[] InstallationSecret { get; } = new byte[32];

    public LocalizedText? WriteTrouble { get; set; }

    /// <summary>Called between a read-change-write's read and its write.</summary>
    public Action? BeforeUpdate { get; set; }

    public Task<Page<TargetRow>> ListTargetsAsync(TargetQuery query, CancellationToken cancellationToken) => Locked(() =>
    {
        var rows = _targets.Values.Select(Row).Where(row => Fits(row, query)).ToList();
        Func<TargetRow, string> key = query.Sort switch
        {
            TargetSort.Name => row => row.Target.Settings.Name,
            TargetSort.StatusSince => row => (row.State?.StatusSince ?? row.Target.CreatedAt).UtcTicks.ToString("D20", CultureInfo.InvariantCulture),
            _ => row => row.Target.Id.ToString("D20", CultureInfo.InvariantCulture),
        };
        return Paged(rows, key, row => row.Target.Id, query.Descending, query.Limit, query.After, counted: true);
    });

    public Task<TargetRow?> FindTargetAsync(long id, CancellationToken cancellationToken) =>
        Locked(() => _targets.TryGetValue(id, out var target) ? Row(target) : null);

    public Task<EditOutcome<Target>> CreateTargetAsync(TargetSettings settings, Edit edit, CancellationToken cancellationToken) => Locked(() =>
        Claimed<Target>(edit, made => _targets.GetValueOrDefault(made.Id)) ?? Refusal(settings, except: 0) ?? Claim(edit, Put(_targets, new Target
        {
            Id = ++_lastId,
            Shard = ShardMap.Of(_lastId),
            Revision = 1,
            Settings = settings,
            CreatedAt = edit.At,
            UpdatedAt = edit.At,
            CreatedBy = edit.By,
            UpdatedBy = edit.By,
        })));

    public Task<EditOutcome<Target>> UpdateTargetAsync(
        long id, long expectedRevision, TargetSettings settings, Edit edit, CancellationToken cancellationToken)
    {
        BeforeUpdate?.Invoke();
        return Locked(() =>
        {
            if (!_targets.TryGetValue(id, out var target))
            {
                return EditOutcome<Target>.Refused(EditProblem.NotFound);
            }

            if (target.Revision != expectedRevision)
            {
                return EditOutcome<Target>.Refused(EditProblem.RevisionLost);
            }

            return Refusal(settings, id) ?? EditOutcome<Target>.Done(
                _targets[id] = target with { Settings = settings, Revision = expectedRevision + 1, UpdatedAt = edit.At, UpdatedBy = edit.By });
        });
    }

    public Task<EditOutcome<Target>> DeleteTargetAsync(long id, long? expectedRevision, Edit edit, CancellationToken cancellationToken) => Locked(() =>
    {
        if (!_targets.TryGetValue(id, out var target))
        {
            return EditOutcome<Target>.Refused(EditProblem.NotFound);
        }

        if (expectedRevision is { } expected && expected != target.Revision)
        {
            return EditOutcome<Target>.Refused(EditProblem.RevisionLost);
        }

        _targets.Remove(id);
        return EditOutcome<Target>.Done(target);
    });

    public Task<Page<Channel>> ListChannelsAsync(ChannelQuery query, CancellationToken cancellationToken) => Locked(() => Paged(
        [.. _channels.Values], channel => channel.Id.ToString("D20", CultureInfo.InvariantCulture), channel => channel.Id, false, query.Limit, query.After, counted: true));

    public Task<Channel?> FindChannelAsync(long id, CancellationToken cancellationToken) => Locked(() => _channels.GetValueOrDefault(id));

    public Task<IReadOnlyList<long>> DefaultChannelIdsAsync(CancellationToken cancellationToken) =>
        Locked<IReadOnlyList<long>>(() => [.. _channels.Values.Where(channel => channel.Settings.IsDefault).Select(channel => channel.Id)]);

    public Task<EditOutcome<Channel>> CreateChannelAsync(ChannelSettings settings, Edit edit, CancellationToken cancellationToken) => Locked(() =>
        Claimed<Channel>(edit, made => _channels.GetValueOrDefault(made.Id)) ?? Claim(edit, Put(_channels, new Channel
        {
            Id = ++_lastId,
            Revision = 1,
            Settings = settings,
            CreatedAt = edit.At,
            UpdatedAt = edit.At,
            CreatedBy = edit.By,
            UpdatedBy = edit.By,
        })));

    public Task<EditOutcome<Channel>> UpdateChannelAsync(
        long id, long expectedRevision, ChannelSettings settings, Edit edit, CancellationToken cancellationToken)
    {
        BeforeUpdate?.Invoke();
        return Locked(() =>
        {
            if (!_channels.TryGetValue(id, out var channel))
            {
                return EditOutcome<Channel>.Refused(EditProblem.NotFound);
            }

            return channel.Revision != expectedRevision
                ? EditOutcome<Channel>.Refused(EditProblem.RevisionLost)
                : EditOutcome<Channel>.Done(
                    _channels[id] = channel with { Settings = settings, Revision = expectedRevision + 1, UpdatedAt = edit.At, UpdatedBy = edit.By });
        });
    }

    public Task<EditOutcome<Channel>> DeleteChannelAsync(long id, long? expectedRevision, Edit edit, CancellationToken cancellationToken) => Locked(() =>
    {
        if (!_channels.TryGetValue(id, out var channel))
        {
            return EditOutcome<Channel>.Refused(EditProblem.NotFound);
        }

        if (expectedRevision is { } expected && expected != channel.Revision)
        {
            return EditOutcome<Channel>.Refused(EditProblem.RevisionLost);
        }

        long[] users = [.. _targets.Values.Where(target => target.Settings.ChannelIds.Contains(id)).Select(target => target.Id)];
        if (users.Length > 0)
        {
            return EditOutcome<Channel>.Refused(EditProblem.InUse, users);
        }

        _channels.Remove(id);
        return EditOutcome<Channel>.Done(channel);
    });

    public Task<Page<CheckRecord>> ListResultsAsync(ResultQuery query, CancellationToken cancellationToken) => Locked(() => Paged(
        [.. Results.Where(result => result.TargetId == query.TargetId && (query.From is null || result.CheckedAt >= query.From)
            && (query.To is null || result.CheckedAt < query.To) && (query.Success is null || result.Success == query.Success))],
        result => result.CheckedAt.UtcTicks.ToString("D20", CultureInfo.InvariantCulture), result => result.TargetId, true, query.Limit, query.After, counted: false));

    public Task<Uptime> UptimeAsync(long targetId, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken) =>
        Locked(() => new Uptime(99.95, 86_400, 8640, 4, 3.9, null, double.NaN));

    public Task<IReadOnlyList<HistoryPoint>> HistoryAsync(
        long targetId, DateTimeOffset from, DateTimeOffset to, TimeSpan step, CancellationToken cancellationToken) =>
        Locked<IReadOnlyList<HistoryPoint>>(() => [new HistoryPoint(from, 6, 1, 0, 4.1, 6.3)]);

    public Task<Page<AlertRow>> ListAlertsAsync(AlertQuery query, CancellationToken cancellationToken) => Locked(() => Paged(
        [.. Alerts.Where(row => (query.Firing is null || row.Alert.IsOpen == query.Firing) && (query.Severity is null || row.Alert.Severity == query.Severity)
            && (query.TargetId is null || row.Alert.TargetId == query.TargetId))],
        row => row.Alert.FiredAt.UtcTicks.ToString("D20", CultureInfo.InvariantCulture), row => row.Alert.Id, true, query.Limit, query.After, counted: true));

    public Task<AlertRow?> FindAlertAsync(long id, CancellationToken cancellationToken) => Locked(() => Alerts.Find(row => row.Alert.Id == id));

    public Task<Page<ApiToken>> ListTokensAsync(int limit, PageKey? after, CancellationToken cancellationToken) => Locked(() => Paged(
        [.. _tokens.Values], token => token.Id.ToString("D20", CultureInfo.InvariantCulture), token => token.Id, false, limit, after, counted: true));

    public Task<IReadOnlyList<ApiToken>> LoadTokensAsync(CancellationToken cancellationToken) => Locked<IReadOnlyList<ApiToken>>(() => [.. _tokens.Values]);

    public Task<ApiToken?> FindTokenAsync(long id, CancellationToken cancellationToken) => Locked(() => _tokens.GetValueOrDefault(id));

    public Task<EditOutcome<ApiToken>> CreateTokenAsync(
        string name, Role role, string hash, DateTimeOffset? expiresAt, Edit edit, CancellationToken cancellationToken) => Locked(() =>
        Claimed<ApiToken>(edit, made => _tokens.GetValueOrDefault(made.Id))
            ?? Claim(edit, Put(_tokens, new ApiToken(++_lastId, name, role, hash, expiresAt, edit.At, null))));

    public Task<bool> DeleteTokenAsync(long id, CancellationToken cancellationToken) => Locked(() => _tokens.Remove(id));

    public Task TouchTokensAsync(IReadOnlyDictionary<long, DateTimeOffset> lastUsed, CancellationToken cancellationToken) => Locked(() =>
    {
        foreach (var (id, at) in lastUsed)
        {
            _tokens[id] = _tokens[id] with { LastUsedAt = at };
        }

        return true;
    });

    public Task OpenAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task ProbeWriteAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<bool> MaintainAsync(DateTimeOffset now, Retention retention, CancellationToken cancellationToken) => Task.FromResult(false);

    private TargetRow Row(Target target) => new(
        target, States.GetValueOrDefault(target.Id), Results.Where(result => result.TargetId == target.Id).MaxBy(result => result.CheckedAt));

    private static bool Fits(TargetRow row, TargetQuery query)
    {
        var settings = row.Target.Settings;
        var status = settings.Enabled ? row.State?.Status ?? HealthStatus.Unknown : HealthStatus.Disabled;
        return (query.Type is null || settings.Type == query.Type)
            && (query.Statuses.Count == 0 || query.Statuses.Contains(status))
            && (query.Group is null || settings.Group == query.Group)
            && query.Labels.All(label => settings.Labels.GetValueOrDefault(label.Key) == label.Value)
            && (query.NameContains is null || settings.Name.Contains(query.NameContains, StringComparison.OrdinalIgnoreCase))
            && (query.Enabled is null || settings.Enabled == query.Enabled);
    }

    private EditOutcome<Target>? Refusal(TargetSettings settings, long except)
    {
        long[] unknown = [.. settings.ChannelIds.Where(id => !_channels.ContainsKey(id))];
        if (unknown.Length > 0)
        {
            return EditOutcome<Target>.Refused(EditProblem.UnknownChannel, unknown);
        }

        return settings.ExternalId is { } external && _targets.Values.Any(other => other.Id != except && other.Settings.ExternalId == external)
            ? EditOutcome<Target>.Refused(EditProblem.ExternalIdTaken)
            : null;
    }

    private EditOutcome<T>? Claimed<T>(Edit edit, Func<T, T?> now)
        where T : class
    {
        if (edit.Idempotency is not { } claim || !_claims.TryGetValue((claim.TokenId, claim.Key), out var earlier))
        {
            return null;
        }

        return earlier.Body != claim.BodyHash || earlier.Made is not T made
            ? EditOutcome<T>.Refused(EditProblem.IdempotencyMismatch)
            : new EditOutcome<T>(EditProblem.Replayed, now(made), []);
    }

    private EditOutcome<T> Claim<T>(Edit edit, T made)
        where T : class
    {
        if (edit.Idempotency is { } claim)
        {
            _claims[(claim.TokenId, claim.Key)] = (claim.BodyHash, made);
        }

        return EditOutcome<T>.Done(made);
    }

    private static T Put<T>(SortedDictionary<long, T> rows, T row)
        where T : class
    {
        rows.Add(row switch { Target target => target.Id, Channel channel => channel.Id, ApiToken token => token.Id, _ => 0 }, row);
        return row;
    }

    private static Page<T> Paged<T>(
        List<T> rows, Func<T, string> key, Func<T, long> id, bool descending, int limit, PageKey? after, bool counted)
    {
        var sign = descending ? -1 : 1;
        int Compare(string keyOne, long idOne, string keyTwo, long idTwo) =>
            sign * (string.CompareOrdinal(keyOne, keyTwo) is var byKey and not 0 ? byKey : idOne.CompareTo(idTwo));
        rows.Sort((one, two) => Compare(key(one), id(one), key(two), id(two)));
        var rest = rows.Where(row => after is null || Compare(key(row), id(row), after.Value, after.Id) > 0).ToList();
        var items = rest.Take(limit).ToList();
        return new Page<T>(items, rest.Count > limit ? new PageKey(key(items[^1]), id(items[^1])) : null, counted ? rows.Count : null);
    }

    private Task<T> Locked<T>(Func<T> run)
    {
        if (Away is { } why)
        {
            return Task.FromException<T>(new StoreUnavailableException(new LocalizedText(why, why)));
        }

        lock (_lock)
        {
            return Task.FromResult(run());
        }
    }
}
