using System.Text.Json.Nodes;
using Xunit;

namespace Monitor.SystemTests.Gateway;

public sealed class SecretsTests
{
    private const string Canary = "cAnArY";

    private const string Target = """
        {"name":"n","type":"http","config":{"url":"https://u:cAnArY1@a.example.com/?access_token=cAnArY2&x=1","headers":{"Authorization":"Bearer cAnArY3","X-Api-Key":"cAnArY4","X-Y":"shown"},
        "bearer_token":"cAnArY5","tls":{"verify":true,"client_key_pem":"cAnArY6"}}}
        """;

    private const string Channel = """{"name":"c","webhook_url":"https://u:cAnArY7@qyapi.weixin.qq.com/cgi-bin/webhook/send?key=cAnArY8"}""";

    [Fact]
    public async Task No_answer_and_no_log_line_ever_holds_a_secret()
    {
        await using var host = await GatewayHost.StartAsync();
        var answers = new List<Answer>();
        async Task<Answer> Keep(Task<Answer> call)
        {
            answers.Add(await call);
            return answers[^1];
        }

        var target = await Keep(host.PostAsync("/api/v1/targets", Target, ("Idempotency-Key", "k")));
        await Keep(host.PostAsync("/api/v1/targets", Target, ("Idempotency-Key", "k")));
        var channel = await Keep(host.PostAsync("/api/v1/channels", Channel));
        var (targetPath, channelPath) = ($"/api/v1/targets/{target.Id}", $"/api/v1/channels/{channel.Id}");
        Assert.Equal((201, 201), (target.Status, channel.Status));
        Assert.Equal("""{"Authorization":"******","X-Api-Key":"******","X-Y":"shown"}""", target.Json["config"]!["headers"]!.ToJsonString());

        // What was shown, sent back, keeps every one of them.
        await Keep(host.PutAsync(targetPath, target.Text));
        await Keep(host.PatchAsync(targetPath, """{"name":"m"}"""));
        await Keep(host.PutAsync(channelPath, channel.Text));
        var stored = (await host.Store.FindTargetAsync(target.Id, TestContext.Current.CancellationToken))!.Target.Settings.Config;
        Assert.All(Enumerable.Range(1, 6), i => Assert.Contains(Canary + i.ToString(System.Globalization.CultureInfo.InvariantCulture), stored, StringComparison.Ordinal));
        Assert.Contains(Canary + "8", (await host.Store.FindChannelAsync(channel.Id, TestContext.Current.CancellationToken))!.Settings.WebhookUrl, StringComparison.Ordinal);

        foreach (var path in (string[])[targetPath, channelPath, "/api/v1/targets", "/api/v1/channels", "/api/v1/tokens", "/api/v1/probers", "/openapi/v1.json", "/metrics", "/readyz", "/api/v1/cluster"])
        {
            Assert.Equal(200, (await Keep(host.GetAsync(path))).Status);
        }

        await Keep(host.PostAsync("/api/v1/probe", Probe(Target)));
        await Keep(host.PostAsync(targetPath + "/disable"));
        foreach (var (method, path, valid) in ((string, string, string)[])[("POST", "/api/v1/targets", Target), ("PUT", targetPath, Target), ("POST", "/api/v1/channels", Channel), ("PUT", channelPath, Channel)])
        {
            foreach (var body in Broken(valid))
            {
                var refused = await Keep(host.SendAsync(new HttpMethod(method), path, body, GatewayHost.AdminToken));
                Assert.InRange(refused.Status, 400, 499);
            }
        }

        host.Store.Away = "disk full";
        await Keep(host.PostAsync("/api/v1/targets", Target));
        await Keep(host.GetAsync(targetPath, token: "mon_" + Canary));
        Assert.DoesNotContain(answers, answer => (answer.Text + string.Join(",", answer.Headers.Values)).Contains(Canary, StringComparison.Ordinal));
        Assert.DoesNotContain(host.Log.All, line => line.Contains(Canary, StringComparison.Ordinal) || line.Contains(GatewayHost.AdminToken, StringComparison.Ordinal));
    }

    private static string Probe(string target)
    {
        var body = JsonNode.Parse(target)!;
        return new JsonObject { ["type"] = "http", ["config"] = body["config"]!.DeepClone() }.ToJsonString();
    }

    private static IEnumerable<string> Broken(string valid)
    {
        yield return valid[..^2];
        yield return valid.Replace("cAnArY", "\\u0001cAnArY", StringComparison.Ordinal);
        yield return valid.Replace("\"name\":", "\"nmae\":", StringComparison.Ordinal);
        yield return valid.Replace("\"name\":\"", "\"name\":7,\"x\":\"", StringComparison.Ordinal);
        yield return valid.Replace("https://", "gopher://", StringComparison.Ordinal);
        yield return valid.Replace("\"name\":\"n\"", "\"name\":\"\"", StringComparison.Ordinal).Replace("\"name\":\"c\"", "\"name\":\"\"", StringComparison.Ordinal);
        yield return valid[..^1] + "," + valid[1..];
        yield return valid.Replace("cAnArY", "cAnArY\\ud800", StringComparison.Ordinal);
    }
}
