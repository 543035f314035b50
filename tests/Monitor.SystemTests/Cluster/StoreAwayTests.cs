using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Cluster;

/// <summary>The database goes away for all silos.</summary>
[Collection(Alone.Name)]
public sealed class StoreAwayTests
{
    [Fact]
    public async Task While_the_store_is_away_notices_flow_and_afterwards_each_episode_has_its_record()
    {
        await using var scene = await ClusterScene.StartAsync(3, 30);
        var (early, late) = (scene.Web.All.Take(6).ToArray(), scene.Web.All.Skip(6).Take(3).ToArray());
        scene.Web.Fall(early);
        await scene.ToldAsync(early, resolved: false);
        var owners = await scene.OwnersAsync();
        var began = ClusterScene.Now;
        await scene.Store.StopAsync(Scene.Token);

        // Half of what was down recovers, and others fall, with nobody to write it down.
        var risen = early.Take(3).ToArray();
        scene.Web.Rise(risen);
        scene.Web.Fall(late);
        await scene.ToldAsync(risen, resolved: true, TimeSpan.FromSeconds(8));
        await scene.ToldAsync(late, resolved: false, TimeSpan.FromSeconds(8));
        scene.Web.Rise(late);
        await scene.ToldAsync(late, resolved: true, TimeSpan.FromSeconds(8));
        await Eventually.TrueAsync("20 s have passed", () => System.Diagnostics.Stopwatch.GetElapsedTime(began) > TimeSpan.FromSeconds(20), Scene.Token);
        foreach (var silo in scene.Running)
        {
            // Nothing restarts it, and whoever asks hears why it cannot answer reads.
            await silo.Api.GetAsync("/healthz", Scene.Token);
            Assert.Contains("database", (await silo.Api.SendAsync(HttpMethod.Get, "/readyz", null, Scene.Token)).Text, StringComparison.Ordinal);
        }

        await scene.VisitedAsync(1);

        // Nobody lets go of anything.
        scene.NoneLaterThan(TimeSpan.FromSeconds(1.5), "without the store", began);
        await scene.Store.StartAgainAsync(Scene.Token);
        scene.Web.Rise(early);
        await scene.ToldAsync(early, resolved: true);
        await scene.OneEpisodeEachAsync([.. early, .. late], scene[0]);
        await scene.BalancedAsync(3);
        Assert.Equal(owners, await scene.OwnersAsync());
    }
}
