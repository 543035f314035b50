using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Monitor.SystemTests.Gateway;

/// <summary>Bodies, headers and queries that nobody would send. The seed of a failing one is in FsCheck's message.</summary>
public sealed class FuzzTests
{
    private const string Target = """
        {"name":"n","type":"http","config":{"url":"https://u:p@a.example.com/?token=t&x=1","headers":{"Authorization":"Bearer x","X-Y":"z"},"bearer_token":"b","expect_body_regex":"a+","expect_json":{"$.s":"UP"},
        "tls":{"verify":true,"client_key_pem":"k"}},"interval_seconds":30,"group":"g","labels":{"team":"orders"},"notify_channel_ids":[],"enabled":true}
        """;

    private const string Channel = """
        {"name":"c","type":"wecom","webhook_url":"https://a/send?key=b","enabled":true,"mentioned_mobiles":["13800001111"],"settings":{"template_firing":"{{name}}","language":"zh"}}
        """;

    private static readonly (string Method, string Path, string Body)[] Calls =
    [
        ("POST", "/api/v1/targets", Target),
        ("PUT", "/api/v1/targets/T", Target),
        ("POST", "/api/v1/targets", """{"name":"n","type":"x-tcp","config":{"host":"a","port":1,"send":"a\\r\\n","expect_regex":"^a","max_latency_ms":5,"tls":{"verify":false,"server_name":"a"}}}"""),
        ("POST", "/api/v1/targets", """{"name":"n","type":"x-ping","config":{"host":"a","count":3,"max_loss_percent":50,"ip_family":"ipv4"}}"""),
        ("POST", "/api/v1/targets", """
            {"name":"n","type":"x-http","config":{"url":"https://a/?token=b","method":"POST","headers":{"X-A":"b"},"body":"x","username":"u","password":"p","expect_status":"200-299,301","expect_body_regex":"a","expect_header":{"X":"y"},
            "expect_json":{"$.a.b":1},"proxy_url":"http://u:p@b:3128","http_version":"1.1","tls":{"verify":true}}}
            """),
        ("PATCH", "/api/v1/targets/T", """{"name":"m","config":{"url":"https://b/","headers":{"X-Y":null}},"labels":{"a":"b"},"notify_channel_ids":null}"""),
        ("POST", "/api/v1/probe", """{"type":"tcp","config":{"host":"a","port":1,"password":"******"},"timeout_seconds":3,"target_id":1}"""),
        ("POST", "/api/v1/channels", Channel),
        ("PUT", "/api/v1/channels/C", Channel),
        ("PATCH", "/api/v1/channels/C", """{"settings":{"template_resolved":"{{duration}}"},"is_default":false}"""),
        ("POST", "/api/v1/tokens", """{"name":"t","role":"viewer","expires_at":"2099-01-01T00:00:00Z"}"""),
    ];

    private static readonly string[] Lists =
        ["/api/v1/targets", "/api/v1/channels", "/api/v1/alerts", "/api/v1/tokens", "/api/v1/targets/T/results", "/api/v1/targets/T/history", "/api/v1/targets/T/uptime"];

    [Fact]
    public async Task No_body_makes_a_5xx_and_a_refused_one_changes_nothing()
    {
        await using var host = await GatewayHost.StartAsync(sqlite: true);
        var (target, channel) = ((await host.PostAsync("/api/v1/targets", Target)).Id, (await host.PostAsync("/api/v1/channels", Channel)).Id);
        var witness = await host.PostAsync("/api/v1/targets", Target);
        var accepted = 0;

        Check(2000, random =>
        {
            var (method, pattern, valid) = Calls[random.Next(Calls.Length)];
            var path = pattern.Replace("/T", $"/{target}", StringComparison.Ordinal).Replace("/C", $"/{channel}", StringComparison.Ordinal);
            var body = Mutation.Of(valid, random);
            var before = method == "POST" ? null : host.GetAsync(path).GetAwaiter().GetResult().Text;
            var answer = Send(host, method, path, body, random);
            accepted += answer.Status < 300 ? 1 : 0;
            var unchanged = answer.Status < 300 || before is null || before == host.GetAsync(path).GetAwaiter().GetResult().Text;
            return Trouble(answer, unchanged, $"{method} {path} {Encoding.UTF8.GetString(body)}");
        });

        Assert.Equal(witness.Text, (await host.GetAsync($"/api/v1/targets/{witness.Id}")).Text);
        Assert.InRange(accepted, 50, 1950);
        Assert.DoesNotContain(host.Log.All, line => line.StartsWith("Error", StringComparison.Ordinal) || line.StartsWith("Critical", StringComparison.Ordinal));
    }

    [Fact]
    public async Task No_query_makes_a_5xx()
    {
        await using var host = await GatewayHost.StartAsync(sqlite: true);
        var target = (await host.PostAsync("/api/v1/targets", Target)).Id;

        Check(1000, random =>
        {
            var path = Lists[random.Next(Lists.Length)].Replace("/T", $"/{target}", StringComparison.Ordinal);
            var query = Mutation.Query(random);
            return Trouble(host.GetAsync(path + query).GetAwaiter().GetResult(), true, path + query);
        });

        Assert.DoesNotContain(host.Log.All, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    private static void Check(int count, Func<Random, string?> run) =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed => run(new Random(seed)) is { } trouble
            ? throw new InvalidOperationException($"seed {seed.ToString(CultureInfo.InvariantCulture)}: {trouble}")
            : true).Check(Config.QuickThrowOnFailure.WithMaxTest(count));

    private static string? Trouble(Answer answer, bool unchanged, string what)
    {
        if (answer.Status >= 500 || (answer.Status >= 400 && !answer.IsProblem))
        {
            return $"{what} -> {answer}";
        }

        return unchanged ? null : $"{what} was refused, but changed something";
    }

    private static Answer Send(GatewayHost host, string method, string path, byte[] body, Random random)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(random.Next(30) == 0 ? "text/json" : "application/json");
        (string, string)[] headers = random.Next(8) switch
        {
            0 => [("If-Match", Mutation.HeaderText(random))],
            1 => [("Idempotency-Key", Mutation.HeaderText(random))],
            2 => [("Accept-Language", Mutation.HeaderText(random))],
            _ => [],
        };
        return host.SendAsync(new HttpMethod(method), path, content, GatewayHost.AdminToken, headers).GetAwaiter().GetResult();
    }
}
