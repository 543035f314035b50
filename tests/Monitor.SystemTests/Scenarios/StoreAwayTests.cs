using System.Text.Json.Nodes;
using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Scenarios;

/// <summary>While nothing can be written, probing, deciding and telling go on; afterwards the records agree with what was told.</summary>
public sealed class StoreAwayTests
{
    [Fact]
    public async Task With_a_full_disk_notices_flow_and_afterwards_the_records_agree()
    {
        Requires.Root("a small file system that can be filled");
        using var folder = new TempDir();
        var data = folder.Sub("data");
        await using var disk = await Mount.TmpfsAsync(data, "size=24m", Scene.Token);
        await using var target = new TcpServer();
        await using var scene = await Scene.StartAsync(data);
        var id = await scene.Api.AddTargetAsync(
            new { name = "till", type = "tcp", config = new { host = "127.0.0.1", port = target.Port }, interval_seconds = 1, timeout_seconds = 2, failure_threshold = 2 }, Scene.Token);
        await scene.StatusAsync(id, "healthy");

        disk.Fill();
        await Eventually.TrueAsync("/readyz gives a reason", async () => (await ReasonsAsync(scene)).Count > 0, Scene.Token);
        var fallen = DateTimeOffset.UtcNow;
        await target.StopAsync();
        await scene.Robot.WaitUntilAsync(_ => scene.Notices(id).Any(notice => !notice.Resolved), Scene.Token);
        target.Start();
        await scene.Robot.WaitUntilAsync(_ => scene.Notices(id).Any(notice => notice.Resolved), Scene.Token);
        Assert.NotEmpty(await ReasonsAsync(scene));
        var told = DateTimeOffset.UtcNow;

        disk.MakeRoom();
        await Eventually.TrueAsync("the reason is gone", async () => (await ReasonsAsync(scene)).Count == 0, Scene.Token);
        var alert = await scene.ToldAsync(id, 1, resolved: true);
        await scene.ToldAsync(id, 1, resolved: false);
        Assert.Single(await scene.Api.AlertsAsync(id, Scene.Token));
        Assert.InRange(alert["fired_at"]!.GetValue<DateTimeOffset>(), fallen, told);
        Assert.Equal([false, true], scene.Notices(id).Select(notice => notice.Resolved));

        // What was told is there after a kill, too.
        await scene.Silo.KillAsync();
        await scene.StartAgainAsync();
        await scene.ToldAsync(id, 1, resolved: true);
        Assert.Equal([false, true], scene.Notices(id).Select(notice => notice.Resolved));
        var results = await scene.Api.ResultsAsync(id, Scene.Token);
        Assert.Contains(results, result => result.Word("outcome") == "failed" && InGap(result, fallen, told));
    }

    private static bool InGap(JsonNode result, DateTimeOffset from, DateTimeOffset to) =>
        result["checked_at"]!.GetValue<DateTimeOffset>() is var at && at >= from && at <= to;

    private static async Task<JsonArray> ReasonsAsync(Scene scene)
    {
        var ready = await scene.Api.GetAsync("/readyz", Scene.Token);
        return ready["reasons"]?.AsArray() ?? [];
    }
}
