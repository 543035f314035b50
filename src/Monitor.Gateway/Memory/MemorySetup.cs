using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Monitor.Core.Ports;
using Monitor.Gateway.Access;
using Monitor.Gateway.Api.Targets;

namespace Monitor.Gateway.Memory;

/// <summary>Puts what is remembered before the store's ports. Wants them registered already: ITargetStore, IHistoryStore; uses ICluster, IEditedTargets and ILiveTargets where there are any.</summary>
internal static class MemorySetup
{
    public static void Add(IServiceCollection services)
    {
        services.AddSingleton<IHttpContextAccessor, HttpContextAccessor>();
        Wrap<ITargetStore>(services, provider => new RememberedTargets(
            provider.GetRequiredService<Stored<ITargetStore>>(), provider.GetRequiredService<StoreMemory>(), provider.GetRequiredService<Recall>()));
        Wrap<IHistoryStore>(services, provider => new RememberedHistory(provider.GetRequiredService<Stored<IHistoryStore>>(), provider.GetRequiredService<Recall>()));
        services.AddSingleton<StoreReach>();
        services.AddSingleton(provider => new StoreMemory(provider.GetRequiredService<ITargetRuntime>(), provider.GetService<ILiveTargets>()));
        services.AddSingleton<AnswerOrigin>();
        services.AddSingleton<Recall>();
        services.AddHostedService(provider => new MemoryKeeper(
            provider.GetRequiredService<StoreReach>(),
            provider.GetRequiredService<StoreMemory>(),
            provider.GetRequiredService<Stored<ITargetStore>>(),
            provider.GetRequiredService<Stored<IHistoryStore>>(),
            provider.GetRequiredService<TokenCache>(),
            provider.GetRequiredService<EditNews>(),
            provider.GetRequiredService<GatewayOptions>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<MemoryKeeper>>(),
            provider.GetService<ICluster>(),
            provider.GetService<IEditedTargets>()));
    }

    private static void Wrap<T>(IServiceCollection services, Func<IServiceProvider, T> wrap)
        where T : class
    {
        var inner = services.Last(service => service.ServiceType == typeof(T));
        services.Remove(inner);
        services.AddSingleton(provider => new Stored<T>((T)(inner.ImplementationInstance
            ?? inner.ImplementationFactory?.Invoke(provider)
            ?? ActivatorUtilities.CreateInstance(provider, inner.ImplementationType!))));
        services.AddSingleton(wrap);
    }
}
