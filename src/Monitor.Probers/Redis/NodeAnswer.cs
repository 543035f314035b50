namespace Monitor.Probers.Redis;

/// <summary>What one node said of itself.</summary>
internal sealed record NodeAnswer
{
    public RedisInfo Info { get; init; } = new();

    /// <summary>Why PING was not answered with PONG: <c>LOADING Redis is loading the dataset in memory</c>; null: it was.</summary>
    public string? NotReady { get; init; }

    /// <summary>Of a cluster's node.</summary>
    public ClusterView? Cluster { get; init; }

    /// <summary>Of a sentinel.</summary>
    public SentinelView? Sentinel { get; init; }

    /// <summary>What its user may not see.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    public string Role => Info.IsReplica == true ? "replica" : "master";
}

/// <summary>What a node is asked, besides PING and INFO.</summary>
internal enum NodeKind
{
    /// <summary>It tells what it is.</summary>
    Any,
    Server,
    ClusterNode,
    Sentinel,
}
