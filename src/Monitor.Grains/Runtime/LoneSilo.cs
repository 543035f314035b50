using Monitor.Core.Ports;
using Monitor.Core.Shards;

namespace Monitor.Grains.Runtime;

/// <summary>The directory of a silo that is alone.</summary>
public sealed class LoneSilo(SiloIdentity silo, ITargetRuntime targets, TimeProvider time) : ISiloDirectory
{
    public Task<SiloDirectory> ReadAsync(CancellationToken cancellationToken)
    {
        var figures = targets.Figures();
        var report = new SiloReport(silo.Name, silo.Zone, silo.Address, silo.StartedAt, time.GetUtcNow(), figures.Shards, figures);
        return Task.FromResult(new SiloDirectory([report], ShardMap.Count - figures.Shards));
    }
}
