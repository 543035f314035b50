using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Monitor.Core.Ports;
using Monitor.Grains.Writing;

namespace Monitor.Grains.Notifying;

/// <summary>Registers what sends, as everything that it is. Register it after the writer's hosted service, so that it stops before the writer does.</summary>
public static class NotifyingSetup
{
    /// <summary>One silo: all robots are its own.</summary>
    /// <param name="options">Made when the notifier is: the secret may come from the store.</param>
    /// <param name="http">Without redirects and proxy, with the outbound rules at its connections.</param>
    public static IServiceCollection AddMonitorNotifying(
        this IServiceCollection services, Func<IServiceProvider, NotifierOptions> options, Func<IServiceProvider, HttpMessageInvoker> http)
    {
        AddFactory(services, options, http);
        services.AddSingleton(provider => provider.GetRequiredService<NotifierFactory>().Make(RobotScope.All));
        return As<Notifier>(services);
    }

    /// <summary>A silo of a cluster: the robots of the shards that it owns. Wants what brings shards to tell <see cref="ShardNotifiers"/>.</summary>
    public static IServiceCollection AddShardNotifying(
        this IServiceCollection services, Func<IServiceProvider, NotifierOptions> options, Func<IServiceProvider, HttpMessageInvoker> http)
    {
        AddFactory(services, options, http);
        services.AddSingleton<ShardNotifiers>();
        return As<ShardNotifiers>(services);
    }

    private static void AddFactory(
        IServiceCollection services, Func<IServiceProvider, NotifierOptions> options, Func<IServiceProvider, HttpMessageInvoker> http) =>
        services.AddSingleton(provider => new NotifierFactory(
            provider.GetRequiredService<IGrainStore>(),
            provider.GetRequiredService<IRecordWriter>(),
            http(provider),
            options(provider),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<Notifier>>()));

    private static IServiceCollection As<T>(IServiceCollection services)
        where T : class, IDeliveryQueue, IChannelTester, ICondition, IHostedService
    {
        services.AddSingleton<IDeliveryQueue>(provider => provider.GetRequiredService<T>());
        services.AddSingleton<IChannelTester>(provider => provider.GetRequiredService<T>());
        services.AddSingleton<ICondition>(provider => provider.GetRequiredService<T>());
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<T>());
        return services;
    }
}
