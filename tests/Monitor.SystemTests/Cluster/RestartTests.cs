using Monitor.SystemTests.Harness;
using Xunit;

namespace Monitor.SystemTests.Cluster;

/// <summary>Every silo ends and begins again, all at once or one after the other.</summary>
[Trait(Calm.Name, Calm.Yes)]
public sealed class RestartTests
{
    [Fact]
    public async Task After_all_silos_were_killed_open_episodes_go_on_and_are_told_once()
    {
        await using var scene = await ClusterScene.StartAsync(3, 30);
        var fallen = scene.Web.All.Take(6).ToArray();
        scene.Web.Fall(fallen);
        await scene.ToldAsync(fallen, resolved: false);
        await scene.StoredAsToldAsync(fallen);

        await Task.WhenAll(scene.Silos.Select(silo => silo.KillAsync()));
        scene.Web.Rise(fallen.Take(3));
        await Task.WhenAll(scene.Silos.Select(silo => silo.StartAsync()));
        await scene.BalancedAsync(3);
        await scene.VisitedAsync(3);

        await scene.ToldAsync([.. fallen.Take(3)], resolved: true);
        scene.Web.Rise(fallen);
        await scene.ToldAsync(fallen, resolved: true);
        await scene.OneEpisodeEachAsync(fallen, scene[2]);
    }

    [Fact]
    public async Task A_rolling_restart_delays_no_check_and_repeats_no_notice()
    {
        await using var scene = await ClusterScene.StartAsync(3, 60);
        var fallen = scene.Web.All.Take(4).ToArray();
        scene.Web.Fall(fallen);
        await scene.ToldAsync(fallen, resolved: false);
        await scene.StoredAsToldAsync(fallen);

        var began = ClusterScene.Now;
        foreach (var silo in scene.Silos)
        {
            Assert.Equal(0, (await silo.StopAsync()).Code);
            await silo.StartAsync();
            await scene.BalancedAsync(3);
        }

        await scene.VisitedAsync(2);
        scene.NoneLaterThan(TimeSpan.FromSeconds(1.5), "at a rolling restart", began);
        scene.Web.Rise(fallen);
        await scene.ToldAsync(fallen, resolved: true);
        await scene.OneEpisodeEachAsync(fallen, scene[0]);
    }
}
