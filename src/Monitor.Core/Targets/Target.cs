namespace Monitor.Core.Targets;

/// <summary>One thing that is watched: its settings and who changed them when. What it was last seen doing is elsewhere (<see cref="Health.HealthState"/>).</summary>
public sealed record Target
{
    /// <summary>Never used again after a deletion; below 2^53.</summary>
    public required long Id { get; init; }

    /// <summary>0-255, from <see cref="Shards.ShardMap.Of"/>; fixed for the target's life.</summary>
    public required int Shard { get; init; }

    /// <summary>Counts the changes of the settings, from 1; the ETag. A probe does not change it.</summary>
    public required long Revision { get; init; }

    public required TargetSettings Settings { get; init; }

    /// <summary>Part of the state's key: where the target is watched from.</summary>
    public string Location { get; init; } = DefaultLocation;

    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
    public required string CreatedBy { get; init; }
    public required string UpdatedBy { get; init; }

    public const string DefaultLocation = "default";
}
