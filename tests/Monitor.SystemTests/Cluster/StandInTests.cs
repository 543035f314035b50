using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Cluster;

/// <summary>The database is away, and so is the silo that sends to the robot: who decides sends in its place.</summary>
[Trait(Calm.Name, Calm.Yes)]
public sealed class StandInTests
{
    /// <summary>What silence takes to be seen, and what telling takes.</summary>
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(4);

    [Fact]
    public async Task While_store_and_robots_owner_are_away_notices_flow_and_the_owner_that_wakes_up_tells_nothing_again()
    {
        await using var scene = await ClusterScene.StartAsync(3, 30);
        var (owner, others) = await SitesOfOthersAsync(scene);
        var (early, late, last) = (others[..2], others[2..5], others[5..6]);
        await scene.Store.StopAsync(Scene.Token);
        scene.Web.Fall(early);
        await scene.ToldAsync(early, resolved: false);
        await scene.VisitedAsync(1);

        owner.Freeze();
        scene.Web.Fall(late);
        await scene.ToldWithinAsync(late, resolved: false, Within);
        scene.Web.Rise([early[0], late[0]]);
        await scene.ToldWithinAsync([early[0], late[0]], resolved: true, Within);

        // It answers again, and is the only one to send.
        owner.Thaw();
        await scene.VisitedAsync(2);
        scene.Web.Fall(last);
        await scene.ToldWithinAsync(last, resolved: false, Within);
        await scene.Store.StartAgainAsync(Scene.Token);
        scene.Web.Rise([early[1], .. late[1..], .. last]);
        await scene.ToldAsync([.. early, .. late, .. last], resolved: true);
        await scene.BalancedAsync(3);
        await Eventually.NothingForAsync(TimeSpan.FromSeconds(7), Scene.Token);
        await scene.OneEpisodeEachAsync([.. early, .. late, .. last], scene.Silos.First(silo => silo != owner));
    }

    [Fact]
    public async Task When_the_robots_owner_is_killed_without_the_store_neither_what_it_told_nor_what_was_told_in_its_place_is_told_again()
    {
        await using var scene = await ClusterScene.StartAsync(3, 30);
        var (owner, others) = await SitesOfOthersAsync(scene);
        var (early, late) = (others[..2], others[2..5]);
        await scene.Store.StopAsync(Scene.Token);
        scene.Web.Fall(early);
        await scene.ToldAsync(early, resolved: false);
        await scene.VisitedAsync(1);

        await owner.KillAsync();
        scene.Web.Fall(late);
        await scene.ToldWithinAsync(late, resolved: false, Within);
        scene.Web.Rise([early[0], late[0]]);
        await scene.ToldWithinAsync([early[0], late[0]], resolved: true, Within);

        // Another takes its robots over; then it is back, with a journal that says what it told.
        await scene.Store.StartAgainAsync(Scene.Token);
        await scene.BalancedAsync(2);
        scene.Web.Rise([early[1], .. late[1..]]);
        await scene.ToldAsync([.. early, .. late], resolved: true);
        await owner.StartAsync();
        await scene.BalancedAsync(3);
        await Eventually.NothingForAsync(TimeSpan.FromSeconds(7), Scene.Token);
        await scene.OneEpisodeEachAsync([.. early, .. late], scene.Silos.First(silo => silo != owner));
    }

    private static async Task<(ClusterSilo Owner, int[] Sites)> SitesOfOthersAsync(ClusterScene scene)
    {
        var name = await scene.RobotsOwnerAsync();
        var owner = scene.Silos.First(silo => silo.Name == name);
        return (owner, [.. scene.Web.All.Except(await scene.SitesOfAsync(owner))]);
    }
}
