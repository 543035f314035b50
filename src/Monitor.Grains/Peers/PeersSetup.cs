using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Monitor.Core.Ports;

namespace Monitor.Grains.Peers;

/// <summary>Wires what silos are to each other. Wants the leases (<c>AddClusterShards</c>), the robots of shards (<c>AddShardNotifying</c>) and the targets.</summary>
public static class PeersSetup
{
    /// <summary>Registered before the leases: it stops after them. Takes the gateway's ports over from what runs here.</summary>
    public static IServiceCollection AddPeers(this IServiceCollection services)
    {
        services.AddSingleton<PeerSecret>();
        services.AddSingleton(provider => new PeerClient(
            Client(), provider.GetRequiredService<PeerSecret>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<PeerClient>>()));
        services.AddSingleton<IPeerCalls>(provider => provider.GetRequiredService<PeerClient>());
        services.AddSingleton<RobotPeers>();
        services.AddSingleton<PeerDesk>();
        services.AddSingleton<IPeerDesk>(provider => provider.GetRequiredService<PeerDesk>());
        services.AddSingleton<ClusterWatch>();
        services.AddSingleton<ICluster>(provider => provider.GetRequiredService<ClusterWatch>());
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<ClusterWatch>());
        services.AddSingleton<CutOffWatch>();
        services.AddSingleton<ICondition>(provider => provider.GetRequiredService<CutOffWatch>());
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<CutOffWatch>());
        services.AddSingleton<ILiveTargets, PeerSights>();
        services.AddSingleton<ClusterRuntime>();
        services.AddSingleton<ITargetRuntime>(provider => provider.GetRequiredService<ClusterRuntime>());
        services.AddSingleton<IChannelTester>(provider => provider.GetRequiredService<ClusterRuntime>());
        services.AddSingleton<ISiloDirectory>(provider => provider.GetRequiredService<ClusterRuntime>());
        return services;
    }

    /// <summary>Between silos there is no proxy, and an address that is gone must not hold a call up for long.</summary>
    private static HttpMessageInvoker Client() => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        ConnectTimeout = TimeSpan.FromSeconds(1),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    });
}
