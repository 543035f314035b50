using System.Diagnostics;
using System.Text.Json.Nodes;
using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Cluster;

/// <summary>A silo that dies or stands still: its targets keep their rhythm, their counters and their one alert.</summary>
[Collection(Alone.Name)]
public sealed class TakeoverTests
{
    /// <summary>A lease of 2.5 s, a look, the claim, and turns spread over 0.2 s.</summary>
    private static readonly TimeSpan Promised = TimeSpan.FromSeconds(3.5);

    private static readonly TimeSpan Frozen = TimeSpan.FromSeconds(60);

    private const int Sites = 3000;

    [Fact]
    public async Task After_kill_9_no_check_is_late_and_counters_and_alerts_go_on()
    {
        await using var scene = await ClusterScene.StartAsync(3, Sites);
        var victim = scene[1];
        var (fallen, waiting) = await FellTwiceAsync(scene, victim);
        var began = ClusterScene.Now;
        await victim.KillAsync();
        await scene.ToldAsync(fallen, resolved: false);
        await scene.BalancedAsync(2);
        await scene.VisitedAsync(2);
        scene.NoneLaterThan(Promised, "after kill -9", began, but: fallen);

        await ThirdElsewhereAsync(scene, waiting, victim);
        scene.Web.Rise(fallen);
        await scene.ToldAsync(fallen, resolved: true);
        await scene.OneEpisodeEachAsync(fallen, scene[0]);

        await victim.StartAsync();
        await scene.BalancedAsync(3);
        Assert.Equal(fallen.Count * 2, Notice.In(scene.Robot.Messages).Count());
    }

    [Fact]
    public async Task A_silo_that_stood_still_writes_and_tells_nothing_of_what_it_believed()
    {
        await using var scene = await ClusterScene.StartAsync(3, Sites);
        var victim = scene[2];
        var (fallen, waiting) = await FellTwiceAsync(scene, victim);
        var began = ClusterScene.Now;
        victim.Freeze();
        await scene.ToldAsync(fallen, resolved: false);
        await scene.BalancedAsync(2, victim);
        await scene.VisitedAsync(2);
        scene.NoneLaterThan(Promised, "after SIGSTOP", began, but: fallen);

        // What the frozen one believes is two failures old by then, and wrong.
        scene.Web.Rise(fallen);
        await scene.ToldAsync(fallen, resolved: true);
        var told = scene.Robot.Messages.Count;
        await Eventually.TrueAsync("it has stood still for long", () => Stopwatch.GetElapsedTime(began) > Frozen, Scene.Token, 2 * Frozen);
        var thawed = ClusterScene.Now;
        victim.Thaw();
        await scene.BalancedAsync(3);
        await scene.VisitedAsync(3);

        // What it has under way when it stands still may be made again; it holds a third of all, and a check takes a few thousandths of its second.
        Assert.InRange(scene.Twice(thawed), 0, Sites / 100);
        await ThirdElsewhereAsync(scene, waiting, victim);
        await scene.OneEpisodeEachAsync(fallen, victim);
        Assert.Equal(told, scene.Robot.Messages.Count);
        foreach (var site in fallen)
        {
            Assert.Equal("healthy", (await scene[0].Api.TargetAsync(scene.Target(site), Scene.Token)).Word("status"));
        }

        Assert.All(await scene.StoredFailuresAsync(fallen), pair => Assert.Equal(0, pair.Value));
    }

    /// <summary>Some sites of the victim are down, each with two failures or more in the store; the second list has those with exactly two visits.</summary>
    private static async Task<(IReadOnlyList<int> Fallen, IReadOnlyList<int> Waiting)> FellTwiceAsync(ClusterScene scene, ClusterSilo victim)
    {
        var fallen = (await scene.SitesOfAsync(victim)).Take(9).ToArray();
        await Parallel.ForEachAsync(fallen, Scene.Token, async (site, token) =>
            await scene[0].Api.PatchAsync($"/api/v1/targets/{scene.Target(site)}", new { interval_seconds = 3 }, token));
        await scene.VisitedAsync(3);
        scene.Web.Fall(fallen);
        IReadOnlyList<int> waiting = [];
        await Eventually.TrueAsync("two failures are stored of each", async () =>
        {
            var stored = await scene.StoredFailuresAsync(fallen);
            waiting = [.. fallen.Where(site => stored[site] == 2 && scene.Web.Visits(site).Count(visit => visit.WasDown) == 2)];
            return stored.Values.All(count => count >= 2);
        }, Scene.Token);
        Assert.NotEmpty(waiting);
        return (fallen, waiting);
    }

    private static async Task ThirdElsewhereAsync(ClusterScene scene, IReadOnlyList<int> waiting, ClusterSilo victim)
    {
        foreach (var site in waiting)
        {
            var failed = (await scene[0].Api.ResultsAsync(scene.Target(site), Scene.Token)).Where(result => result.Word("outcome") == "failed").Reverse().ToArray();
            var alert = (await scene[0].Api.AlertsAsync(scene.Target(site), Scene.Token)).Single();
            Assert.Equal([victim.Name, victim.Name], failed.Take(2).Select(result => result.Word("silo")!));
            Assert.NotEqual(victim.Name, failed[2].Word("silo"));
            var fired = alert["fired_at"]!.GetValue<DateTimeOffset>();
            Assert.True(fired >= At(failed[2]), "it fired before the third failure");
            Assert.True(failed.Length == 3 || fired < At(failed[3]), "it fired after the fourth failure only");
        }

        static DateTimeOffset At(JsonNode result) => result["checked_at"]!.GetValue<DateTimeOffset>();
    }
}
