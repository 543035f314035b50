using Monitor.SystemTests.Cluster;
using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;

namespace Monitor.SystemTests.Crash;

/// <summary>
/// One outage of one target of three silos. Whichever silo first comes to the step on the firing's way dies there, whichever of the other two does on the recovery's way, too;
/// the third is left.
/// </summary>
internal sealed record TakeoverCase(CrashStep Step)
{
    private static readonly int[] Site = [0];

    public async Task<CrashOutcome> RunAsync()
    {
        using var marks = new TempDir();
        await using var scene = await ClusterScene.StartAsync(new ClusterPlan
        {
            Silos = 3,
            Sites = 1,
            Change = settings => settings with
            {
                Program = "Monitor.CrashHost.dll",
                Before =
                [
                    "--crash-at", Step.Name, "--crash-when", "firing", "--crash-once", marks.File("firing"),
                    "--crash-at", Step.Name, "--crash-when", "resolved", "--crash-once", marks.File("resolved"),
                ],
            },
        });
        scene.Web.Fall(Site);
        await LeftAsync(scene, 2, "the firing's");
        await scene.ToldAsync(Site, resolved: false);
        await scene.StoredAsToldAsync(Site);
        await scene.BalancedAsync(2);

        // The crash host knows the run that will resolve by the failures that it has seen itself.
        await scene.VisitedAsync(4);
        var repeatedFirings = await RepeatedAsync(scene);
        var known = await Task.WhenAll(scene.Running.Select(async silo => (Silo: silo, Count: await RepeatedAsync(silo))));
        scene.Web.Rise(Site);
        await LeftAsync(scene, 1, "the recovery's");
        var last = scene.Running.Single();
        await scene.ToldAsync(Site, resolved: true);
        var alerts = await Eventually.GetAsync("all deliveries are stored as sent", async () =>
        {
            var found = await last.Api.AlertsAsync(scene.Target(0), Scene.Token);
            return found.Count > 0 && found[0]["deliveries"]!.AsArray() is { Count: 2 } deliveries && deliveries.All(one => one!.Word("status") == "sent") ? found : null;
        }, Scene.Token);
        return new CrashOutcome(
            Step,
            OnFiring: true,
            OnRecovery: true,
            scene.Notices(0),
            alerts.Count,
            alerts.Count(alert => alert.Word("status") == "resolved"),
            repeatedFirings,
            await RepeatedAsync(last) - known.Single(one => one.Silo == last).Count);
    }

    private Task LeftAsync(ClusterScene scene, int silos, string way) =>
        Eventually.TrueAsync($"a silo dies at {Step.Name} on {way} way", () => scene.Running.Count() == silos, Scene.Token);

    private static async Task<double> RepeatedAsync(ClusterScene scene) => (await Task.WhenAll(scene.Running.Select(RepeatedAsync))).Sum();

    private static async Task<double> RepeatedAsync(ClusterSilo silo) => (await silo.Api.MetricsAsync(Scene.Token)).Sum("monitor_deliveries_repeated_total");
}
