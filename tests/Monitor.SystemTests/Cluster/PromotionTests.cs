using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Cluster;

/// <summary>The primary is lost for good, and the standby that takes its place has not got all that it had confirmed.</summary>
[Trait(Calm.Name, Calm.Yes)]
public sealed class PromotionTests
{
    [Fact]
    public async Task A_standby_without_the_last_commits_is_promoted_and_every_episode_has_one_record_and_is_told_once()
    {
        await using var scene = await ClusterScene.StartAsync(new ClusterPlan { Silos = 3, Sites = 30, Standby = true });
        var (early, late) = (scene.Web.All.Take(6).ToArray(), scene.Web.All.Skip(6).Take(6).ToArray());
        scene.Web.Fall(early);
        await scene.ToldAsync(early, resolved: false);
        await scene.StoredAsToldAsync(early);
        await Eventually.TrueAsync("the standby has it, too", async () => await SentAsync(scene.Standby!) == 6, Scene.Token);

        // From here on the standby gets nothing more: what is told now, and stored, only the primary has.
        await scene.Standby!.ExecuteAsync("ALTER SYSTEM SET primary_conninfo = ''", Scene.Token);
        scene.Standby.Reload();
        await Eventually.TrueAsync(
            "the standby hears nothing", async () => await scene.Standby.ScalarAsync<long>("SELECT count(*) FROM pg_stat_wal_receiver", Scene.Token) == 0, Scene.Token);
        var began = ClusterScene.Now;
        var risen = early.Take(3).ToArray();
        scene.Web.Rise(risen);
        scene.Web.Fall(late);
        await scene.ToldAsync(risen, resolved: true);
        await scene.ToldAsync(late, resolved: false);
        await Eventually.TrueAsync("all that is stored as sent", async () => await SentAsync(scene.Store) == 15, Scene.Token);
        Assert.Equal(6, await SentAsync(scene.Standby));

        await scene.PromoteAsync();
        await Eventually.TrueAsync("it is in the new primary", async () => await SentAsync(scene.Store) == 15, Scene.Token);
        await scene.BalancedAsync(3);
        await scene.VisitedAsync(3);

        // Shards that are claimed anew stand still for an instant only.
        scene.NoneLaterThan(TimeSpan.FromSeconds(3.5), "at a promotion", began);
        scene.Web.Rise([.. early, .. late]);
        await scene.ToldAsync([.. early, .. late], resolved: true);
        await scene.OneEpisodeEachAsync([.. early, .. late], scene[0]);
        Assert.All(await scene.StoredFailuresAsync([.. early, .. late]), pair => Assert.Equal(0, pair.Value));
    }

    private static async Task<long> SentAsync(PostgresServer server) =>
        await server.ScalarAsync<long>("SELECT count(*) FROM deliveries d JOIN alert_records a USING (target_id, episode) WHERE d.status = 'sent'", Scene.Token);
}
