using Monitor.Core.Channels;
using Monitor.Core.Health;
using Monitor.Core.Probing;
using Monitor.Core.Targets;

namespace Monitor.Core.Ports;

/// <summary>Targets as clients read and edit them. Every edit bumps its shard's version in its own transaction.</summary>
public interface ITargetStore
{
    Task<Page<TargetRow>> ListTargetsAsync(TargetQuery query, CancellationToken cancellationToken);

    Task<TargetRow?> FindTargetAsync(long id, CancellationToken cancellationToken);

    Task<EditOutcome<Target>> CreateTargetAsync(TargetSettings settings, Edit edit, CancellationToken cancellationToken);

    /// <summary>Makes a target with the channels that are default at that moment, whatever its settings name.</summary>
    async Task<EditOutcome<Target>> CreateWithDefaultsAsync(TargetSettings settings, Edit edit, CancellationToken cancellationToken) =>
        await CreateTargetAsync(settings with { ChannelIds = await DefaultChannelIdsAsync(cancellationToken) }, edit, cancellationToken);

    /// <summary>Replaces the settings if the revision is still <paramref name="expectedRevision"/>.</summary>
    Task<EditOutcome<Target>> UpdateTargetAsync(long id, long expectedRevision, TargetSettings settings, Edit edit, CancellationToken cancellationToken);

    /// <summary>Leaves a tombstone for the owner. <paramref name="expectedRevision"/> null: whatever it is.</summary>
    Task<EditOutcome<Target>> DeleteTargetAsync(long id, long? expectedRevision, Edit edit, CancellationToken cancellationToken);

    Task<Page<Channel>> ListChannelsAsync(ChannelQuery query, CancellationToken cancellationToken);

    Task<Channel?> FindChannelAsync(long id, CancellationToken cancellationToken);

    /// <summary>The ids of the channels marked as default.</summary>
    Task<IReadOnlyList<long>> DefaultChannelIdsAsync(CancellationToken cancellationToken);

    Task<EditOutcome<Channel>> CreateChannelAsync(ChannelSettings settings, Edit edit, CancellationToken cancellationToken);

    Task<EditOutcome<Channel>> UpdateChannelAsync(long id, long expectedRevision, ChannelSettings settings, Edit edit, CancellationToken cancellationToken);

    /// <summary>Refused as <see cref="EditProblem.InUse"/> with the targets that use it.</summary>
    Task<EditOutcome<Channel>> DeleteChannelAsync(long id, long? expectedRevision, Edit edit, CancellationToken cancellationToken);
}

/// <summary>Who edits, when, and the answer to remember for an Idempotency-Key in the same transaction (or null).</summary>
public sealed record Edit(string By, DateTimeOffset At, IdempotencyClaim? Idempotency = null);

/// <param name="BodyHash">The same key with another body is refused.</param>
public sealed record IdempotencyClaim(string TokenId, string Key, string BodyHash);

public enum EditProblem
{
    None,
    NotFound,

    /// <summary>The revision moved on: somebody else was faster.</summary>
    RevisionLost,
    ExternalIdTaken,

    /// <summary><see cref="EditOutcome{T}.Ids"/> has the channels that do not exist.</summary>
    UnknownChannel,

    /// <summary><see cref="EditOutcome{T}.Ids"/> has the targets that use the channel.</summary>
    InUse,

    /// <summary>The key was used before with the same body: <see cref="EditOutcome{T}.Value"/> is what it made (as it is now), or null when that is gone.</summary>
    Replayed,

    /// <summary>The key was used before with another body.</summary>
    IdempotencyMismatch,
}

public sealed record EditOutcome<T>(EditProblem Problem, T? Value, IReadOnlyList<long> Ids)
    where T : class
{
    public static EditOutcome<T> Done(T value) => new(EditProblem.None, value, []);
    public static EditOutcome<T> Refused(EditProblem problem, params IReadOnlyList<long> ids) => new(problem, null, ids);
}

/// <summary>A target with what is stored of its state and its newest result.</summary>
public sealed record TargetRow(Target Target, HealthState? State, CheckRecord? LastResult);

public enum TargetSort
{
    Id,
    Name,
    StatusSince,
}

/// <summary>A filter over targets; null means any. Paging is by key: <see cref="After"/> is what the last page's <see cref="Page{T}.Next"/> said.</summary>
public sealed record TargetQuery
{
    public string? Type { get; init; }

    /// <summary>Disabled is by the settings, the others by the stored state of an enabled target.</summary>
    public IReadOnlyList<HealthStatus> Statuses { get; init; } = [];
    public string? Group { get; init; }

    /// <summary>All must be there with that value.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Labels { get; init; } = [];

    /// <summary>Within the name, any case.</summary>
    public string? NameContains { get; init; }
    public bool? Enabled { get; init; }
    public TargetSort Sort { get; init; }
    public bool Descending { get; init; }
    public int Limit { get; init; } = 50;
    public PageKey? After { get; init; }
}

public sealed record ChannelQuery(int Limit = 50, PageKey? After = null);

/// <summary>Where a page ended: the sort key of its last row, and its id to break ties.</summary>
public sealed record PageKey(string Value, long Id);

/// <param name="Next">Null on the last page.</param>
/// <param name="Total">After the filters; null where it is not counted.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, PageKey? Next, long? Total);
