using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;

namespace Monitor.SystemTests.Crash;

/// <summary>One outage of one target, during which the silo dies once, at one step of the firing's or of the recovery's way.</summary>
internal sealed record CrashCase(string Step, bool OnRecovery)
{
    public async Task<CrashOutcome> RunAsync()
    {
        await using var target = new TcpServer();
        await using var scene = await Scene.StartAsync(change: settings => settings with
        {
            Program = "Monitor.CrashHost.dll",
            Before = ["--crash-at", Step, "--crash-when", OnRecovery ? "resolved" : "firing"],
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
        return new CrashOutcome(
            this, notices, alerts.Count, alerts.Count(alert => alert.Word("status") == "resolved"), metrics.Sum("monitor_deliveries_repeated_total"));
    }
}

/// <summary>What was seen from outside after the restart.</summary>
/// <param name="Repeated">How many deliveries the silo says it sent again.</param>
internal sealed record CrashOutcome(CrashCase Case, IReadOnlyList<Notice> Notices, int Alerts, int ResolvedAlerts, double Repeated)
{
    public int Firings => Notices.Count(notice => !notice.Resolved);

    public int Recoveries => Notices.Count(notice => notice.Resolved);

    /// <summary>Empty when all is as promised.</summary>
    /// <param name="mayRepeat">The step lies between a POST's body and its mark: whether it arrived is then unknown.</param>
    public IEnumerable<string> Broken(bool mayRepeat)
    {
        if (Alerts != 1 || ResolvedAlerts != 1)
        {
            yield return $"{Alerts} alert records, {ResolvedAlerts} of them resolved";
        }

        if (Notices.Any(notice => notice.Episode != 1))
        {
            yield return "references " + string.Join(' ', Notices.Select(notice => notice.Reference));
        }

        if (Firings == 0 || Recoveries == 0)
        {
            yield return $"{Firings} firing and {Recoveries} recovery notices";
        }

        if (Notices.SkipWhile(notice => !notice.Resolved).Any(notice => !notice.Resolved) || Notices.Count == 0 || Notices[0].Resolved)
        {
            yield return "a recovery before its firing: " + string.Join(' ', Notices.Select(notice => notice.Resolved ? "R" : "F"));
        }

        var (own, other) = Case.OnRecovery ? (Recoveries, Firings) : (Firings, Recoveries);
        if (own > (mayRepeat ? 2 : 1) || other > 1)
        {
            yield return $"{Firings} copies of the firing, {Recoveries} of the recovery";
        }

        if (own > 1 && Repeated < 1)
        {
            yield return "a second copy that /metrics does not count";
        }
    }
}
