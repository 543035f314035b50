using System.Text.Encodings.Web;
using System.Text.Unicode;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Monitor.Core.Ports;
using Monitor.Gateway.Web.Alerts;
using Monitor.Gateway.Web.Channels;
using Monitor.Gateway.Web.Cluster;
using Monitor.Gateway.Web.Forms;
using Monitor.Gateway.Web.Live;
using Monitor.Gateway.Web.Overview;
using Monitor.Gateway.Web.Serving;
using Monitor.Gateway.Web.Sessions;
using Monitor.Gateway.Web.Settings;
using Monitor.Gateway.Web.Targets;
using Monitor.Gateway.Web.Viewing;

namespace Monitor.Gateway.Web;

/// <summary>Puts the web pages into the gateway.</summary>
internal static class WebSetup
{
    public static void Add(IServiceCollection services)
    {
        // Chinese as it is, not as numbers: pages are UTF-8.
        services.AddSingleton(HtmlEncoder.Create(UnicodeRanges.All));
        services.AddSingleton<AssetFiles>();
        services.AddSingleton<IAssetAddresses>(provider => provider.GetRequiredService<AssetFiles>());
        services.AddSingleton<InstallationKeys>();
        services.AddSingleton<BrowserSessions>();
        services.AddSingleton<FormGuard>();
        services.AddSingleton<SignInLimit>();
        services.AddSingleton<Visitors>();
        services.AddSingleton<PageWriter>();
        services.AddSingleton<PageRoutes>();
        services.AddSingleton<SchemaForm>();
        services.AddSingleton<RecentPast>();
        services.AddSingleton<IRecentPast>(provider => provider.GetRequiredService<RecentPast>());
        services.AddSingleton<BoardReader>();
        services.AddSingleton<LiveHub>();
        services.AddHostedService(provider => provider.GetRequiredService<LiveHub>());
        services.AddHostedService<PastKeeper>();
        services.AddSingleton<LiveTopics>();
        services.AddSingleton<LivePages>();
        services.AddSingleton<OverviewPages>();
        services.AddSingleton<TargetListPages>();
        services.AddSingleton<TargetPages>();
        services.AddSingleton<TargetFormPages>();
        services.AddSingleton<ChannelPages>();
        services.AddSingleton<AlertPages>();
        services.AddSingleton<ClusterPages>();
        services.AddSingleton<SettingsPages>();
        services.AddSingleton<SignInPages>();
    }

    public static void Map(WebApplication app)
    {
        var services = app.Services;
        var pages = services.GetRequiredService<PageRoutes>();
        services.GetRequiredService<AssetFiles>().Map(app);
        services.GetRequiredService<LivePages>().Map(app);
        services.GetRequiredService<OverviewPages>().Map(app, pages);
        services.GetRequiredService<TargetListPages>().Map(app, pages);
        services.GetRequiredService<TargetPages>().Map(app, pages);
        services.GetRequiredService<TargetFormPages>().Map(app, pages);
        services.GetRequiredService<ChannelPages>().Map(app, pages);
        services.GetRequiredService<AlertPages>().Map(app, pages);
        services.GetRequiredService<ClusterPages>().Map(app, pages);
        services.GetRequiredService<SettingsPages>().Map(app, pages);
        services.GetRequiredService<SignInPages>().Map(app, pages);
    }
}
