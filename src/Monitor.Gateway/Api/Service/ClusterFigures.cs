using Monitor.Core.Ports;
using Monitor.Core.Shards;

namespace Monitor.Gateway.Api.Service;

/// <summary>The living silos and what each does, for API and pages alike.</summary>
internal sealed class ClusterFigures(SiloIdentity silo, ITargetRuntime runtime, TimeProvider time)
{
    public ClusterState Read()
    {
        var figures = runtime.Figures();
        var line = new SiloState(
            silo.Name,
            silo.Zone,
            silo.Address,
            silo.StartedAt,
            time.GetUtcNow(),
            figures.Shards,
            figures.Targets,
            Finite(figures.ProbesPerSecond),
            Finite(figures.ScheduleLagP99Milliseconds),
            IsThis: true);
        return new ClusterState([line], ShardMap.Count, ShardMap.Count - figures.Shards);
    }

    private static double Finite(double number) => double.IsFinite(number) ? Math.Round(number, 3) : 0;
}

/// <param name="Unowned">Shards that no living silo owns.</param>
public sealed record ClusterState(IReadOnlyList<SiloState> Silos, int Shards, int Unowned);

/// <param name="ScheduleLag">How late checks begin, p99 of the last minute, in milliseconds.</param>
/// <param name="IsThis">The silo that answers.</param>
public sealed record SiloState(
    string Name, string Zone, string Address, DateTimeOffset StartedAt, DateTimeOffset HeartbeatAt, int Shards, int Targets, double ProbesPerSecond, double ScheduleLag, bool IsThis);
