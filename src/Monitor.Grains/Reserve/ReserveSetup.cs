using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Monitor.Core.Ports;
using Monitor.Grains.Journal;

namespace Monitor.Grains.Reserve;

/// <summary>Wires what a silo of a cluster keeps for a start without the store. Wants the store's ports registered before, and ISharedStore; the journal and the leases besides.</summary>
public static class ReserveSetup
{
    /// <param name="folder">Holds nothing else.</param>
    public static IServiceCollection AddReserve(this IServiceCollection services, string folder)
    {
        services.AddSingleton<ReserveQueue>();
        services.AddSingleton(provider => new ReserveLog(new JournalFolder(folder), provider.GetRequiredService<ISharedStore>(), provider.GetRequiredService<ILogger<ReserveLog>>()));
        Wrap<IGrainStore, ReservedStore>(services, (store, queue) => new ReservedStore(store, queue));
        Wrap<ITokenStore, ReservedTokens>(services, (store, queue) => new ReservedTokens(store, queue));
        services.AddSingleton<Rescue>();
        return services;
    }

    /// <summary>Registered just before the leases: it notes what becomes of them to the end, and takes up what was kept before they turn.</summary>
    public static IServiceCollection AddReserveKeeping(this IServiceCollection services) => services.AddHostedService<ReserveKeeper>().AddHostedService<ReserveStart>();

    private static void Wrap<TPort, T>(IServiceCollection services, Func<TPort, ReserveQueue, T> wrap)
        where TPort : class
        where T : class, TPort
    {
        var inner = services.Last(service => service.ServiceType == typeof(TPort));
        services.Remove(inner);
        services.AddSingleton(provider => wrap(
            (TPort)(inner.ImplementationFactory?.Invoke(provider) ?? inner.ImplementationInstance ?? ActivatorUtilities.CreateInstance(provider, inner.ImplementationType!)),
            provider.GetRequiredService<ReserveQueue>()));
        services.AddSingleton<TPort>(provider => provider.GetRequiredService<T>());
    }
}
