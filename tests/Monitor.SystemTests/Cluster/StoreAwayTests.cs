using System.Diagnostics;
using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Cluster;

/// <summary>The database goes away, for all silos or for one of them.</summary>
[Trait(Calm.Name, Calm.Yes)]
public sealed class StoreAwayTests
{
    /// <summary>From its decision to the robot's.</summary>
    private static readonly TimeSpan Told = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Punctual = TimeSpan.FromSeconds(1.5);

    /// <summary>Two minutes in which nothing can be written down, while targets fall and recover and one silo is killed and started: it begins from what it has kept, and goes on.</summary>
    [Fact]
    public async Task While_the_store_is_away_notices_flow_and_afterwards_each_episode_has_its_record()
    {
        await using var scene = await ClusterScene.StartAsync(3, 30);
        var owners = await scene.OwnersAsync();
        var robot = await scene.RobotsOwnerAsync();
        var victim = scene.Silos.First(silo => silo.Name != robot);
        var its = await scene.SitesOfAsync(victim);
        int[] others = [.. scene.Web.All.Except(its)];
        int[] early = [.. others[..3], .. its.Take(3)];
        int[] late = [.. others[3..5], its[3]];
        int[] last = [others[5], .. its.Skip(4).Take(2)];
        scene.Web.Fall(early);
        await scene.ToldAsync(early, resolved: false);
        await scene.StoredAsToldAsync(early);
        var (began, from) = (ClusterScene.Now, TimeProvider.System.GetUtcNow());
        await scene.Store.StopAsync(Scene.Token);

        // Some of what was down recovers, and others fall, with nobody to write it down.
        int[] risen = [early[0], early[3]];
        scene.Web.Rise(risen);
        scene.Web.Fall(late);
        await scene.ToldWithinAsync(risen, resolved: true, Told);
        await scene.ToldWithinAsync(late, resolved: false, Told);

        // What its targets do while nobody watches them is seen, and told, when it is back.
        await victim.KillAsync();
        scene.Web.Rise([early[1], early[4]]);
        await scene.ToldWithinAsync([early[1]], resolved: true, Told);
        await victim.LaunchAsync();
        await scene.ToldAsync([early[4]], resolved: true);
        await scene.VisitedAsync(1);
        var back = ClusterScene.Now;

        // A minute later, because a robot takes 20 messages in one.
        await PassedAsync("the robot takes more", began, TimeSpan.FromMinutes(1));
        scene.Web.Rise(late);
        scene.Web.Fall(last);
        await scene.ToldWithinAsync(late, resolved: true, Told);
        await scene.ToldWithinAsync(last, resolved: false, Told);
        await PassedAsync("the store has been away for long", began, TimeSpan.FromMinutes(2));
        foreach (var silo in scene.Running)
        {
            // Nothing restarts it, and whoever asks hears why it cannot answer all.
            await silo.Api.GetAsync("/healthz", Scene.Token);
            Assert.Contains("database", (await silo.Api.SendAsync(HttpMethod.Get, "/readyz", null, Scene.Token)).Text, StringComparison.Ordinal);
        }

        // Nobody lets go of anything.
        await scene.VisitedAsync(1);
        scene.NoneLaterThan(Punctual, "without the store", began, but: its);
        scene.NoneLaterThan(Punctual, "without the store, of the silo that was killed and started", back, but: others);
        var seen = scene.Web.All.ToDictionary(site => site, site => scene.Web.Visits(site).Count(visit => visit.Timestamp > began));
        await scene.Store.StartAgainAsync(Scene.Token);
        scene.Web.Rise([.. early, .. last]);
        await scene.ToldAsync([.. early, .. last], resolved: true);
        await scene.OneEpisodeEachAsync([.. early, .. late, .. last], scene.Silos.First(silo => silo != victim));
        await scene.BalancedAsync(3);
        Assert.Equal(owners, await scene.OwnersAsync());
        await ResultsOfTheGapAsync(scene, from, seen);
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
        await scene.ToldWithinAsync([.. brief, .. open], resolved: false, Told);
        scene.Web.Rise(brief);
        await scene.ToldWithinAsync(brief, resolved: true, Told);
        await victim.KillAsync();
        scene.Web.Rise(open);
        scene.Web.Fall(late);
        await scene.ToldWithinAsync(late, resolved: false, Told);
        scene.Web.Rise(late.Take(1));
        await scene.ToldWithinAsync(late[..1], resolved: true, Told);
        await PassedAsync("the store has been away for some time", began, TimeSpan.FromSeconds(30));
        scene.NoneLaterThan(Punctual, "of the living, without the store", began, but: lost);
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
        var moved = Stopwatch.GetElapsedTime(began);
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

    private static Task PassedAsync(string what, long since, TimeSpan time) => Eventually.TrueAsync(what, () => Stopwatch.GetElapsedTime(since) > time, Scene.Token, 2 * time);

    /// <summary>
    /// Of what the sites have seen without the store there are results. Those of the last second before a kill were in memory, and a probe that ended while its silo stood still is made again.
    /// </summary>
    private static async Task ResultsOfTheGapAsync(ClusterScene scene, DateTimeOffset from, IReadOnlyDictionary<int, int> seen)
    {
        foreach (var (site, visits) in seen)
        {
            await Eventually.TrueAsync(
                $"the results of site {site} are there",
                async () => (await scene[0].Api.ResultsAsync(scene.Target(site), Scene.Token)).Count(result => result["checked_at"]!.GetValue<DateTimeOffset>() >= from) >= visits - 3,
                Scene.Token);
        }
    }
}
