using Monitor.Tests.Shared;

namespace Monitor.SystemTests.Cluster;

/// <summary>What a <see cref="ClusterScene"/> begins with.</summary>
internal sealed record ClusterPlan
{
    public required int Silos { get; init; }

    /// <summary>Web sites that are watched.</summary>
    public required int Sites { get; init; }

    /// <summary>How often each of them is, in seconds.</summary>
    public int Interval { get; init; } = 1;

    /// <summary>Of the store's server.</summary>
    public IReadOnlyDictionary<string, string> StoreSettings { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Each silo has a way of its own to the store, which can be cut.</summary>
    public bool Proxied { get; init; }

    /// <summary>The store has a streaming standby, and the silos know both.</summary>
    public bool Standby { get; init; }

    /// <summary>The store's server has a wall clock of its own, which can be set.</summary>
    public bool StoreClock { get; init; }

    /// <summary>How its silos differ from plain ones.</summary>
    public Func<SiloSettings, SiloSettings> Change { get; init; } = settings => settings;
}
