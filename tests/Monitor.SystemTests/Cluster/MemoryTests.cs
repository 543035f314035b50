using System.Net;
using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Cluster;

/// <summary>What any silo answers while the database is away for all of them.</summary>
[Trait(Calm.Name, Calm.Yes)]
public sealed class MemoryTests
{
    [Fact]
    public async Task While_the_store_is_away_any_silo_tells_how_all_targets_are_and_takes_no_edits()
    {
        await using var scene = await ClusterScene.StartAsync(2, 12);
        var viewer = await ViewerAsync(scene);

        // An edit through one silo is known to the other before the store goes.
        await scene[0].Api.PatchAsync($"/api/v1/targets/{scene.Target(0)}", new { group = "renamed" }, Scene.Token);
        await scene[1].Api.PatchAsync($"/api/v1/targets/{scene.Target(1)}", new { group = "renamed" }, Scene.Token);
        await Eventually.NothingForAsync(TimeSpan.FromSeconds(6), Scene.Token);
        await scene.Store.StopAsync(Scene.Token);
        int[] down = [.. scene.Web.All.Where(site => site % 3 == 0)];
        scene.Web.Fall(down);
        await scene.ToldAsync(down, resolved: false, TimeSpan.FromSeconds(12));
        foreach (var silo in scene.Running)
        {
            await Eventually.TrueAsync($"{silo.Name} knows which are down, its own and the others'", async () =>
            {
                var list = await silo.Api.GetAsync("/api/v1/targets?status=unhealthy&limit=500", Scene.Token);
                return list["items"]!.AsArray().Select(item => item!.Number("id")).SequenceEqual(down.Select(scene.Target).Order());
            }, Scene.Token);
            var firing = await silo.Api.GetAsync("/api/v1/alerts?status=firing", Scene.Token);
            Assert.Equal(down.Select(scene.Target).Order(), firing["items"]!.AsArray().Select(alert => alert!.Number("target_id")).Order());
            Assert.All(firing["items"]!.AsArray(), alert => Assert.Null(alert!["id"]));
            Assert.Equal(2, (await silo.Api.GetAsync("/api/v1/targets?group=renamed", Scene.Token)).Number("total"));
            Assert.Equal(1, (await silo.Api.GetAsync("/api/v1/channels", Scene.Token)).Number("total"));
            Assert.Equal(2, (await silo.ClusterAsync())["silos"]!.AsArray().Count);
            var ready = await silo.Api.SendAsync(HttpMethod.Get, "/readyz", null, Scene.Token);
            Assert.Equal((HttpStatusCode.OK, "degraded"), (ready.Status, ready.Good().Word("status")));
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await silo.Api.SendAsync(HttpMethod.Get, $"/api/v1/targets/{scene.Target(0)}/results", null, Scene.Token)).Status);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await silo.Api.SendAsync(HttpMethod.Patch, $"/api/v1/targets/{scene.Target(0)}", new { name = "x" }, Scene.Token)).Status);
            using var asViewer = new ApiClient(silo.Address, viewer);
            Assert.Equal(12, (await asViewer.GetAsync("/api/v1/targets", Scene.Token)).Number("total"));
        }

        Assert.DoesNotContain(scene.Robot.Messages, message => message.Content.Contains("cut off", StringComparison.Ordinal));
        await scene.Store.StartAgainAsync(Scene.Token);
        scene.Web.Rise(down);
        await scene.ToldAsync(down, resolved: true);
        await scene.OneEpisodeEachAsync(down, scene[1]);
    }

    /// <summary>A token that is made through one silo is known to the other, and one that is revoked there is not.</summary>
    private static async Task<string> ViewerAsync(ClusterScene scene)
    {
        var gone = await scene[0].Api.PostAsync("/api/v1/tokens", new { name = "gone", role = "viewer" }, Scene.Token);
        var kept = await scene[0].Api.PostAsync("/api/v1/tokens", new { name = "kept", role = "viewer" }, Scene.Token);
        using var revoked = new ApiClient(scene[1].Address, gone.Word("token"));
        using var viewer = new ApiClient(scene[1].Address, kept.Word("token"));
        await Eventually.TrueAsync("both are known", async () =>
            (await revoked.SendAsync(HttpMethod.Get, "/api/v1/targets", null, Scene.Token)).Status == HttpStatusCode.OK
            && (await viewer.SendAsync(HttpMethod.Get, "/api/v1/targets", null, Scene.Token)).Status == HttpStatusCode.OK, Scene.Token, TimeSpan.FromSeconds(3));
        await scene[0].Api.DeleteAsync($"/api/v1/tokens/{gone.Number("id")}", Scene.Token);
        await Eventually.TrueAsync("it is revoked everywhere", async () =>
            (await revoked.SendAsync(HttpMethod.Get, "/api/v1/targets", null, Scene.Token)).Status == HttpStatusCode.Unauthorized, Scene.Token, TimeSpan.FromSeconds(5));
        return kept.Word("token")!;
    }
}
