using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;

namespace Monitor.SystemTests.Crash;

/// <summary>One outage of one target, during which the silo dies once, at one step of the firing's or of the recovery's way.</summary>
internal sealed record CrashCase(CrashStep Step, bool OnRecovery)
{
    public async Task<CrashOutcome> RunAsync()
    {
        await using var target = new TcpServer();
        await using var scene = await Scene.StartAsync(change: settings => settings with
        {
            Program = "Monitor.CrashHost.dll",
            Before = ["--crash-at", Step.Name, "--crash-when", OnRecovery ? "resolved" : "firing"],
        });
        var id = await scene.Api.AddTargetAsync(
            new { name = "till", type = "tcp", config = new { host = "127.0.0.1", port = target.Port }, interval_seconds = 1, timeout_seconds = 2 }, Scene.Token);
        await scene.StatusAsync(id, "healthy");
        await target.StopAsync();
        if (OnRecovery)
        {
            await scene.ToldAsync(id, 1, resolved: false);
            target.Start();
        }

        await scene.Silo.Process.WaitForExitAsync(Scene.Token).WaitAsync(Eventually.Patience, Scene.Token);
        await scene.StartAgainAsync(scene.Settings with { Program = "silo.dll", Before = [] });
        await scene.ToldAsync(id, 1, resolved: false);
        target.Start();
        await scene.ToldAsync(id, 1, resolved: true);

        var notices = scene.Notices(id);
        var alerts = await scene.Api.AlertsAsync(id, Scene.Token);
        var metrics = await scene.Api.MetricsAsync(Scene.Token);
        var repeated = metrics.Sum("monitor_deliveries_repeated_total");
        return new CrashOutcome(
            Step, !OnRecovery, OnRecovery, notices, alerts.Count, alerts.Count(alert => alert.Word("status") == "resolved"), OnRecovery ? 0 : repeated, OnRecovery ? repeated : 0);
    }
}
