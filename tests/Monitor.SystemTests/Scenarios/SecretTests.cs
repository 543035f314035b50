using System.Text;
using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Scenarios;

/// <summary>Secrets that a user entrusts: not in an answer, not in the log, not readable in the folder.</summary>
public sealed class SecretTests
{
    private const string Canary = "canary7f3ab1c9";

    [Fact]
    public async Task No_secret_is_in_an_answer_the_output_or_the_folder()
    {
        await using var target = new TcpServer();
        await using var scene = await Scene.StartAsync(change: settings => settings with { Arguments = ["--Messages:Language=en", "--Logging:LogLevel:Default=Debug"] });
        scene.Robot.Answer = message => message.Key.Contains(Canary, StringComparison.Ordinal) ? RobotAnswer.Unknown : RobotAnswer.Ok;
        var channel = await scene.Api.AddChannelAsync(scene.Robot.Url(Canary + "-key"), Scene.Token, "secret");
        var id = await scene.Api.AddTargetAsync(
            new
            {
                name = "safe",
                type = "http",
                config = new
                {
                    url = $"http://127.0.0.1:{target.Port}/?page=1",
                    bearer_token = Canary + "-bearer",
                    headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["X-Api-Key"] = Canary + "-header" },
                },
                interval_seconds = 1,
                failure_threshold = 1,
                notify_channel_ids = new[] { channel },
            },
            Scene.Token);
        await scene.Robot.WaitForAsync(message => message.Key.Contains(Canary, StringComparison.Ordinal), Scene.Token);
        await Eventually.TrueAsync("the refused delivery is dead", async () => (await scene.Api.AlertsAsync(id, Scene.Token)) is [var alert]
            && alert["deliveries"]!.AsArray().All(delivery => delivery!.Word("status") == "dead"), Scene.Token);

        foreach (var path in (string[])["/api/v1/targets", $"/api/v1/targets/{id}", "/api/v1/channels", $"/api/v1/channels/{channel}", "/api/v1/alerts", $"/api/v1/targets/{id}/results", "/metrics", "/readyz"])
        {
            Assert.DoesNotContain(Canary, await scene.Api.TextAsync(path, Scene.Token), StringComparison.Ordinal);
        }

        await scene.Silo.Process.TerminateAsync(Scene.Token);
        Assert.DoesNotContain(Canary, scene.Silo.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(SiloProcess.AdminToken, scene.Silo.Output, StringComparison.Ordinal);
        foreach (var file in Directory.EnumerateFiles(scene.Settings.Folder, "*", SearchOption.AllDirectories))
        {
            var bytes = await File.ReadAllBytesAsync(file, Scene.Token);
            foreach (var secret in (string[])[Canary, SiloProcess.AdminToken, Convert.ToBase64String(Encoding.UTF8.GetBytes(Canary))[..12]])
            {
                Assert.True(bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(secret)) < 0, $"{secret} is readable in {Path.GetFileName(file)}");
            }
        }
    }
}
