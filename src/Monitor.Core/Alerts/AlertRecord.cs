namespace Monitor.Core.Alerts;

/// <summary>One opening of one alert of one target: <c>(TargetId, Episode)</c> is unique. Everything a message about it says is here.</summary>
public sealed record AlertRecord
{
    /// <summary>Given by the store; 0 in what has not been stored yet.</summary>
    public long Id { get; init; }

    public required long TargetId { get; init; }
    public required int Episode { get; init; }
    public required string TargetName { get; init; }
    public required string TargetType { get; init; }
    public required string Endpoint { get; init; }
    public string? Group { get; init; }
    public required AlertSeverity Severity { get; init; }

    /// <summary>What the last bad check said.</summary>
    public required string Message { get; init; }

    /// <summary>The first bad check.</summary>
    public required DateTimeOffset StartedAt { get; init; }
    public required DateTimeOffset FiredAt { get; init; }
    public DateTimeOffset? ResolvedAt { get; init; }
    public ResolvedReason? ResolvedReason { get; init; }

    /// <summary>It is over, but the target still answers with warnings.</summary>
    public bool RecoveredIntoDegraded { get; init; }

    public required int FailureCount { get; init; }

    /// <summary>The number that its messages carried, where that is not <see cref="Episode"/>.</summary>
    public int? ToldAs { get; init; }

    /// <summary>
    /// The episode whose record stands for this one, where both were told of one outage: by two silos, one of which was cut off and counted on from what the other knew nothing of. Such a
    /// record has a notice told and nothing else; who lists outages does not see it.
    /// </summary>
    public int? SameAs { get; init; }

    public bool IsOpen => ResolvedAt is null;

    /// <summary><c>#7-3</c>, the same in the firing and in the recovery.</summary>
    public string Reference => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"#{TargetId}-{ToldAs ?? Episode}");
}

public enum AlertSeverity
{
    Critical,
    Warning,
}

public enum ResolvedReason
{
    Recovered,
    Disabled,
    Deleted,

    /// <summary>The target's type changed, or it no longer tells of warnings.</summary>
    Changed,
}
