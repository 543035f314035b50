using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Monitor.Core.Ports;
using Monitor.Grains.Probing;
using Monitor.Grains.Scheduling;
using Monitor.Grains.Shards;
using Monitor.Grains.Targets;

namespace Monitor.Grains.Runtime;

/// <summary>Wires the targets. Wants from the container: TimeProvider, SiloIdentity, IGrainStore, IShardStore, IRecordWriter, IDeliveryQueue, ProberCatalog, logging.</summary>
public static class GrainsSetup
{
    /// <summary>
    /// Everything but how shards come here. Hosted services stop in reverse order: register the writer and the notifier before this, and what brings shards
    /// (<see cref="AddOneNodeShards"/>) after it.
    /// </summary>
    public static IServiceCollection AddMonitorTargets(this IServiceCollection services, GrainsOptions options)
    {
        services.AddSingleton(options);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<AnchoredClock>();
        services.AddSingleton<Scheduler>();
        services.AddSingleton<StallDetector>();
        services.AddSingleton<PulseWindow>();
        services.AddSingleton<ProberWorkers>();
        services.AddSingleton<RecordMaker>();
        services.AddSingleton<GrainServices>();
        services.AddSingleton<ShardHost>();
        services.AddSingleton<EditWatch>();
        services.AddSingleton<SilenceWatch>();
        services.AddSingleton<TargetRuntime>();
        services.AddSingleton<ITargetRuntime>(provider => provider.GetRequiredService<TargetRuntime>());
        services.AddSingleton<ICondition>(provider => provider.GetRequiredService<TargetRuntime>());
        services.AddHostedService<TargetLoops>();
        return services;
    }

    /// <summary>The store of the only silo that works on it: register it before everything that reads. Wants IStoreLifecycle, IShardStore, RecordWriter, SiloIdentity.</summary>
    public static IServiceCollection AddEmbeddedStore(this IServiceCollection services) =>
        services.AddSingleton<EmbeddedStore>().AddHostedService(provider => provider.GetRequiredService<EmbeddedStore>());

    /// <summary>The store that several silos share: register it before everything that reads. Wants IStoreLifecycle, RecordWriter.</summary>
    public static IServiceCollection AddClusterStore(this IServiceCollection services) => services.AddHostedService<ClusterStore>();

    /// <summary>All shards run here from the start on: register it last. Wants <see cref="AddEmbeddedStore"/>.</summary>
    public static IServiceCollection AddOneNodeShards(this IServiceCollection services) => services
        .AddSingleton<ISiloDirectory, LoneSilo>()
        .AddHostedService<OneNodeShards>();
}
