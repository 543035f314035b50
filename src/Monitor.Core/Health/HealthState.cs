namespace Monitor.Core.Health;

/// <summary>All that is remembered of a target's health between two results: nothing else decides. Stored as JSON with a format version.</summary>
public sealed record HealthState
{
    /// <summary>The prober type that the counters are about: an edit of the type starts anew.</summary>
    public required string Type { get; init; }

    public HealthStatus Status { get; init; }
    public required DateTimeOffset StatusSince { get; init; }

    /// <summary>Counts on without end; the decision looks only at whether it has reached the threshold.</summary>
    public int ConsecutiveFailures { get; init; }

    /// <summary>Consecutive successes while an outage is open; else 0, so that a healthy target changes nothing.</summary>
    public int Recoveries { get; init; }

    /// <summary>Consecutive successes with warnings (failures between them neither count nor reset), up to the threshold.</summary>
    public int ConsecutiveWarnings { get; init; }

    /// <summary>Consecutive clean successes while a warning is open; else 0.</summary>
    public int CleanRuns { get; init; }

    /// <summary>The first bad check of the present run of failures.</summary>
    public DateTimeOffset? FailingSince { get; init; }

    /// <summary>The first of the present run of warnings.</summary>
    public DateTimeOffset? WarningSince { get; init; }

    public OpenEpisode? Outage { get; init; }
    public OpenEpisode? Warning { get; init; }

    /// <summary>The last number given to an episode of this target, over both tracks.</summary>
    public int LastEpisode { get; init; }

    public static HealthState New(string type, DateTimeOffset now) => new() { Type = type, StatusSince = now };
}

/// <summary>An alert that fired and is not over.</summary>
/// <param name="ChannelIds">Who has a firing delivery: exactly those hear that it is over.</param>
public sealed record OpenEpisode(int Number, DateTimeOffset StartedAt, DateTimeOffset FiredAt, int FailureCount, IReadOnlyList<long> ChannelIds)
{
    /// <summary>
    /// What the last bad check said: the alert's record is written anew when it is over, also by a process that has not seen that check. Decides nothing.
    /// </summary>
    public string? Message { get; init; }
}

public enum HealthStatus
{
    /// <summary>Not probed yet, or this monitor cannot tell.</summary>
    Unknown,
    Healthy,

    /// <summary>Answers, with warnings.</summary>
    Degraded,

    /// <summary>The failure threshold was reached.</summary>
    Unhealthy,
    Disabled,
}
