using Microsoft.Extensions.Logging.Abstractions;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Storage.Sqlite;
using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;

namespace Monitor.SystemTests.Web;

/// <summary>A silo with something to look at: healthy targets (they ask the silo itself), one that is down, one with warnings, one disabled, a robot.</summary>
public sealed class WebSite : IAsyncDisposable
{
    private readonly TempDir _folder;
    private readonly WeComStandIn _robot;

    private WebSite(TempDir folder, WeComStandIn robot, SiloProcess silo) => (_folder, _robot, Silo) = (folder, robot, silo);

    public SiloProcess Silo { get; private set; }

    public ApiClient Api => Silo.Api;

    public string Address => Silo.Settings.Address;

    public string RobotUrl => _robot.Url("web");

    public long Down { get; private set; }

    public long Warned { get; private set; }

    /// <summary>Nothing set up yet.</summary>
    public static async Task<WebSite> EmptyAsync(params string[] arguments)
    {
        var folder = new TempDir();
        var robot = await WeComStandIn.StartAsync(cancellationToken: Scene.Token);
        var silo = await SiloProcess.StartAsync(new SiloSettings { Folder = folder.Folder, Arguments = ["--Messages:Language=en", .. arguments] }, Scene.Token);
        return new WebSite(folder, robot, silo);
    }

    public static async Task<WebSite> FullAsync()
    {
        var site = await EmptyAsync();
        await site.Api.AddChannelAsync(site.RobotUrl, Scene.Token, "值班群");
        var well = site.Address + "/healthz";
        foreach (var (group, names) in new (string? Group, string[] Names)[]
        {
            ("核心业务", ["订单服务", "库存中心", "用户中心", "会员积分", "优惠券", "搜索服务"]),
            ("Edge", ["api.example.com", "cdn-us", "login page", "status page", "docs"]),
            ("数据平台", ["实时数仓入口", "离线调度", "指标网关"]),
            (null, ["legacy-mail", "<script>alert(1)</script>"]),
        })
        {
            foreach (var name in names)
            {
                await site.AddAsync(name, new { url = well, headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["X-Api-Key"] = "header-secret-1" } }, group);
            }
        }

        site.Down = await site.AddAsync("支付网关", new { url = $"http://127.0.0.1:{FreePort.Next()}/" }, "核心业务", 1);
        site.Warned = await site.AddAsync("BI 报表", new { url = well, warn_latency_ms = 0.001, password = "config-secret-1", username = "probe" }, "数据平台", 1);
        await site.Api.AddTargetAsync(new { name = "old system", type = "tcp", config = new { host = "127.0.0.1", port = 9 }, enabled = false }, Scene.Token);
        await site.StatusAsync(site.Down, "unhealthy");
        await site.StatusAsync(site.Warned, "degraded");
        await Eventually.TrueAsync("the notice of the outage is delivered", async () =>
            (await site.Api.AlertsAsync(site.Down, Scene.Token)) is [{ } alert, ..] && alert["deliveries"]![0]!.Word("status") == "sent", Scene.Token);
        return site;
    }

    /// <summary>With a day behind it: charts and strips as they are when it has run for a while.</summary>
    public static async Task<WebSite> WithPastAsync()
    {
        var site = await FullAsync();
        var page = await site.Api.GetAsync("/api/v1/targets?limit=100&enabled=true", Scene.Token);
        await site.Silo.Process.TerminateAsync(Scene.Token);
        await site.Silo.DisposeAsync();
        using (var store = new SqliteStore(new SqliteOptions(site._folder.Folder), TimeProvider.System, NullLogger<SqliteStore>.Instance))
        {
            await store.OpenAsync(Scene.Token);
            var now = TimeProvider.System.GetUtcNow();
            var results = page["items"]!.AsArray().SelectMany(target => Past(target!.Number("id"), site, now)).ToArray();
            await store.CommitAsync(new CommitBatch("past", 1, results, [], []), Scene.Token);
        }

        site.Silo = await SiloProcess.StartAsync(site.Silo.Settings, Scene.Token);
        return site;
    }

    public Task<long> AddAsync(string name, object config, string? group = null, int interval = 5) => Api.AddTargetAsync(
        new { name, type = "http", config, group, interval_seconds = interval, labels = new { team = "orders" } }, Scene.Token);

    public async Task StatusAsync(long target, string status) =>
        await Eventually.TrueAsync($"target {target} is {status}", async () => (await Api.TargetAsync(target, Scene.Token)).Word("status") == status, Scene.Token);

    /// <summary>A check a minute: quicker by night, a few failures, one long outage of what is down now.</summary>
    private static IEnumerable<CheckRecord> Past(long target, WebSite site, DateTimeOffset now)
    {
        for (var minute = 24 * 60; minute > 2; minute--)
        {
            var failed = target == site.Down ? minute < 6 : (minute + (target * 97)) % 977 == 0;
            var day = 1 + Math.Sin((minute / 720.0 * Math.PI) + target);
            yield return new CheckRecord
            {
                TargetId = target,
                CheckedAt = now.AddMinutes(-minute),
                Outcome = failed ? ProbeOutcome.Failed : ProbeOutcome.Ok,
                Stage = failed ? FailureStage.Timeout : null,
                Latency = TimeSpan.FromMilliseconds(12 + (14 * day) + ((minute * 31 * target) % 9) + (minute % 83 == 0 ? 25 : 0)),
                Message = failed ? "timeout: no answer within 5 s" : "HTTP(S) is up",
                Warnings = target == site.Warned && minute % 240 < 9 ? ["latency 52 ms > warn_latency_ms 40"] : [],
                Trigger = ProbeTrigger.Schedule,
                Silo = "past",
                Zone = "default",
            };
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Silo.DisposeAsync();
        await _robot.DisposeAsync();
        _folder.Dispose();
    }
}
