using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Cluster;

/// <summary>A silo that reaches neither the store nor its peers.</summary>
[Trait(Calm.Name, Calm.Yes)]
public sealed class CutOffTests
{
    private const string Title = "This monitor is cut off";

    [Fact]
    public async Task A_silo_without_store_and_peers_tells_that_it_is_cut_off_and_what_it_sees_down_and_nothing_else()
    {
        await using var scene = await ClusterScene.StartAsync(2, 12, proxied: true);
        var (other, cut) = (scene[0], scene[1]);
        var mine = await scene.SitesOfAsync(cut);
        var theirs = await scene.SitesOfAsync(other);
        int[] down = [.. mine.Take(2)];
        scene.Web.Fall(down);
        await scene.ToldAsync(down, resolved: false);
        await scene.StoredAsToldAsync(down);

        cut.CutOff();
        other.WayOfPeers!.Cut();
        cut.WayOfPeers!.Cut();
        var when = DateTimeOffset.UtcNow;
        await scene.BalancedAsync(1, cut);
        var message = await scene.Robot.WaitForAsync(one => one.Content.Contains(Title, StringComparison.Ordinal), Scene.Token);
        Assert.Contains(cut.Name, message.Content, StringComparison.Ordinal);
        Assert.True(message.Content.Contains($"2 of {mine.Count} targets", StringComparison.Ordinal), $"2 of {mine.Count} targets: {message.Content}");
        Assert.All(down, site => Assert.Contains($"site {site} (", message.Content, StringComparison.Ordinal));
        Assert.DoesNotContain(scene.Web.All.Except(down), site => message.Content.Contains($"site {site} (", StringComparison.Ordinal));
        Assert.Contains("cut off", (await cut.Api.SendAsync(HttpMethod.Get, "/readyz", null, Scene.Token)).Text, StringComparison.Ordinal);

        // What happens meanwhile is seen by both, and told by the other one alone.
        int[] risen = [down[0]];
        int[] late = [mine[2], theirs[0]];
        scene.Web.Rise(risen);
        scene.Web.Fall(late);
        await scene.ToldAsync(risen, resolved: true);
        await scene.ToldAsync(late, resolved: false);
        await Eventually.NothingForAsync(TimeSpan.FromSeconds(8), Scene.Token);
        Assert.Single(scene.Robot.Messages, one => one.Content.Contains(Title, StringComparison.Ordinal));
        scene.Web.Rise([.. down, .. late]);
        await scene.ToldAsync([.. down, .. late], resolved: true);

        var healed = DateTimeOffset.UtcNow;
        other.WayOfPeers!.Heal();
        cut.WayOfPeers!.Heal();
        cut.Heal();
        await scene.BalancedAsync(2);
        await scene.VisitedAsync(3);
        await scene.OneEpisodeEachAsync([.. down, .. late], cut);
        Assert.Single(scene.Robot.Messages, one => one.Content.Contains(Title, StringComparison.Ordinal));
        foreach (var site in mine)
        {
            // From its deadline on it has written nothing, then or later.
            var written = (await other.Api.ResultsAsync(scene.Target(site), Scene.Token)).Where(result => result.Word("silo") == cut.Name).Select(At).ToArray();
            Assert.DoesNotContain(written, at => at > when + TimeSpan.FromSeconds(2.5) && at < healed);
            Assert.Equal("healthy", (await cut.Api.TargetAsync(scene.Target(site), Scene.Token)).Word("status"));
        }

        static DateTimeOffset At(System.Text.Json.Nodes.JsonNode result) => result["checked_at"]!.GetValue<DateTimeOffset>();
    }
}
