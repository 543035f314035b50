using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Monitor.Core.Ports;
using Monitor.Storage.Postgres;
using Monitor.Storage.Sqlite;

namespace Monitor.Storage;

public static class StorageSetup
{
    /// <summary>One SQLite store under all the ports. <see cref="IStoreLifecycle.OpenAsync"/> must be called before any other.</summary>
    public static IServiceCollection AddSqliteStorage(this IServiceCollection services, SqliteOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton<SqliteStore>();
        return services.AddPorts<SqliteStore>();
    }

    /// <summary>
    /// One PostgreSQL store under all the ports, and the leases of a cluster on connections of their own. <see cref="IStoreLifecycle.OpenAsync"/> must be called before
    /// any other.
    /// </summary>
    public static IServiceCollection AddPostgresStorage(this IServiceCollection services, PostgresStoreOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton<PostgresStore>();
        services.AddSingleton<ILeaseStore, PostgresLeaseStore>();
        services.AddSingleton<IStrayEpisodes>(provider => provider.GetRequiredService<PostgresStore>());
        services.AddSingleton<IEditedTargets>(provider => provider.GetRequiredService<PostgresStore>());
        services.AddSingleton<ISharedStore>(provider => provider.GetRequiredService<PostgresStore>());
        return services.AddPorts<PostgresStore>();
    }

    private static IServiceCollection AddPorts<T>(this IServiceCollection services)
        where T : class, IGrainStore, ITargetStore, IHistoryStore, ITokenStore, IStoreLifecycle, ICondition, IShardStore => services
        .AddSingleton<IGrainStore>(provider => provider.GetRequiredService<T>())
        .AddSingleton<ITargetStore>(provider => provider.GetRequiredService<T>())
        .AddSingleton<IHistoryStore>(provider => provider.GetRequiredService<T>())
        .AddSingleton<ITokenStore>(provider => provider.GetRequiredService<T>())
        .AddSingleton<IStoreLifecycle>(provider => provider.GetRequiredService<T>())
        .AddSingleton<ICondition>(provider => provider.GetRequiredService<T>())
        .AddSingleton<IShardStore>(provider => provider.GetRequiredService<T>());
}
