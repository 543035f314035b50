namespace Monitor.Gateway.Web.Cluster;

/// <summary>The living silos and what each is doing.</summary>
public sealed record ClusterModel(IReadOnlyList<SiloLine> Silos, int Shards, int Unowned, IReadOnlyList<string> Reasons, IReadOnlyList<(long Id, string Name)> Unprobed);

/// <param name="Lag">How late checks begin, p99 of the last minute, in milliseconds.</param>
/// <param name="IsThis">The silo that has made this page.</param>
public sealed record SiloLine(
    string Name, string Zone, string Address, DateTimeOffset StartedAt, DateTimeOffset HeartbeatAt, int Shards, int Targets, double ProbesPerSecond, double Lag, bool IsThis);
