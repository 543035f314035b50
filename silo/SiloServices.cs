using Monitor.Core.Messages;
using Monitor.Core.Ports;
using Monitor.Gateway;
using Monitor.Gateway.Access;
using Monitor.Grains.Journal;
using Monitor.Grains.Notifying;
using Monitor.Grains.Peers;
using Monitor.Grains.Reserve;
using Monitor.Grains.Runtime;
using Monitor.Grains.Shards;
using Monitor.Grains.Writing;
using Monitor.Probers;
using Monitor.Probers.Wire;
using Monitor.Silo.Settings;
using Monitor.Storage;
using Monitor.Storage.Postgres;
using Monitor.Storage.Sqlite;

namespace Monitor.Silo;

/// <summary>The wiring: the only place that knows all rooms.</summary>
internal static class SiloServices
{
    /// <summary>Hosted services start in this order and stop in the reverse: nothing reads before the store is open, nothing decides after the writer has closed.</summary>
    public static void Add(IServiceCollection services, SiloSettings settings)
    {
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(provider => new SiloIdentity(
            settings.SiloName,
            settings.Zone,
            settings.AdvertisedAddress ?? settings.Urls[0],
            provider.GetRequiredService<TimeProvider>().GetUtcNow()));
        services.AddMonitorProbers(settings.Outbound);
        AddStorage(services, settings);
        services.AddMonitorWriting(new JournalOptions(Path.Combine(settings.StoragePath, "journal")), settings.Retention);
        if (settings.Postgres is null)
        {
            services.AddMonitorNotifying(Notifying, Webhooks);
            services.AddMonitorTargets(new GrainsOptions { Language = settings.Language });
            services.AddOneNodeShards();
        }
        else
        {
            services.AddShardNotifying(Notifying, Webhooks);
            services.AddMonitorTargets(new GrainsOptions { Language = settings.Language });
            services.AddPeers();
            services.AddReserveKeeping();
            services.AddClusterShards();
        }

        services.AddMonitorGateway(new GatewayOptions
        {
            Access = settings.OpenAccess ? AccessMode.Open : AccessMode.Tokens,
            AdminTokenHash = settings.AdminToken is null ? null : TokenText.Hash(settings.AdminToken),
            ProtectMetrics = settings.ProtectMetrics,
            Language = settings.Language,
            TimeZone = settings.TimeZone,
            PublicUrl = settings.PublicUrl,
            RemembersStore = settings.Postgres is not null,
        });

        NotifierOptions Notifying(IServiceProvider provider) => new(
            new MessageOptions(settings.Language, settings.TimeZone, settings.PublicUrl), () => provider.GetRequiredService<IStoreLifecycle>().InstallationSecret);
        static HttpMessageInvoker Webhooks(IServiceProvider provider) => WebhookClient(provider.GetRequiredService<OutboundConnector>());
    }

    private static void AddStorage(IServiceCollection services, SiloSettings settings)
    {
        if (settings.Postgres is not { } postgres)
        {
            services.AddSqliteStorage(new SqliteOptions(settings.StoragePath));
            services.AddEmbeddedStore();
            return;
        }

        services.AddPostgresStorage(new PostgresStoreOptions(postgres.ConnectionString, postgres.MasterKey)
        {
            CoordinationConnectionString = postgres.CoordinationConnectionString,
            ApplicationName = $"monitor {settings.SiloName}",
        });
        services.AddReserve(Path.Combine(settings.StoragePath, "reserve"));
        services.AddClusterStore();
    }

    /// <summary>Posts to robots: by the outbound rules, without proxy, redirects, cookies or a second language of its own in the headers.</summary>
    private static HttpMessageInvoker WebhookClient(OutboundConnector connector) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        ConnectCallback = connector.ConnectAsync,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    });
}
