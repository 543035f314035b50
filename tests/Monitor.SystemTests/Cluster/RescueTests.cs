using System.Net;
using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Cluster;

/// <summary>A silo that starts while the database is away.</summary>
[Trait(Calm.Name, Calm.Yes)]
public sealed class RescueTests
{
    [Fact]
    public async Task A_silo_that_is_killed_and_started_without_the_store_goes_on_from_what_it_has_kept()
    {
        await using var scene = await ClusterScene.StartAsync(3, 30);
        var victim = scene[1];
        var mine = await scene.SitesOfAsync(victim);
        int[] early = [.. mine.Take(2)];
        int[] decided = [.. mine.Skip(2).Take(2)];
        int[] late = [.. mine.Skip(4).Take(2)];
        scene.Web.Fall(early);
        await scene.ToldAsync(early, resolved: false);
        await scene.StoredAsToldAsync(early);
        await scene.VisitedAsync(2);
        var owners = await scene.OwnersAsync();

        await scene.Store.StopAsync(Scene.Token);
        scene.Web.Fall(decided);
        await scene.ToldAsync(decided, resolved: false, TimeSpan.FromSeconds(12));
        await scene.VisitedAsync(3);
        await victim.KillAsync();
        await victim.LaunchAsync();

        // Its targets are watched again, from where they were: what is down was told, and is told no more.
        await scene.VisitedAsync(3);
        scene.Web.Rise([early[0], decided[0]]);
        scene.Web.Fall(late);
        await scene.ToldAsync([early[0], decided[0]], resolved: true, TimeSpan.FromSeconds(20));
        await scene.ToldAsync(late, resolved: false, TimeSpan.FromSeconds(20));
        Assert.Equal(HttpStatusCode.OK, (await victim.Api.SendAsync(HttpMethod.Get, "/api/v1/cluster", null, Scene.Token)).Status);
        Assert.DoesNotContain(scene.Robot.Messages, message => message.Content.Contains("cut off", StringComparison.Ordinal));

        await scene.Store.StartAgainAsync(Scene.Token);
        scene.Web.Rise([.. early, .. decided, .. late]);
        await scene.ToldAsync([.. early, .. decided, .. late], resolved: true);
        await scene.OneEpisodeEachAsync([.. early, .. decided, .. late], scene[0]);
        await scene.BalancedAsync(3);
        Assert.Equal(owners, await scene.OwnersAsync());

        // An edit reaches it as any other.
        await scene[0].Api.PatchAsync($"/api/v1/targets/{scene.Target(late[0])}", new { enabled = false }, Scene.Token);
        await Eventually.TrueAsync("it has taken the edit up", async () => (await victim.Api.TargetAsync(scene.Target(late[0]), Scene.Token)).Word("status") == "disabled", Scene.Token);
    }

    [Fact]
    public async Task A_silo_that_has_kept_nothing_does_not_start_without_the_store()
    {
        await using var scene = await ClusterScene.StartAsync(1, 1);
        await scene.Store.StopAsync(Scene.Token);
        await using var stranger = new ClusterSilo("stranger", [scene.Store], new ClusterPlan { Silos = 1, Sites = 1 });
        await Assert.ThrowsAsync<InvalidOperationException>(stranger.StartAsync);
    }
}
