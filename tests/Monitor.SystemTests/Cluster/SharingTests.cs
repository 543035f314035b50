using System.Globalization;
using System.Net;
using Monitor.Core.Shards;
using Monitor.SystemTests.Harness;
using Monitor.SystemTests.Web;
using Monitor.Tests.Shared;
using Xunit;
using WebClient = Monitor.SystemTests.Web.WebClient;

namespace Monitor.SystemTests.Cluster;

/// <summary>Silos that come and go on purpose, and any of them asked for anything.</summary>
[Trait(Calm.Name, Calm.Yes)]
public sealed class SharingTests
{
    /// <summary>
    /// A shard that is handed over stands still for half a second at most; what was due meanwhile is made up for. What comes on top is only what a silo says that it stood still itself: a
    /// machine may take the processor from one process for two seconds (seen once), and turns of that time are missed by design.
    /// </summary>
    private static readonly TimeSpan Punctual = TimeSpan.FromSeconds(1.5);

    private const string BadSlot = "<path class=\"f\"";

    [Fact]
    public async Task Shards_move_to_who_joins_and_from_who_leaves_and_no_check_is_late()
    {
        await using var scene = await ClusterScene.StartAsync(3, 60);

        var began = ClusterScene.Now;
        var before = await scene.OwnersAsync();
        await scene.JoinAsync();
        await BalancedSoonAsync(scene, 4);
        var joined = await scene.OwnersAsync();
        await scene.VisitedAsync(2);
        scene.NoneLaterThan(Punctual + scene.StoodStill(began), "at a join", began);

        began = ClusterScene.Now;
        var (code, took) = await scene[1].StopAsync();
        await BalancedSoonAsync(scene, 3);
        var left = await scene.OwnersAsync();
        await scene.VisitedAsync(2);
        scene.NoneLaterThan(Punctual + scene.StoodStill(began), "at a leave", began);

        Assert.Equal(0, code);
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Assert.Equal(64, Moved(before, joined));
        Assert.All(joined.Zip(before), pair => Assert.True(pair.First.Epoch <= pair.Second.Epoch + 1, $"shard {pair.First.Shard} moved twice"));
        Assert.Equal(64, Moved(joined, left));
        Assert.Empty(scene.Robot.Messages);
    }

    [Fact]
    public async Task A_silo_that_stood_still_as_it_was_told_to_end_says_so_and_nothing_is_later_for_more_than_that()
    {
        await using var scene = await ClusterScene.StartAsync(3, 30);
        await scene.VisitedAsync(2);

        var began = ClusterScene.Now;
        var silo = scene[1];
        silo.Freeze();
        await Eventually.NothingForAsync(TimeSpan.FromSeconds(1.8), Scene.Token);
        var stopped = silo.StopAsync();
        silo.Thaw();
        Assert.Equal(0, (await stopped).Code);
        await scene.BalancedAsync(2);
        await scene.VisitedAsync(2);

        var stood = scene.StoodStill(began);
        Assert.InRange(stood, TimeSpan.FromSeconds(1.7), TimeSpan.FromSeconds(1.9) + scene.Allowance(began));
        scene.NoneLaterThan(Punctual + stood, "at a leave after a standstill", began);
        Assert.Empty(scene.Robot.Messages);
    }

    [Fact]
    public async Task Any_silo_answers_for_the_whole_cluster()
    {
        await using var scene = await ClusterScene.StartAsync(3, 24);
        var channel = (await scene[0].Api.GetAsync("/api/v1/channels", Scene.Token))["items"]![0]!.Number("id");
        var owners = (await scene.OwnersAsync()).ToDictionary(row => row.Shard, row => row.Silo);
        var strangers = 0;
        foreach (var silo in scene.Running)
        {
            var list = await silo.Api.GetAsync("/api/v1/targets?limit=500&status=healthy", Scene.Token);
            Assert.Equal(24, list.Number("total"));
            var tested = await silo.Api.PostAsync($"/api/v1/channels/{channel}/test", null, Scene.Token);
            Assert.True(tested["sent"]!.GetValue<bool>(), tested.ToJsonString());
            foreach (var site in scene.Web.All.Take(8))
            {
                var owner = owners[ShardMap.Of(scene.Target(site))];
                var probe = await silo.Api.PostAsync($"/api/v1/targets/{scene.Target(site)}/probe", null, Scene.Token);
                Assert.Equal(("ok", "manual", owner), (probe.Word("outcome")!, probe.Word("trigger")!, probe.Word("silo")!));
                strangers += owner == silo.Name ? 0 : 1;
            }
        }

        Assert.True(strangers > 0);
        Assert.Equal(3, scene.Robot.Messages.Count);
    }

