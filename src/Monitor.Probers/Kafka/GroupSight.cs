namespace Monitor.Probers.Kafka;

/// <summary>All that a probe has learned of a group.</summary>
public sealed record GroupSight
{
    /// <summary>Null: this broker cannot tell.</summary>
    public required GroupDescription? Description { get; init; }

    /// <summary>Sorted by topic and number. Of those whose offsets could not be learned <see cref="PartitionState.IsKnown"/> is false.</summary>
    public IReadOnlyList<PartitionState> Partitions { get; init; } = [];

    /// <summary>Topics that matter to the group, or are named in the config, and do not exist.</summary>
    public IReadOnlyList<string> MissingTopics { get; init; } = [];

    /// <summary>Partitions with a commit that their topic does not have (any more).</summary>
    public IReadOnlyList<string> MissingPartitions { get; init; } = [];

    /// <summary>Topics that members read and this user may not describe.</summary>
    public IReadOnlyList<string> HiddenTopics { get; init; } = [];

    public bool HasCommits => MissingPartitions.Count > 0 || Partitions.Any(partition => partition.HasCommit);
}
