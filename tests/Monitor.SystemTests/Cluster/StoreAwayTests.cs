using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Cluster;

/// <summary>The database goes away, for all silos or for one of them.</summary>
[Trait(Calm.Name, Calm.Yes)]
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

    /// <summary>Whoever is killed takes what only its journal knows along, until it is started again; its shards stand still as long as nobody can claim them.</summary>
    [Fact]
    public async Task A_silo_that_is_killed_and_started_again_around_an_outage_of_the_store_loses_no_episode()
    {
        await using var scene = await ClusterScene.StartAsync(3, 30);
        var owners = await scene.OwnersAsync();
        var robot = await scene.RobotsOwnerAsync();
        var victim = scene.Silos.First(silo => silo.Name != robot);
        var lost = (await scene.SitesOfAsync(victim)).ToArray();
        var others = scene.Web.All.Except(lost).ToArray();
        var (brief, open, late) = (lost.Take(2).ToArray(), lost.Skip(2).Take(2).ToArray(), others.Take(3).ToArray());
        var began = ClusterScene.Now;
        await scene.Store.StopAsync(Scene.Token);

        // Told by a silo that nobody can write for, and that is gone before anybody can: two outages that are over, two that end while it is dead.
        scene.Web.Fall([.. brief, .. open]);
        await scene.ToldWithinAsync([.. brief, .. open], resolved: false, TimeSpan.FromSeconds(2));
        scene.Web.Rise(brief);
        await scene.ToldWithinAsync(brief, resolved: true, TimeSpan.FromSeconds(2));
        await victim.KillAsync();
        scene.Web.Rise(open);
        scene.Web.Fall(late);
        await scene.ToldWithinAsync(late, resolved: false, TimeSpan.FromSeconds(2));
        scene.Web.Rise(late.Take(1));
        await scene.ToldWithinAsync(late[..1], resolved: true, TimeSpan.FromSeconds(2));
        await Eventually.TrueAsync("the store has been away for long", () => System.Diagnostics.Stopwatch.GetElapsedTime(began) > Sizes.StoreAway, Scene.Token, 2 * Sizes.StoreAway);
        scene.NoneLaterThan(TimeSpan.FromSeconds(1.5), "of the living, without the store", began, but: lost);
        var seen = late.ToDictionary(site => site, site => scene.Web.Visits(site).Count(visit => visit.WasDown));

        await scene.Store.StartAgainAsync(Scene.Token);
        await scene.BalancedAsync(2);
        var kept = (await scene.OwnersAsync()).Zip(owners).Count(pair => pair.First.Silo == pair.Second.Silo);
        Assert.Equal(owners.Count(row => row.Silo != victim.Name), kept);
        await victim.StartAsync();
        await scene.BalancedAsync(3);
        scene.Web.Rise(late);
        await scene.ToldAsync([.. brief, .. open, .. late], resolved: true);
        var via = scene.Silos.First(silo => silo != victim);
        await scene.OneEpisodeEachAsync([.. brief, .. open, .. late], via);
        foreach (var site in late)
        {
            // Of the time without the store there are results. One visit may have none: a probe that ended while its silo stood still is made again.
            var failed = (await via.Api.ResultsAsync(scene.Target(site), Scene.Token)).Count(result => result.Word("outcome") == "failed");
            Assert.InRange(failed, seen[site] - 1, int.MaxValue);
        }
    }

    [Fact]
    public async Task A_silo_cut_off_from_the_store_gives_its_shards_up_and_takes_its_share_again_when_healed()
    {
        await using var scene = await ClusterScene.StartAsync(3, 60, proxied: true);
        var cut = scene[1];
        var fallen = (await scene.SitesOfAsync(cut)).Take(4).ToArray();
        var began = ClusterScene.Now;
        cut.CutOff();
        await Eventually.TrueAsync("its shards are others'", async () => (await scene.OwnersAsync()).All(row => row.Silo != cut.Name), Scene.Token);
        var moved = System.Diagnostics.Stopwatch.GetElapsedTime(began);
        var allowance = scene.Allowance(began);
        ClusterScene.Note($"the shards of a silo that is cut off moved within {moved.TotalSeconds:0.00} s");

        // What falls now is seen and told by others only; the one that is cut off, and may see it too, says nothing.
        scene.Web.Fall(fallen);
        await scene.ToldAsync(fallen, resolved: false);
        await scene.VisitedAsync(2);
        scene.NoneLaterThan(TimeSpan.FromSeconds(4), "of a silo that is cut off", began);
        cut.Heal();
        await scene.BalancedAsync(3);
        scene.Web.Rise(fallen);
        await scene.ToldAsync(fallen, resolved: true);
        await scene.OneEpisodeEachAsync(fallen, cut);

        Assert.InRange(moved, TimeSpan.Zero, TimeSpan.FromSeconds(4) + allowance);
        Assert.NotEmpty(await scene.SitesOfAsync(cut));
    }
}
