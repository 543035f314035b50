using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Monitor.Core.Ports;
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
        services.AddSingleton<IGrainStore>(provider => provider.GetRequiredService<SqliteStore>());
        services.AddSingleton<ITargetStore>(provider => provider.GetRequiredService<SqliteStore>());
        services.AddSingleton<IHistoryStore>(provider => provider.GetRequiredService<SqliteStore>());
        services.AddSingleton<ITokenStore>(provider => provider.GetRequiredService<SqliteStore>());
        services.AddSingleton<IStoreLifecycle>(provider => provider.GetRequiredService<SqliteStore>());
        services.AddSingleton<ICondition>(provider => provider.GetRequiredService<SqliteStore>());
        services.AddSingleton<IShardStore>(provider => provider.GetRequiredService<SqliteStore>());
        return services;
    }
}
