using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Monitor.Core.Ports;
using Monitor.Grains.Journal;
using Monitor.Grains.Scheduling;
using Monitor.Grains.Shards.Leases;
using Monitor.Grains.Writing;

namespace Monitor.Grains.Shards;

/// <summary>Wires leases. Wants from the container, beside what the targets want: ILeaseStore, IStrayEpisodes, IPeerCalls, RecordWriter, StoreCondition.</summary>
public static class ClusterShardsSetup
{
    /// <summary>
    /// Shards come and go by leases: instead of <c>AddEmbeddedStore</c> and <c>AddOneNodeShards</c>. Register it last: it stops first, while everything that it hands over can still be written.
    /// <see cref="LeaseKeeper.AnswerAsync"/> is what the call of a peer comes to.
    /// </summary>
    public static IServiceCollection AddClusterShards(this IServiceCollection services)
    {
        services.AddSingleton(LeaseRules.Default);
        services.AddSingleton(provider => SteadyClock.Machine(provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<LeaseTerm>();
        services.AddSingleton<LeaseLanes>();
        services.AddSingleton<ILeaseLanes>(provider => provider.GetRequiredService<LeaseLanes>());
        services.AddSingleton(provider => Vitals(
            provider.GetRequiredService<Scheduler>(),
            provider.GetRequiredService<RecordWriter>(),
            provider.GetRequiredService<StoreCondition>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<RecentWrites>();
        services.AddSingleton<LostSeconds>();
        services.AddSingleton(Strays);
        services.AddSingleton<LeaseDesk>();
        services.AddSingleton<EditFollower>();
        services.AddSingleton(LeaseState.New(LeaseRules.Default));
        services.AddSingleton<LeaseKeeper>();
        services.AddHostedService<LeaseLoop>();
        return services;
    }

    /// <summary>With a journal of their own, in a folder within the writer's.</summary>
    private static Strays Strays(IServiceProvider provider)
    {
        var (journal, time) = (provider.GetRequiredService<JournalOptions>(), provider.GetRequiredService<TimeProvider>());
        var own = journal with { Folder = Path.Combine(journal.Folder, "strays") };
        return new Strays(
            provider.GetRequiredService<IStrayEpisodes>(),
            new RecordJournal(new JournalFolder(own.Folder), own, time, provider.GetRequiredService<ILogger<RecordJournal>>()),
            time,
            provider.GetRequiredService<ILogger<Strays>>());
    }

    private static LeaseVitals Vitals(Scheduler scheduler, RecordWriter writer, StoreCondition condition, TimeProvider time) => new(
        () => time.GetElapsedTime(scheduler.LastTurned), () => time.GetElapsedTime(writer.LastTurned), () => condition.HasGap && condition.IsAvailable);
}
