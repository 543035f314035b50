using Monitor.Core.Shards;

namespace Monitor.Core.Ports;

/// <summary>The cluster as this silo last saw it.</summary>
public interface ICluster
{
    /// <summary>This silo's row; 0 while it has none.</summary>
    long Self { get; }

    /// <summary>Null before the first look.</summary>
    ClusterView? View { get; }

    /// <summary>When a silo's beat was last seen to have gone up, by this silo's wall clock.</summary>
    DateTimeOffset LastSeen(long silo);
}

/// <summary>Who owns what, out of a view.</summary>
public static class ClusterViewReading
{
    /// <summary>The living silo that owns the shard; null when nobody does, or none that is known to live.</summary>
    public static SiloRow? OwnerOf(this ClusterView view, int shard)
    {
        var owner = view.Shards[shard].Owner;
        return view.Silos.FirstOrDefault(silo => silo.Id == owner && !silo.Dead);
    }
}

/// <summary>The living silos with what each is doing, for the gateway.</summary>
public interface ISiloDirectory
{
    /// <summary>By name. A silo that did not say in time what it is doing is in the list with what is known from outside.</summary>
    Task<SiloDirectory> ReadAsync(CancellationToken cancellationToken);
}

/// <param name="Unowned">Shards that no living silo owns: their targets are not watched.</param>
public sealed record SiloDirectory(IReadOnlyList<SiloReport> Silos, int Unowned);

/// <param name="StartedAt">Null when it did not say.</param>
/// <param name="HeartbeatAt">When this silo last saw it alive, by its own clock.</param>
/// <param name="Figures">Null when it did not say.</param>
public sealed record SiloReport(
    string Name, string Zone, string Address, DateTimeOffset? StartedAt, DateTimeOffset HeartbeatAt, int Shards, RuntimeFigures? Figures);
