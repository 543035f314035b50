using System.Globalization;
using Monitor.Core.Alerts;
using Monitor.Core.Health;
using Monitor.Core.Ports;
using Monitor.Gateway;
using Monitor.Gateway.Memory;
using Monitor.SystemTests.Web;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Gateway;

/// <summary>Reads while the store is away.</summary>
public sealed class MemoryTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task While_the_store_is_away_reads_are_answered_from_memory_and_say_so()
    {
        await using var host = await GatewayHost.StartAsync();
        var (channel, target, other) = await FillAsync(host);
        host.Store.Away = "disk full";
        host.Runtime.Running[target] = new LiveTarget(HealthState.New("tcp", Start) with { Status = HealthStatus.Unhealthy, ConsecutiveFailures = 4 }, FakeRuntime.Record(target, Start), Unprobed: false);

        var list = Remembered(await host.GetAsync("/api/v1/targets?status=unhealthy&sort=-name"));
        Assert.Equal([target], list.Json["items"]!.AsArray().Select(item => item!["id"]!.GetValue<long>()));
        Assert.Equal(1, list.Json["total"]!.GetValue<long>());
        var one = Remembered(await host.GetAsync($"/api/v1/targets/{target}"));
        Assert.Equal(("unhealthy", 4, "\"2\""), (one.Json["status"]!.GetValue<string>(), one.Json["consecutive_failures"]!.GetValue<int>(), one.Headers["ETag"]));
        Assert.Equal("unknown", Remembered(await host.GetAsync($"/api/v1/targets/{other}")).Json["status"]!.GetValue<string>());
        Assert.Equal(404, Remembered(await host.GetAsync("/api/v1/targets/999")).Status);
        Assert.Equal(channel, Remembered(await host.GetAsync("/api/v1/channels")).Json["items"]![0]!["id"]!.GetValue<long>());
        Remembered(await host.GetAsync($"/api/v1/channels/{channel}"));
        var first = Remembered(await host.GetAsync("/api/v1/targets?limit=1"));
        var next = Remembered(await host.GetAsync("/api/v1/targets?limit=1&cursor=" + first.Json["next_cursor"]!.GetValue<string>()));
        Assert.Equal((target, other), (first.Json["items"]![0]!["id"]!.GetValue<long>(), next.Json["items"]![0]!["id"]!.GetValue<long>()));
        Assert.Equal(200, (await host.GetAsync("/api/v1/cluster")).Status);
        Assert.Equal(200, (await host.GetAsync("/api/v1/probers")).Status);

        host.Store.Away = null;
        await Eventually.TrueAsync("the store answers again", async () => !(await host.GetAsync("/api/v1/targets")).Headers.ContainsKey(AnswerOrigin.Header), Token);
    }

    [Fact]
    public async Task What_memory_does_not_know_and_what_changes_something_is_503_with_a_time_to_retry()
    {
        await using var host = await GatewayHost.StartAsync();
        var (channel, target, _) = await FillAsync(host);
        host.Store.Away = "disk full";
        foreach (var path in (string[])[$"/api/v1/targets/{target}/results", $"/api/v1/targets/{target}/uptime", $"/api/v1/targets/{target}/history", "/api/v1/alerts", "/api/v1/alerts/77", "/api/v1/tokens"])
        {
            Refused(await host.GetAsync(path));
        }

        Refused(await host.PostAsync("/api/v1/targets", """{"name":"n","type":"tcp","config":{"host":"a","port":1}}"""));
        Refused(await host.PatchAsync($"/api/v1/targets/{target}", """{"name":"x"}"""));
        Refused(await host.PatchAsync("/api/v1/targets/999", """{"name":"x"}"""));
        Refused(await host.DeleteAsync($"/api/v1/targets/{target}"));
        Refused(await host.PostAsync($"/api/v1/targets/{target}/probe"));
        Refused(await host.PatchAsync($"/api/v1/channels/{channel}", """{"name":"x"}"""));

        static void Refused(Answer answer)
        {
            Assert.True(answer.IsProblem && answer.Status == 503, answer.ToString());
            Assert.Equal("2", answer.Headers["Retry-After"]);
            Assert.False(answer.Headers.ContainsKey(AnswerOrigin.Header));
        }
    }

    [Fact]
    public async Task Open_alerts_are_those_that_were_open_less_what_is_over_and_what_has_fired_since()
    {
        await using var host = await GatewayHost.StartAsync();
        var (_, target, other) = await FillAsync(host);
        host.Store.Alerts.Add(new AlertRow(Alert(1, target, 3), [new Delivery { Key = new DeliveryKey(target, 3, DeliveryKind.Firing, 1), CreatedAt = Start, Status = DeliveryStatus.Sent }]));
        host.Store.Alerts.Add(new AlertRow(Alert(2, other, 7), []));
        host.Runtime.Running[target] = Live(3, open: true);
        host.Runtime.Running[other] = Live(7, open: true);
        await Eventually.TrueAsync("the open alerts are remembered", () => Picture(host)?.Open.Count == 2, Token);
        host.Store.Away = "disk full";
        host.Runtime.Running[other] = Live(8, open: true);

        var firing = Remembered(await host.GetAsync("/api/v1/alerts?status=firing")).Json;
        Assert.Equal(2, firing["total"]!.GetValue<long>());
        Assert.Equal([(target, 3, (long?)1), (other, 8, null)], firing["items"]!.AsArray().Select(alert =>
            (alert!["target_id"]!.GetValue<long>(), alert["episode"]!.GetValue<int>(), alert["id"]?.GetValue<long>())).Order());
        Assert.Single(firing["items"]!.AsArray(), alert => alert!["deliveries"]!.AsArray().Count == 1);
        Assert.Equal(3, Remembered(await host.GetAsync("/api/v1/alerts/1")).Json["episode"]!.GetValue<int>());
        Assert.Equal(503, (await host.GetAsync("/api/v1/alerts/2")).Status);
        host.Runtime.Running[target] = Live(3, open: false);
        Assert.Equal(0, Remembered(await host.GetAsync("/api/v1/alerts?status=firing&severity=critical&target_id=" + target.ToString(CultureInfo.InvariantCulture))).Json["total"]!.GetValue<long>());
    }

    [Fact]
    public async Task Pages_go_on_and_say_on_each_since_when_the_store_is_away()
    {
        await using var host = await GatewayHost.StartAsync(new GatewayOptions { Access = AccessMode.Open });
        var (_, target, _) = await FillAsync(host);
        using var client = new WebClient(host.Address);
        var before = await client.GetAsync($"/targets/{target}");
        Assert.Contains("<div id=\"store-away\" hidden></div>", before.Html, StringComparison.Ordinal);
        host.Store.Away = "disk full";
        foreach (var path in (string[])["/", "/targets", $"/targets/{target}", "/channels", "/cluster", "/alerts?status=firing"])
        {
            await Eventually.TrueAsync($"{path} says so", async () => (await client.GetAsync(path)).Html.Contains("The store has not answered since", StringComparison.Ordinal), Token);
            Assert.Equal(200, (await client.GetAsync(path)).Status);
        }

        var page = (await client.GetAsync($"/targets/{target}")).Html;
        Assert.Contains("Only the store knows this", page, StringComparison.Ordinal);
        Assert.DoesNotContain("It has never alerted", page, StringComparison.Ordinal);
    }

    private static DateTimeOffset Start { get; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>One channel, one target that was edited, another; and all of it is remembered.</summary>
    private static async Task<(long Channel, long Target, long Other)> FillAsync(GatewayHost host)
    {
        var channel = (await host.PostAsync("/api/v1/channels", """{"name":"ops","webhook_url":"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k","is_default":true}""")).Id;
        var target = (await host.PostAsync("/api/v1/targets", """{"name":"b","type":"tcp","config":{"host":"a","port":1}}""")).Id;
        await host.PatchAsync($"/api/v1/targets/{target}", """{"name":"a"}""");
        var other = (await host.PostAsync("/api/v1/targets", """{"name":"c","type":"tcp","config":{"host":"a","port":2}}""")).Id;
        await Eventually.TrueAsync("all is remembered", () => Picture(host) is { Targets.Count: 2, Channels.Count: 1 }, Token);
        return (channel, target, other);
    }

    private static StorePicture? Picture(GatewayHost host) => ((StoreMemory)host.Services.GetService(typeof(StoreMemory))!).Picture;

    private static Answer Remembered(Answer answer)
    {
        Assert.Equal("memory", answer.Headers.GetValueOrDefault(AnswerOrigin.Header));
        Assert.InRange(int.Parse(answer.Headers[AnswerOrigin.AgeHeader], CultureInfo.InvariantCulture), 0, 60);
        return answer;
    }

    private static LiveTarget Live(int episode, bool open) => new(
        HealthState.New("tcp", Start) with { Status = open ? HealthStatus.Unhealthy : HealthStatus.Healthy, LastEpisode = episode, Outage = open ? new OpenEpisode(episode, Start, Start, 3, [1]) : null },
        null,
        Unprobed: false);

    private static AlertRecord Alert(long id, long target, int episode) => new()
    {
        Id = id,
        TargetId = target,
        Episode = episode,
        TargetName = "n",
        TargetType = "tcp",
        Endpoint = "a:1",
        Severity = AlertSeverity.Critical,
        Message = "connect: refused",
        StartedAt = Start,
        FiredAt = Start,
        FailureCount = 3,
    };
}
