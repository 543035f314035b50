using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Scenarios;

/// <summary>The main job, as its user sees it: something stops, the group learns it once, and once that it is over.</summary>
public sealed class OutageTests
{
    [Fact]
    public async Task A_web_server_that_stops_and_comes_back_is_told_of_once_and_once_more()
    {
        Requires.Nginx();
        await using var nginx = await NginxServer.StartAsync(Scene.Token);
        await using var scene = await Scene.StartAsync();
        var id = await scene.Api.AddTargetAsync(
            new { name = "shop", type = "http", config = new { url = nginx.Url }, interval_seconds = 1, timeout_seconds = 2, group = "front" }, Scene.Token);
        await scene.StatusAsync(id, "healthy");

        await nginx.StopAsync(Scene.Token);
        var firing = await scene.ToldAsync(id, 1, resolved: false);
        await FailuresAsync(scene, id, 6);
        Assert.Equal("critical", firing.Word("severity"));
        Assert.StartsWith("connect:", firing.Word("message"), StringComparison.Ordinal);
        Assert.Equal(3, firing.Number("failure_count"));

        await nginx.StartAgainAsync(Scene.Token);
        var resolved = await scene.ToldAsync(id, 1, resolved: true);
        Assert.Equal("recovered", resolved.Word("resolved_reason"));
        await scene.StatusAsync(id, "healthy");
        Assert.Equal([false, true], scene.Notices(id).Select(notice => notice.Resolved));
        Assert.Single(await scene.Api.AlertsAsync(id, Scene.Token));
        var text = scene.Robot.Messages[0].Content;
        Assert.Contains("shop", text, StringComparison.Ordinal);
        Assert.Contains("front", text, StringComparison.Ordinal);
        Assert.Contains($"#{id}-1", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_outage_of_a_tcp_service_has_a_number_of_its_own()
    {
        await using var target = new TcpServer();
        await using var scene = await Scene.StartAsync();
        var id = await AddTcpAsync(scene, target, failureThreshold: 2);
        await scene.StatusAsync(id, "healthy");

        foreach (var episode in (int[])[1, 2])
        {
            await target.StopAsync();
            await scene.ToldAsync(id, episode, resolved: false);
            target.Start();
            await scene.ToldAsync(id, episode, resolved: true);
        }

        Assert.Equal([$"#{id}-1", $"#{id}-1", $"#{id}-2", $"#{id}-2"], scene.Notices(id).Select(notice => notice.Reference));
        Assert.Equal([false, true, false, true], scene.Notices(id).Select(notice => notice.Resolved));
    }

    [Fact]
    public async Task Less_failures_than_the_threshold_wake_nobody()
    {
        await using var target = new TcpServer();
        await using var scene = await Scene.StartAsync();
        var id = await AddTcpAsync(scene, target, failureThreshold: 3);
        await scene.StatusAsync(id, "healthy");

        await target.StopAsync();
        await FailuresAsync(scene, id, 2);
        target.Start();
        await Eventually.TrueAsync(
            "the counter is back at 0", async () => (await scene.Api.TargetAsync(id, Scene.Token)).Number("consecutive_failures") == 0, Scene.Token);

        Assert.Empty(await scene.Api.AlertsAsync(id, Scene.Token));
        Assert.Empty(scene.Robot.Messages);
    }

    [Fact]
    public async Task A_ping_target_is_healthy_then_breaks_its_limit_then_recovers()
    {
        Requires.Root("ICMP");
        await using var scene = await Scene.StartAsync();
        var id = await scene.Api.AddTargetAsync(
            new { name = "router", type = "ping", config = new { host = "127.0.0.1" }, interval_seconds = 1, timeout_seconds = 2, failure_threshold = 1 }, Scene.Token);
        var healthy = await scene.StatusAsync(id, "healthy");
        Assert.Equal(0, healthy["metrics"]!["loss_percent"]!.GetValue<double>());

        await scene.Api.PatchAsync($"/api/v1/targets/{id}", new { config = new { max_latency_ms = 0.001 } }, Scene.Token);
        var firing = await scene.ToldAsync(id, 1, resolved: false);
        Assert.StartsWith("assertion:", firing.Word("message"), StringComparison.Ordinal);

        await scene.Api.PatchAsync($"/api/v1/targets/{id}", new { config = new { max_latency_ms = 1000 } }, Scene.Token);
        await scene.ToldAsync(id, 1, resolved: true);
    }

    [Theory]
    [InlineData("disabled")]
    [InlineData("deleted")]
    public async Task Taken_away_in_an_outage_it_is_no_longer_monitored_not_recovered(string reason)
    {
        await using var target = new TcpServer();
        await using var scene = await Scene.StartAsync();
        var id = await AddTcpAsync(scene, target, failureThreshold: 2);
        await scene.StatusAsync(id, "healthy");
        await target.StopAsync();
        await scene.ToldAsync(id, 1, resolved: false);

        await (reason == "disabled"
            ? scene.Api.PostAsync($"/api/v1/targets/{id}/disable", null, Scene.Token)
            : scene.Api.DeleteAsync($"/api/v1/targets/{id}", Scene.Token));

        var alert = await scene.ToldAsync(id, 1, resolved: true);
        Assert.Equal(reason, alert.Word("resolved_reason"));
        Assert.Equal([false, true], scene.Notices(id).Select(notice => notice.Resolved));
        var last = scene.Robot.Messages[^1].Content;
        Assert.Contains("no longer monitored", last, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("recovered", last, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Two_failures_a_kill_and_the_third_alerts()
    {
        await using var target = new TcpServer();
        await using var scene = await Scene.StartAsync();
        var id = await AddTcpAsync(scene, target, failureThreshold: 3, interval: 2);
        await scene.StatusAsync(id, "healthy");
        await target.StopAsync();

        await FailuresAsync(scene, id, 2);
        await scene.Silo.KillAsync();
        var killed = DateTimeOffset.UtcNow;
        await scene.StartAgainAsync();

        var alert = await scene.ToldAsync(id, 1, resolved: false);
        Assert.Equal(3, alert.Number("failure_count"));
        Assert.True(alert["started_at"]!.GetValue<DateTimeOffset>() < killed, "the first of the three was before the kill");
    }

    private static Task<long> AddTcpAsync(Scene scene, TcpServer target, int failureThreshold, int interval = 1) => scene.Api.AddTargetAsync(
        new
        {
            name = "till",
            type = "tcp",
            config = new { host = "127.0.0.1", port = target.Port },
            interval_seconds = interval,
            timeout_seconds = 2,
            failure_threshold = failureThreshold,
        },
        Scene.Token);

    private static Task FailuresAsync(Scene scene, long id, int count) => Eventually.TrueAsync(
        $"{count} failures in a row", async () => (await scene.Api.TargetAsync(id, Scene.Token)).Number("consecutive_failures") >= count, Scene.Token);
}
