using Monitor.Core.Ports;
using Monitor.Core.Shards;

namespace Monitor.Gateway.Api.Service;

/// <summary>The living silos and what each does, for API and pages alike.</summary>
internal sealed class ClusterFigures(SiloIdentity silo, ISiloDirectory directory)
{
    public async Task<ClusterState> ReadAsync(CancellationToken cancellationToken)
    {
        var read = await directory.ReadAsync(cancellationToken);
        return new ClusterState([.. read.Silos.Select(Line)], ShardMap.Count, read.Unowned);
    }

    private SiloState Line(SiloReport report) => new(
        report.Name,
        report.Zone,
        report.Address,
        report.StartedAt,
        report.HeartbeatAt,
        report.Shards,
        report.Figures?.Targets ?? 0,
        Finite(report.Figures?.ProbesPerSecond ?? 0),
        Finite(report.Figures?.ScheduleLagP99Milliseconds ?? 0),
        IsThis: report.Name == silo.Name && report.Address == silo.Address);

    private static double Finite(double number) => double.IsFinite(number) ? Math.Round(number, 3) : 0;
}

/// <param name="Unowned">Shards that no living silo owns.</param>
public sealed record ClusterState(IReadOnlyList<SiloState> Silos, int Shards, int Unowned);

/// <param name="StartedAt">Null when it did not say in time; its other figures are 0 then.</param>
/// <param name="ScheduleLag">How late checks begin, p99 of the last minute, in milliseconds.</param>
/// <param name="IsThis">The silo that answers.</param>
public sealed record SiloState(
    string Name, string Zone, string Address, DateTimeOffset? StartedAt, DateTimeOffset HeartbeatAt, int Shards, int Targets, double ProbesPerSecond, double ScheduleLag, bool IsThis);
