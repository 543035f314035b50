using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Monitor.Core.Ports;
using Monitor.Grains.Writing;

namespace Monitor.Grains.Notifying;

/// <summary>Registers the notifier as everything that it is. Register it after the writer's hosted service, so that it stops before the writer does.</summary>
public static class NotifyingSetup
{
    /// <param name="options">Made when the notifier is: the secret may come from the store.</param>
    /// <param name="http">Without redirects and proxy, with the outbound rules at its connections.</param>
    public static IServiceCollection AddMonitorNotifying(
        this IServiceCollection services, Func<IServiceProvider, NotifierOptions> options, Func<IServiceProvider, HttpMessageInvoker> http)
    {
        services.AddSingleton(provider => new Notifier(
            provider.GetRequiredService<IGrainStore>(),
            provider.GetRequiredService<IRecordWriter>(),
            http(provider),
            options(provider),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<Notifier>>()));
        services.AddSingleton<IDeliveryQueue>(provider => provider.GetRequiredService<Notifier>());
        services.AddSingleton<IChannelTester>(provider => provider.GetRequiredService<Notifier>());
        services.AddSingleton<ICondition>(provider => provider.GetRequiredService<Notifier>());
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<Notifier>());
        return services;
    }
}
