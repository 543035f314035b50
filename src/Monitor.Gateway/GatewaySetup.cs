using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Monitor.Gateway.Access;
using Monitor.Gateway.Api;
using Monitor.Gateway.Api.Alerts;
using Monitor.Gateway.Api.Channels;
using Monitor.Gateway.Api.Service;
using Monitor.Gateway.Api.Targets;
using Monitor.Gateway.Api.Tokens;
using Monitor.Gateway.Health;
using Monitor.Gateway.Memory;
using Monitor.Gateway.Metrics;
using Monitor.Gateway.OpenApi;
using Monitor.Gateway.Peers;
using Monitor.Gateway.Web;
using Monitor.Gateway.Web.Serving;

namespace Monitor.Gateway;

/// <summary>
/// Puts the gateway into a host. Needs from it: the ports ITargetStore, IHistoryStore, ITokenStore, IStoreLifecycle, ITargetRuntime, IChannelTester,
/// ISiloDirectory, any number of ICondition, where there are other silos IPeerDesk, ICluster, IEditedTargets and ILiveTargets, and SiloIdentity, ProberCatalog, TimeProvider.
/// </summary>
public static class GatewaySetup
{
    /// <summary>What Kestrel must refuse by itself. Bodies are bounded again where they are read.</summary>
    public static void LimitKestrel(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = RequestBody.MaxBytes;
        kestrel.Limits.MaxRequestHeaderCount = 100;
    }

    /// <summary>Register the store before: what is remembered of it is put before its ports.</summary>
    public static IServiceCollection AddMonitorGateway(this IServiceCollection services, GatewayOptions options)
    {
        services.AddRoutingCore();
        services.AddSingleton(options);
        services.AddSingleton<StartupGate>();
        services.AddSingleton<TokenCache>();
        services.AddSingleton<CallerFinder>();
        services.AddSingleton<AdminBootstrap>();
        services.AddHostedService<TokenTouches>();
        services.AddSingleton<MetricRegistry>();
        services.AddSingleton<TargetReader>();
        services.AddSingleton<TargetOperations>();
        services.AddSingleton<EditNews>();
        services.AddSingleton<TargetEdits>();
        services.AddSingleton<DryRuns>();
        services.AddSingleton<ChannelEdits>();
        services.AddSingleton<TokenEdits>();
        services.AddSingleton<TargetsApi>();
        services.AddSingleton<ProbesApi>();
        services.AddSingleton<HistoryApi>();
        services.AddSingleton<ChannelsApi>();
        services.AddSingleton<AlertsApi>();
        services.AddSingleton<TokensApi>();
        services.AddSingleton<ClusterFigures>();
        services.AddSingleton<ServiceApi>();
        services.AddSingleton<HealthApi>();
        services.AddSingleton<MetricsApi>();
        services.AddSingleton<OpenApiDocument>();
        services.AddSingleton<PeerApi>();
        MemorySetup.Add(services);
        WebSetup.Add(services);
        return services;
    }

    /// <summary>Maps every address; metrics are counted from here on.</summary>
    public static WebApplication MapMonitorGateway(this WebApplication app)
    {
        app.UseMiddleware<ProblemMiddleware>();
        app.UseMiddleware<ErrorPages>();
        app.UseMiddleware<AccessGate>();
        var services = app.Services;
        var targets = services.GetRequiredService<TargetOperations>();
        services.GetRequiredService<TargetsApi>().Map(app, targets);
        services.GetRequiredService<ProbesApi>().Map(app, targets);
        services.GetRequiredService<HistoryApi>().Map(app, targets);
        services.GetRequiredService<ChannelsApi>().Map(app);
        services.GetRequiredService<AlertsApi>().Map(app);
        services.GetRequiredService<TokensApi>().Map(app);
        services.GetRequiredService<ServiceApi>().Map(app);
        services.GetRequiredService<HealthApi>().Map(app);
        services.GetRequiredService<MetricsApi>().Map(app);
        services.GetRequiredService<OpenApiDocument>().Map(app);
        services.GetRequiredService<PeerApi>().Map(app);
        WebSetup.Map(app);
        return app;
    }
}
