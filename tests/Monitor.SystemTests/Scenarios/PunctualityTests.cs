using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Scenarios;

/// <summary>What our own trouble, and other targets' trouble, may not do to a target.</summary>
[Collection(Alone.Name)]
public sealed class PunctualityTests
{
    [Fact]
    public async Task A_silo_that_stood_still_has_late_runs_and_no_failures()
    {
        await using var target = TcpServer.Http(TimeSpan.FromMilliseconds(400));
        await using var silent = TcpServer.Hanging();
        await using var scene = await Scene.StartAsync();
        var ids = await AddManyAsync(scene, 30, number => new
        {
            name = $"slow {number}",
            type = "http",
            config = new { url = $"http://127.0.0.1:{target.Port}/" },
            interval_seconds = 1,
            timeout_seconds = 1,
            failure_threshold = 1,
        });

        // Always on their way, and always timing out: what is in flight when the process stands still cannot end as anything else.
        await AddManyAsync(scene, 10, number => new
        {
            name = $"silent {number}",
            type = "tcp",
            config = new { host = "127.0.0.1", port = silent.Port, expect_regex = "^hello" },
            interval_seconds = 1,
            timeout_seconds = 5,
            failure_threshold = 100,
            notify_channel_ids = Array.Empty<long>(),
        });
        foreach (var id in ids)
        {
            await scene.StatusAsync(id, "healthy");
        }

        await Eventually.TrueAsync("the silent ones are being asked", () => silent.Accepted >= 10, Scene.Token);

        var before = await scene.Api.MetricsAsync(Scene.Token);
        Assert.Equal(0, before.Sum("monitor_probes_total", "type=\"http\"", "outcome=\"failed\""));
        scene.Silo.Process.Signal(Signal.Stop);
        await Eventually.NothingForAsync(TimeSpan.FromSeconds(10), Scene.Token);
        scene.Silo.Process.Signal(Signal.Continue);

        var wanted = before.Sum("monitor_probes_total", "type=\"http\"", "outcome=\"ok\"") + 3 * ids.Count;
        await Eventually.TrueAsync(
            "three more rounds", async () => (await scene.Api.MetricsAsync(Scene.Token)).Sum("monitor_probes_total", "type=\"http\"", "outcome=\"ok\"") >= wanted, Scene.Token);
        var after = await scene.Api.MetricsAsync(Scene.Token);
        Assert.Equal(0, after.Sum("monitor_probes_total", "type=\"http\"", "outcome=\"failed\""));
        Assert.True(after.Sum("monitor_probes_total", "type=\"tcp\"", "outcome=\"late\"") >= 10, "what was on its way when it stood still is late");
        Assert.Empty(scene.Robot.Messages);
        foreach (var id in ids)
        {
            Assert.Equal("healthy", (await scene.Api.TargetAsync(id, Scene.Token)).Word("status"));
        }
    }

    [Fact]
    public async Task A_thousand_targets_that_never_answer_delay_no_other()
    {
        await using var hanging = TcpServer.Hanging();
        await using var target = TcpServer.Http();
        await using var scene = await Scene.StartAsync();
        var patient = await AddManyAsync(scene, 20, number => Healthy(number, target.Port));
        await AddManyAsync(scene, 1000, number => Hung(number, hanging.Port));
        await Eventually.TrueAsync("all thousand have been tried", () => hanging.Accepted >= 1000, Scene.Token);

        var from = DateTimeOffset.UtcNow;
        await Eventually.TrueAsync("two rounds of the thousand", () => hanging.Accepted >= 3000, Scene.Token);

        foreach (var id in patient)
        {
            var results = (await scene.Api.ResultsAsync(id, Scene.Token)).Where(result => result["checked_at"]!.GetValue<DateTimeOffset>() >= from).Reverse().ToArray();
            var times = results.Select(result => result["checked_at"]!.GetValue<DateTimeOffset>()).ToArray();

            // "late" is this machine's own stall and no other target's doing; a turn that the thousand took would be missing from the times.
            Assert.All(results, result => Assert.True(result.Word("outcome") is "ok" or "late", result.ToJsonString()));
            Assert.True(times.Length >= 6, $"target {id} was checked {times.Length} times");
            var widest = times.Zip(times.Skip(1), (one, next) => next - one).Max();
            Assert.True(widest < TimeSpan.FromSeconds(1.9), $"target {id} waited {widest.TotalSeconds:0.00} s for a turn that comes every second");
        }
    }

    [Fact]
    public async Task A_new_silo_is_ready_within_five_seconds()
    {
        using var folder = new TempDir();
        var began = TimeProvider.System.GetTimestamp();
        await using var silo = await SiloProcess.StartAsync(new SiloSettings { Folder = folder.Folder }, Scene.Token);
        Assert.InRange(TimeProvider.System.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    private static object Healthy(int number, int port) => number % 2 == 0
        ? new { name = $"well {number}", type = "http", config = (object)new { url = $"http://127.0.0.1:{port}/" }, interval_seconds = 1, timeout_seconds = 1 }
        : new { name = $"well {number}", type = "tcp", config = (object)new { host = "127.0.0.1", port }, interval_seconds = 1, timeout_seconds = 1 };

    private static object Hung(int number, int port) => new
    {
        name = $"hung {number}",
        type = number % 2 == 0 ? "http" : "tcp",
        config = number % 2 == 0 ? (object)new { url = $"http://127.0.0.1:{port}/" } : new { host = "127.0.0.1", port, expect_regex = "^hello" },
        interval_seconds = 4,
        timeout_seconds = 4,
        notify_channel_ids = Array.Empty<long>(),
    };

    private static async Task<IReadOnlyList<long>> AddManyAsync(Scene scene, int count, Func<int, object> target)
    {
        var ids = new long[count];
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Scene.Token }, async (number, token) =>
            ids[number] = await scene.Api.AddTargetAsync(target(number), token));
        return ids;
    }
}
