using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Cluster;

/// <summary>
/// A silo decides and tells an outage while the database is away, and stands still before it could write that down. Who takes over knows nothing of it, and gives its number to the next
/// outage: both are told, and both have a record.
/// </summary>
[Trait(Calm.Name, Calm.Yes)]
public sealed class SameNumberTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Two_outages_with_one_number_are_both_told_and_recorded(bool ownerOfRobot)
    {
        await using var scene = await ClusterScene.StartAsync(3, 30);
        var name = await scene.RobotsOwnerAsync();
        var victim = scene.Silos.First(silo => silo.Name == name == ownerOfRobot);
        var others = scene.Silos.Where(silo => silo != victim).ToArray();
        int[] sites = [.. (await scene.SitesOfAsync(victim)).Take(2)];
        await OutageWithoutStoreAsync(scene, sites);
        await scene.HeardAsync();

        await TakenOverAsync(scene, victim);
        await scene.VisitedAsync(1);
        scene.Web.Fall(sites);
        await TimesToldAsync(scene, sites, resolved: false, 2);
        victim.Thaw();
        await scene.BalancedAsync(3);
        scene.Web.Rise(sites);
        await TimesToldAsync(scene, sites, resolved: true, 2);
        foreach (var site in sites)
        {
            await Eventually.TrueAsync($"both outages of site {site} have their record", async () =>
            {
                var alerts = await others[0].Api.AlertsAsync(scene.Target(site), Scene.Token);
                return alerts.Count == 2 && alerts.All(alert => alert.Word("status") == "resolved"
                    && alert["deliveries"]!.AsArray() is { Count: 2 } deliveries && deliveries.All(delivery => delivery!.Word("status") == "sent"));
            }, Scene.Token);
        }

        await Eventually.NothingForAsync(TimeSpan.FromSeconds(7), Scene.Token);
        Assert.All(sites, site => Assert.Equal([false, true, false, true], scene.Notices(site).Select(notice => notice.Resolved)));
    }

    /// <summary>
    /// It has told one outage and its end, and the firing of the next one as number 2, when it stands still; for who takes over that one is the first. One record for it, and whoever heard of
    /// number 2 hears its end when the silo is back.
    /// </summary>
    [Fact]
    public async Task One_outage_under_two_numbers_is_one_record_and_both_numbers_are_told_to_their_end()
    {
        await using var scene = await ClusterScene.StartAsync(3, 30);
        var name = await scene.RobotsOwnerAsync();
        var victim = scene.Silos.First(silo => silo.Name != name);
        int[] sites = [.. (await scene.SitesOfAsync(victim)).Take(2)];
        await OutageWithoutStoreAsync(scene, sites);
        scene.Web.Fall(sites);
        await TimesToldAsync(scene, sites, resolved: false, 2);
        await scene.HeardAsync();

        await TakenOverAsync(scene, victim);
        await TimesToldAsync(scene, sites, resolved: false, 3);
        victim.Thaw();
        await scene.BalancedAsync(3);
        scene.Web.Rise(sites);
        await TimesToldAsync(scene, sites, resolved: true, 3);
        foreach (var site in sites)
        {
            (int Number, bool Resolved)[] told = [.. scene.Notices(site).Select(notice => (notice.Episode, notice.Resolved))];
            Assert.Equal([(1, false), (1, true), (2, false), (1, false)], told[..4]);
            Assert.Equal([(1, true), (2, true)], told[4..].Order());
            await Eventually.TrueAsync($"both outages of site {site} have their record", async () =>
            {
                var alerts = await scene[0].Api.AlertsAsync(scene.Target(site), Scene.Token);
                return alerts.Count == 2 && alerts.All(alert => alert.Word("status") == "resolved")
                    && alerts.SelectMany(alert => alert["deliveries"]!.AsArray()).Count(delivery => delivery!.Word("status") == "sent") == 6;
            }, Scene.Token);
        }
    }

    /// <summary>The store goes away, and an outage comes and ends: both told, and written down in a journal alone.</summary>
    private static async Task OutageWithoutStoreAsync(ClusterScene scene, int[] sites)
    {
        await scene.Store.StopAsync(Scene.Token);
        scene.Web.Fall(sites);
        await scene.ToldAsync(sites, resolved: false);
        scene.Web.Rise(sites);
        await scene.ToldAsync(sites, resolved: true);
    }

    /// <summary>The silo stands still, and the store is back: the others have its shards.</summary>
    private static async Task TakenOverAsync(ClusterScene scene, ClusterSilo victim)
    {
        victim.Freeze();
        await scene.Store.StartAgainAsync(Scene.Token);
        await scene.BalancedAsync(2, victim);
    }

    private static Task TimesToldAsync(ClusterScene scene, int[] sites, bool resolved, int times) => Eventually.TrueAsync(
        $"{(resolved ? "recoveries" : "firings")} are told for the {times}nd time",
        () => sites.All(site => scene.Notices(site).Count(notice => notice.Resolved == resolved) >= times),
        Scene.Token);
}
