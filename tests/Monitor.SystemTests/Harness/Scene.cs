using System.Text.Json.Nodes;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Harness;

/// <summary>What most scenarios need: a silo over a folder of its own, and a robot that its notices go to.</summary>
internal sealed class Scene : IAsyncDisposable
{
    public const string RobotKey = "robot-key-5d1f0c";

    private readonly TempDir? _ownFolder;

    private Scene(TempDir? ownFolder, SiloSettings settings, WeComStandIn robot)
    {
        _ownFolder = ownFolder;
        Settings = settings;
        Robot = robot;
    }

    public SiloSettings Settings { get; }

    public WeComStandIn Robot { get; }

    public SiloProcess Silo { get; private set; } = null!;

    public ApiClient Api => Silo.Api;

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A running silo with one default channel.</summary>
    /// <param name="folder">Null: a folder of its own.</param>
    public static async Task<Scene> StartAsync(string? folder = null, Func<SiloSettings, SiloSettings>? change = null)
    {
        var own = folder is null ? new TempDir() : null;
        var settings = new SiloSettings { Folder = folder ?? own!.Folder };
        var scene = new Scene(own, change?.Invoke(settings) ?? settings, await WeComStandIn.StartAsync(cancellationToken: Token));
        try
        {
            scene.Silo = await SiloProcess.StartAsync(scene.Settings, Token);
            await scene.Api.AddChannelAsync(scene.Robot.Url(RobotKey), Token);
            return scene;
        }
        catch
        {
            await scene.DisposeAsync();
            throw;
        }
    }

    /// <summary>A silo over the same folder and port, after the last one has ended.</summary>
    public async Task StartAgainAsync(SiloSettings? settings = null)
    {
        await Silo.DisposeAsync();
        Silo = await SiloProcess.StartAsync(settings ?? Settings, Token);
    }

    public async Task<JsonNode> StatusAsync(long target, string status) =>
        await Eventually.GetAsync($"target {target} is {status}", async () =>
        {
            var now = await Api.TargetAsync(target, Token);
            return now.Word("status") == status ? now : null;
        }, Token);

    /// <summary>The alert of this episode, once its firing and, where asked for, its recovery have been delivered.</summary>
    public async Task<JsonNode> ToldAsync(long target, int episode, bool resolved) =>
        await Eventually.GetAsync($"the {(resolved ? "recovery" : "firing")} of #{target}-{episode} is delivered", async () =>
        {
            var alert = (await Api.AlertsAsync(target, Token)).FirstOrDefault(one => one.Number("episode") == episode);
            var kind = resolved ? "resolved" : "firing";
            var deliveries = alert?["deliveries"]!.AsArray().Where(one => one!.Word("kind") == kind).ToArray() ?? [];
            return deliveries.Length > 0 && deliveries.All(one => one!.Word("status") == "sent") ? alert : null;
        }, Token);

    public IReadOnlyList<Notice> Notices(long target) => [.. Notice.In(Robot.Messages).Where(notice => notice.Target == target)];

    public async ValueTask DisposeAsync()
    {
        if (Silo is { } silo)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(silo.Output);
            await silo.DisposeAsync();
        }

        await Robot.DisposeAsync();
        _ownFolder?.Dispose();
    }
}