    [Fact]
    public async Task An_edit_through_any_silo_is_live_on_the_owner_at_once_and_a_deleted_target_rests()
    {
        await using var scene = await ClusterScene.StartAsync(3, 12);
        await using var moved = await WebTargets.StartAsync(12, Scene.Token);
        foreach (var site in scene.Web.All)
        {
            // Never through its owner.
            var stranger = await StrangerAsync(scene, site);
            await stranger.Api.PatchAsync($"/api/v1/targets/{scene.Target(site)}", new { config = new { url = moved.Url(site) } }, Scene.Token);
        }

        var edited = ClusterScene.Now;
        await Eventually.TrueAsync("all are visited where they are now", () => moved.All.All(site => moved.Visits(site).Count > 0), Scene.Token, TimeSpan.FromSeconds(10));
        var slowest = moved.All.Max(site => System.Diagnostics.Stopwatch.GetElapsedTime(edited, moved.Visits(site)[0].Timestamp));
        ClusterScene.Note(string.Create(CultureInfo.InvariantCulture, $"an edit is live after at most {slowest.TotalSeconds:0.00} s"));

        // Up to a second until the owner sees it, and up to one until its next turn.
        Assert.InRange(slowest, TimeSpan.MinValue, TimeSpan.FromSeconds(3.5));
        foreach (var site in moved.All.Take(6))
        {
            await (await StrangerAsync(scene, site)).Api.DeleteAsync($"/api/v1/targets/{scene.Target(site)}", Scene.Token);
        }

        await Eventually.NothingForAsync(TimeSpan.FromSeconds(2), Scene.Token);
        var visits = moved.All.Select(site => moved.Visits(site).Count).ToArray();
        await Eventually.TrueAsync("the others go on", () => moved.All.Skip(6).All(site => moved.Visits(site).Count >= visits[site] + 3), Scene.Token);
        Assert.All(moved.All.Take(6), site => Assert.Equal(visits[site], moved.Visits(site).Count));
        foreach (var silo in scene.Running)
        {
            Assert.Equal(HttpStatusCode.NotFound, (await silo.Api.SendAsync(HttpMethod.Get, $"/api/v1/targets/{scene.Target(0)}", null, Scene.Token)).Status);
        }

        Assert.Empty(scene.Robot.Messages);
    }

    [Fact]
    public async Task The_strip_of_a_target_on_any_silos_page_is_what_its_owner_has_seen()
    {
        await using var scene = await ClusterScene.StartAsync(3, 6);
        var pages = scene.Running.Select(silo => new WebClient(new Uri(silo.Address))).ToArray();
        foreach (var page in pages)
        {
            Assert.Equal(303, (await page.SignInAsync(SiloProcess.AdminToken)).Status);
            await Eventually.GetAsync("all six are on it", async () => (await page.GetAsync("/")).Html is var html && scene.Web.All.All(site => html.Contains(Mark(scene.Target(site)), StringComparison.Ordinal)) ? page : null, Scene.Token);
            Assert.DoesNotContain(BadSlot, Tile(await page.GetAsync("/"), scene.Target(0)), StringComparison.Ordinal);
        }

        // One failed check is no alert and no state: only the strip tells of it afterwards.
        scene.Web.Fall([0]);
        await Eventually.TrueAsync("one check has failed", () => scene.Web.Visits(0).Any(visit => visit.WasDown), Scene.Token);
        scene.Web.Rise([0]);
        foreach (var page in pages)
        {
            await Eventually.GetAsync("the strip shows it", async () => Tile(await page.GetAsync("/"), scene.Target(0)).Contains(BadSlot, StringComparison.Ordinal) ? page : null, Scene.Token, TimeSpan.FromSeconds(30));
            Assert.DoesNotContain(BadSlot, Tile(await page.GetAsync("/"), scene.Target(1)), StringComparison.Ordinal);
            page.Dispose();
        }

        Assert.Empty(scene.Robot.Messages);
    }

    /// <summary>Ten seconds after somebody has joined or left.</summary>
    private static async Task BalancedSoonAsync(ClusterScene scene, int silos)
    {
        var began = ClusterScene.Now;
        await scene.BalancedAsync(silos);
        var took = System.Diagnostics.Stopwatch.GetElapsedTime(began);
        ClusterScene.Note(string.Create(CultureInfo.InvariantCulture, $"{silos} silos share the shards after {took.TotalSeconds:0.00} s"));
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(10) + scene.Allowance(began));
    }

    private static string Mark(long target) => $"id=\"t-{target}\"";

    private static string Tile(WebAnswer page, long target)
    {
        var begin = page.Html.IndexOf(Mark(target), StringComparison.Ordinal);
        Assert.True(begin >= 0, $"target {target} is not on the page");
        return page.Html[begin..page.Html.IndexOf("</a>", begin, StringComparison.Ordinal)];
    }

    private static async Task<ClusterSilo> StrangerAsync(ClusterScene scene, int site)
    {
        var owner = (await scene.OwnersAsync())[ShardMap.Of(scene.Target(site))].Silo;
        return scene.Running.First(silo => silo.Name != owner);
    }

    private static int Moved(IEnumerable<(int Shard, string Silo, long Epoch)> from, IEnumerable<(int Shard, string Silo, long Epoch)> to) =>
        from.Zip(to).Count(pair => pair.First.Silo != pair.Second.Silo);
}
