using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Monitor.Core.Outbound;
using Monitor.Core.Probing;
using Monitor.Probers.Cassandra;
using Monitor.Probers.Http;
using Monitor.Probers.Kafka;
using Monitor.Probers.Ping;
using Monitor.Probers.Redis;
using Monitor.Probers.Postgres;
using Monitor.Probers.Tcp;
using Monitor.Probers.Wire;
using Monitor.Probers.Wire.Linux;

namespace Monitor.Probers;

/// <summary>Makes the probers known.</summary>
public static class ProbersSetup
{
    /// <summary>Registers every <see cref="IProber"/>, the <see cref="ProberCatalog"/> and the <see cref="OutboundConnector"/> for webhooks; needs a <see cref="TimeProvider"/>.</summary>
    public static IServiceCollection AddMonitorProbers(this IServiceCollection services, OutboundPolicy policy)
    {
        services.TryAddSingleton<INameResolver>(_ => new SystemNameResolver());
        services.TryAddSingleton(provider => Connector(provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new Dialer(
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<INameResolver>(), policy, provider.GetRequiredService<IConnector>()));
        services.AddSingleton<OutboundConnector>();
        services.AddSingleton<IProber, HttpProber>();
        services.AddSingleton<IProber, TcpProber>();
        services.AddSingleton<IProber, PingProber>();
        services.AddSingleton<IProber, RedisProber>();
        services.AddSingleton<IProber, KafkaProber>();
        services.AddSingleton<IProber, CassandraProber>();
        services.AddSingleton<IProber, PostgresProber>();
        services.AddSingleton<ProberCatalog>();
        return services;
    }

    private static IConnector Connector(TimeProvider time) => LinuxConnector.TryStart(time) is { } own ? own : new RuntimeConnector(time);
}
