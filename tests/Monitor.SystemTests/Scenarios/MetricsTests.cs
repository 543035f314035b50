using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Scenarios;

/// <summary>What an operator's Prometheus sees.</summary>
public sealed class MetricsTests
{
    /// <summary>The names of the public contract.</summary>
    private static readonly string[] Promised =
    [
        "monitor_probes_total", "monitor_probe_duration_seconds", "monitor_schedule_lateness_seconds", "monitor_targets", "monitor_targets_unprobed",
        "monitor_transitions_total", "monitor_deliveries_total", "monitor_deliveries_repeated_total", "monitor_store_commit_seconds", "monitor_store_available",
        "monitor_shards_owned",
    ];

    [Fact]
    public async Task The_page_has_what_is_promised_and_promtool_finds_nothing_wrong()
    {
        Requires.Command("promtool", "prometheus");
        await using var target = new TcpServer();
        await using var scene = await Scene.StartAsync();
        var id = await scene.Api.AddTargetAsync(
            new { name = "till", type = "tcp", config = new { host = "127.0.0.1", port = target.Port }, interval_seconds = 1, failure_threshold = 1 }, Scene.Token);
        await scene.StatusAsync(id, "healthy");
        await target.StopAsync();
        await scene.ToldAsync(id, 1, resolved: false);

        using var anybody = new ApiClient(scene.Settings.Address, token: null);
        var page = await anybody.MetricsAsync(Scene.Token);

        Assert.All(Promised, name => Assert.Contains("# TYPE " + name + " ", page.Text, StringComparison.Ordinal));
        Assert.Equal(1, page.Sum("monitor_transitions_total", "kind=\"fired\""));
        Assert.Equal(1, page.Sum("monitor_deliveries_total", "status=\"sent\""));
        Assert.Equal(1, page.Sum("monitor_targets", "status=\"unhealthy\""));
        Assert.Equal(1, page.Sum("monitor_store_available"));
        Assert.Equal(256, page.Sum("monitor_shards_owned"));
        using var folder = new TempDir();
        await File.WriteAllTextAsync(folder.File("metrics"), page.Text, Scene.Token);
        await using var promtool = await ChildProcess.StartAsync("bash", ["-c", $"promtool check metrics < {folder.File("metrics")}"]);
        Assert.True(await promtool.WaitForExitAsync(Scene.Token) == 0, promtool.Output);
        Assert.Empty(promtool.Output);
    }

    [Fact]
    public async Task A_robot_that_is_away_gets_its_notices_when_it_is_back()
    {
        await using var target = new TcpServer();
        await using var scene = await Scene.StartAsync();
        scene.Robot.Answer = _ => RobotAnswer.Error(-1, "system busy");
        var id = await scene.Api.AddTargetAsync(
            new { name = "till", type = "tcp", config = new { host = "127.0.0.1", port = target.Port }, interval_seconds = 1, failure_threshold = 1 }, Scene.Token);
        await scene.StatusAsync(id, "healthy");
        await target.StopAsync();
        await scene.Robot.WaitForAsync(_ => true, Scene.Token);
        scene.Robot.Answer = _ => RobotAnswer.Ok;

        var alert = await scene.ToldAsync(id, 1, resolved: false);
        Assert.True(alert["deliveries"]![0]!.Number("attempts") > 1);
    }
}
