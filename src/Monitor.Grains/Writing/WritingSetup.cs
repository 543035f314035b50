using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Monitor.Core.Diagnostics;
using Monitor.Core.Ports;
using Monitor.Grains.Journal;
using Monitor.Grains.Upkeep;

namespace Monitor.Grains.Writing;

public static class WritingSetup
{
    /// <summary>
    /// The writer, its journal, the store's condition and the upkeep. Needs <see cref="IGrainStore"/>, <see cref="IStoreLifecycle"/> and
    /// <see cref="SiloIdentity"/>. The writer is started and stopped by whoever starts the targets: see <see cref="RecordWriter"/> for the order.
    /// </summary>
    public static IServiceCollection AddMonitorWriting(this IServiceCollection services, JournalOptions journal, Retention retention)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(journal);
        services.AddSingleton(retention);
        services.AddSingleton<IJournalFiles>(_ => new JournalFolder(journal.Folder));
        services.AddSingleton<RecordJournal>();
        services.AddSingleton<BatchCommit>();
        services.AddSingleton(provider => Measured(new StoreCondition(provider.GetRequiredService<IStoreLifecycle>())));
        services.AddSingleton<ICondition>(provider => provider.GetRequiredService<StoreCondition>());
        services.AddSingleton<RecordWriter>();
        services.AddSingleton<IRecordWriter>(provider => provider.GetRequiredService<RecordWriter>());
        services.AddHostedService<StoreUpkeep>();
        return services;
    }

    private static StoreCondition Measured(StoreCondition condition)
    {
        Telemetry.Gauge(
            "monitor_store_available",
            "1 while the store takes writes, 0 while records are kept for it.",
            () => [new Measurement<double>(condition.IsAvailable ? 1 : 0)]);
        return condition;
    }
}
