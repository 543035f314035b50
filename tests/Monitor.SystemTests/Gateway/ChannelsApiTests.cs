using System.Text.Json.Nodes;
using Monitor.Core.Ports;
using Xunit;

namespace Monitor.SystemTests.Gateway;

public sealed class ChannelsApiTests
{
    private const string Robot = """{"name":"值班群","webhook_url":"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abc-def"}""";

    [Fact]
    public async Task A_new_channel_has_the_contracts_fields_and_hides_its_key()
    {
        await using var host = await GatewayHost.StartAsync();

        var made = await host.PostAsync("/api/v1/channels", Robot);

        Assert.Equal((201, "\"1\""), (made.Status, made.Headers["ETag"]));
        var at = made.Json["created_at"]!.GetValue<string>();
        var expected = JsonNode.Parse($$"""
            {"id":{{made.Id}},"name":"值班群","type":"wecom","webhook_url":"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=******","enabled":true,"is_default":false,"mention_all":false,
            "mentioned_mobiles":[],"settings":{"template_firing":null,"template_resolved":null,"language":null},"created_at":"{{at}}","updated_at":"{{at}}","created_by":"admin","updated_by":"admin"}
            """);
        Assert.Equal(expected!.ToJsonString(), made.Json.ToJsonString());
        Assert.Equal([made.Id], host.Runtime.ChannelsChanged);
    }

    [Fact]
    public async Task A_masked_url_keeps_its_key_but_only_as_it_was_shown()
    {
        await using var host = await GatewayHost.StartAsync();
        var made = await host.PostAsync("/api/v1/channels", Robot);
        var path = $"/api/v1/channels/{made.Id}";
        var body = made.Json;
        body["settings"]!["template_firing"] = "{{name}} 挂了\n{{ message }}";

        var put = await host.PutAsync(path, body.ToJsonString());
        var patch = await host.PatchAsync(path, """{"settings":{"language":"en"},"mentioned_mobiles":["13800001111"]}""");
        var moved = await host.PatchAsync(path, """{"webhook_url":"https://evil.example.com/cgi-bin/webhook/send?key=******"}""");

        Assert.Equal((200, 200, 422), (put.Status, patch.Status, moved.Status));
        var stored = (await host.Store.FindChannelAsync(made.Id, TestContext.Current.CancellationToken))!.Settings;
        Assert.EndsWith("key=abc-def", stored.WebhookUrl, StringComparison.Ordinal);
        Assert.Equal("{{name}} 挂了\n{{ message }}", stored.TemplateFiring);
        Assert.Equal(Monitor.Core.Text.Language.English, stored.Language);
        Assert.Equal(["13800001111"], stored.MentionedMobiles);
    }

    [Fact]
    public async Task A_channel_in_use_is_not_deleted_and_says_by_whom()
    {
        await using var host = await GatewayHost.StartAsync();
        var id = (await host.PostAsync("/api/v1/channels", Robot)).Id;
        var body = $$$"""{"name":"n","type":"tcp","config":{"host":"a","port":1},"notify_channel_ids":[{{{id}}}]}""";
        var users = new[] { (await host.PostAsync("/api/v1/targets", body)).Id, (await host.PostAsync("/api/v1/targets", body)).Id };

        var refused = await host.DeleteAsync($"/api/v1/channels/{id}");

        Assert.True(refused is { Status: 409, IsProblem: true }, refused.ToString());
        Assert.Equal(users, refused.Json["target_ids"]!.AsArray().Select(user => user!.GetValue<long>()));
        await host.DeleteAsync($"/api/v1/targets/{users[0]}");
        await host.PatchAsync($"/api/v1/targets/{users[1]}", """{"notify_channel_ids":[]}""");
        Assert.Equal(412, (await host.DeleteAsync($"/api/v1/channels/{id}", ("If-Match", "\"9\""))).Status);
        Assert.Equal(204, (await host.DeleteAsync($"/api/v1/channels/{id}", ("If-Match", "\"1\""))).Status);
        Assert.Equal(404, (await host.GetAsync($"/api/v1/channels/{id}")).Status);
    }

    [Fact]
    public async Task A_test_says_what_the_other_side_said_and_a_used_up_budget_is_429()
    {
        await using var host = await GatewayHost.StartAsync();
        var path = $"/api/v1/channels/{(await host.PostAsync("/api/v1/channels", Robot)).Id}/test";

        Assert.Equal("""{"sent":true,"http_status":200,"errcode":0,"errmsg":"ok","answer":"{\"errcode\":0,\"errmsg\":\"ok\"}"}""", (await host.PostAsync(path)).Text);
        host.Runtime.Test = new ChannelTest(false, null, null, null, null, TimeSpan.FromSeconds(12.2));
        var busy = await host.PostAsync(path);
        Assert.Equal((429, "13"), (busy.Status, busy.Headers["Retry-After"]));
        host.Runtime.Test = new ChannelTest(false, null, null, null, "connection refused", null);
        Assert.Equal("""{"sent":false,"http_status":null,"errcode":null,"errmsg":null,"answer":"connection refused"}""", (await host.PostAsync(path)).Text);
    }
}
