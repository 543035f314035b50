using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace Monitor.SystemTests.Gateway;

public sealed class BadInputTests
{
    private static readonly Dictionary<string, (string Path, string Valid)> Kinds = new(StringComparer.Ordinal)
    {
        ["targets"] = ("/api/v1/targets", """{"name":"n","type":"tcp","config":{"host":"a","port":1}}"""),
        ["channels"] = ("/api/v1/channels", """{"name":"n","webhook_url":"https://a/?key=b"}"""),
        ["tokens"] = ("/api/v1/tokens", """{"name":"n","role":"viewer"}"""),
        ["probes"] = ("/api/v1/probe", """{"type":"tcp","config":{"host":"a","port":1}}"""),
    };

    [Theory]
    [InlineData("targets")]
    [InlineData("channels")]
    [InlineData("tokens")]
    [InlineData("probes")]
    public async Task Every_fixture_of_a_body_is_refused_with_all_its_paths(string kind)
    {
        await using var host = await GatewayHost.StartAsync();
        var (path, valid) = Kinds[kind];
        var wrong = new List<string>();
        foreach (var fixture in Fixtures(kind))
        {
            var answer = await host.PostAsync(path, Body(fixture, valid));
            if (answer.Status != 422 || !answer.IsProblem || !Expected(fixture).SequenceEqual(answer.Paths.Order(StringComparer.Ordinal)))
            {
                wrong.Add($"{fixture["why"]}: {answer}");
            }
        }

        Assert.Empty(wrong);
        Assert.InRange((await host.PostAsync(path, valid)).Status, 200, 201);
    }

    [Fact]
    public async Task Every_fixture_of_a_put_is_refused_and_changes_nothing()
    {
        await using var host = await GatewayHost.StartAsync();
        var (path, valid) = Kinds["targets"];
        var stored = await host.PostAsync(path, valid);
        foreach (var fixture in Fixtures("targets"))
        {
            var answer = await host.PutAsync($"{path}/{stored.Id}", Body(fixture, valid));
            Assert.True(answer.Status == 422 && answer.IsProblem, $"{fixture["why"]}: {answer}");
        }

        Assert.Equal(stored.Text, (await host.GetAsync($"{path}/{stored.Id}")).Text);
    }

    [Fact]
    public async Task Every_fixture_of_a_query_is_refused_by_name()
    {
        await using var host = await GatewayHost.StartAsync();
        await host.PostAsync("/api/v1/targets", Kinds["targets"].Valid);
        var wrong = new List<string>();
        foreach (var fixture in Fixtures("queries"))
        {
            var answer = await host.GetAsync(fixture["query"]!.GetValue<string>());
            if (answer.Status != 400 || !answer.IsProblem || !Expected(fixture).All(answer.Paths.Contains))
            {
                wrong.Add($"{fixture["why"]}: {answer}");
            }
        }

        Assert.Empty(wrong);
    }

    [Theory]
    [InlineData("""{"name":"n" "type":"tcp"}""", 400)]
    [InlineData("""{"name":"n",}""", 400)]
    [InlineData("", 400)]
    [InlineData("   ", 400)]
    [InlineData("{", 400)]
    [InlineData("nul", 400)]
    [InlineData("{} {}", 400)]
    [InlineData("""{"name":"a","name":"b"}""", 400)]
    [InlineData("""{"config":{"host":"a","host":"b"}}""", 400)]
    [InlineData("""{"n\u0061me":"a","name":"b"}""", 400)]
    [InlineData("""{"name":"\ud800"}""", 422)]
    [InlineData("""{"\ud800":1}""", 400, 422)]
    [InlineData("""{"\ud800":1,"\udc00":2}""", 400, 422)]
    [InlineData("""{"config":{"x":["\udc00"]}}""", 422)]
    [InlineData("""{"name":01}""", 400)]
    [InlineData("""{"name":NaN}""", 400)]
    [InlineData("// comment\n{}", 400)]
    public async Task A_malformed_body_is_a_problem(string body, params int[] statuses)
    {
        await using var host = await GatewayHost.StartAsync();

        foreach (var path in (string[])["/api/v1/targets", "/api/v1/channels", "/api/v1/tokens", "/api/v1/probe"])
        {
            var answer = await host.PostAsync(path, body);
            Assert.True(answer.IsProblem && statuses.Contains(answer.Status), answer.ToString());
        }
    }

    [Fact]
    public async Task Broken_bytes_depth_types_and_sizes_are_problems()
    {
        await using var host = await GatewayHost.StartAsync();

        Assert.Equal(400, (await SendAsync(host, [.. "{\"name\":\""u8, 0xff, 0xfe, .. "\"}"u8])).Status);
        Assert.Equal(400, (await SendAsync(host, Encoding.Unicode.GetBytes("{}"))).Status);
        Assert.Equal(400, (await SendAsync(host, Encoding.UTF8.GetBytes(new string('[', 100_000)))).Status);
        Assert.Equal(400, (await SendAsync(host, Encoding.UTF8.GetBytes(new string('[', 33) + new string(']', 33)))).Status);
        Assert.Equal(422, (await SendAsync(host, Encoding.UTF8.GetBytes(new string('[', 32) + new string(']', 32)))).Status);
        Assert.Equal(422, (await SendAsync(host, [0xef, 0xbb, 0xbf, .. "{}"u8])).Status);
        Assert.Equal(415, (await SendAsync(host, "{}"u8.ToArray(), "text/plain")).Status);
        Assert.Equal(415, (await SendAsync(host, "{}"u8.ToArray(), "application/x-www-form-urlencoded")).Status);
        Assert.Equal(415, (await SendAsync(host, "{}"u8.ToArray(), "application/json; charset=gbk")).Status);
        Assert.Equal(415, (await SendAsync(host, "{}"u8.ToArray(), null)).Status);
        Assert.Equal(413, (await SendAsync(host, new byte[(1 << 20) + 1])).Status);
        Assert.Equal(413, (await SendAsync(host, new byte[3 << 20])).Status);
        var large = Encoding.UTF8.GetBytes("{" + string.Join(",", Enumerable.Range(0, 80_000).Select(i => $"\"f{i.ToString(CultureInfo.InvariantCulture)}\":1")) + "}");
        var many = await SendAsync(host, large);
        Assert.Equal(422, many.Status);
        var surrogates = await SendAsync(host, Encoding.UTF8.GetBytes("[" + string.Join(",", Enumerable.Repeat("\"\\ud800\"", 100_000)) + "]"));
        Assert.Equal((422, 1), (surrogates.Status, surrogates.Json["errors"]![""]!.AsArray().Count));
        Assert.InRange(many.Text.Length, 1, 100_000);
    }

    [Fact]
    public async Task A_chunked_body_is_read_no_further_than_its_limit()
    {
        await using var host = await GatewayHost.StartAsync();
        using var socket = new TcpClient();
        var cancelled = TestContext.Current.CancellationToken;
        await socket.ConnectAsync(IPAddress.Loopback, host.Address.Port, cancelled);
        await using var stream = socket.GetStream();
        var head = $"POST /api/v1/targets HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {GatewayHost.AdminToken}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head), cancelled);
        var chunk = Encoding.ASCII.GetBytes("10000\r\n" + new string(' ', 65536) + "\r\n");
        for (var i = 0; i < 17; i++)
        {
            await stream.WriteAsync(chunk, cancelled);
        }

        // Answered although the body has no end.
        using var reader = new StreamReader(stream, Encoding.UTF8);
        Assert.Equal("HTTP/1.1 413 Payload Too Large", await reader.ReadLineAsync(cancelled));
    }

    [Fact]
    public async Task A_thousand_headers_and_an_endless_one_are_refused_below_500()
    {
        await using var host = await GatewayHost.StartAsync();

        var many = await host.SendAsync(HttpMethod.Get, "/api/v1/targets", (string?)null, GatewayHost.AdminToken,
            [.. Enumerable.Range(0, 1000).Select(i => ("X-H" + i.ToString(CultureInfo.InvariantCulture), "v"))]);
        var wide = await host.SendAsync(HttpMethod.Get, "/api/v1/targets", (string?)null, GatewayHost.AdminToken, ("X-H", new string('v', 60_000)));

        Assert.Equal((431, 431), (many.Status, wide.Status));
        Assert.Equal(200, (await host.GetAsync("/api/v1/targets")).Status);
    }

    [Theory]
    [InlineData("GET", "/api/v1/nothing", 404)]
    [InlineData("GET", "/api/v2/targets", 404)]
    [InlineData("GET", "/nothing", 404)]
    [InlineData("GET", "/api/v1/targets/abc", 404)]
    [InlineData("GET", "/api/v1/targets/-1", 404)]
    [InlineData("GET", "/api/v1/targets/99999999999999999999", 404)]
    [InlineData("GET", "/api/v1/targets/4711", 404)]
    [InlineData("GET", "/api/v1/targets/+4711", 404)]
    [InlineData("GET", "/api/v1/targets/%204711", 404)]
    [InlineData("GET", "/api/v1/targets/4711%20", 404)]
    [InlineData("GET", "/api/v1/alerts/%0B1", 404)]
    [InlineData("DELETE", "/api/v1/targets/4711", 404)]
    [InlineData("DELETE", "/api/v1/channels/4711", 404)]
    [InlineData("DELETE", "/api/v1/tokens/4711", 404)]
    [InlineData("POST", "/api/v1/targets/4711/probe", 404)]
    [InlineData("POST", "/api/v1/targets/4711/enable", 404)]
    [InlineData("POST", "/api/v1/channels/4711/test", 404)]
    [InlineData("GET", "/api/v1/alerts/4711", 404)]
    [InlineData("PUT", "/api/v1/targets", 405)]
    [InlineData("DELETE", "/api/v1/probers", 405)]
    [InlineData("POST", "/healthz", 405)]
    public async Task What_is_not_there_is_a_problem(string method, string path, int status)
    {
        await using var host = await GatewayHost.StartAsync();

        var answer = await host.SendAsync(new HttpMethod(method), path, (string?)null, GatewayHost.AdminToken);

        Assert.True(answer.IsProblem && answer.Status == status, answer.ToString());
        Assert.Equal(status == 405, answer.Headers.ContainsKey("Allow"));
    }

    [Fact]
    public async Task Problems_speak_the_callers_language()
    {
        await using var host = await GatewayHost.StartAsync();

        async Task<string> TitleAsync(string languages) =>
            (await host.PostAsync("/api/v1/targets", "{}", ("Accept-Language", languages))).Json["errors"]!["name"]![0]!.GetValue<string>();

        Assert.Equal("is required", await TitleAsync("de"));
        Assert.Equal("is required", await TitleAsync("en-GB, zh;q=0.5"));
        Assert.Equal("必填", await TitleAsync("zh-CN,zh;q=0.9,en;q=0.8"));
        Assert.Equal("必填", await TitleAsync("fr, zh"));
        Assert.Equal("is required", await TitleAsync("\u0001;;q=x"));
    }

    [Fact]
    public async Task What_only_a_store_knows_that_is_away_is_503_with_a_time_to_retry()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Store.Away = "disk full";

        var answer = await host.GetAsync("/api/v1/alerts");

        Assert.True(answer.IsProblem && answer.Status == 503, answer.ToString());
        Assert.Equal("2", answer.Headers["Retry-After"]);
    }

    private static Task<Answer> SendAsync(GatewayHost host, byte[] body, string? type = "application/json")
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
        return host.SendAsync(HttpMethod.Post, "/api/v1/targets", content, GatewayHost.AdminToken);
    }

    private static IEnumerable<JsonObject> Fixtures(string kind) =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Gateway", "Fixtures", kind + ".json")))!.AsArray().Select(fixture => fixture!.AsObject());

    private static string Body(JsonObject fixture, string valid)
    {
        if (fixture.ContainsKey("body"))
        {
            return fixture["body"]?.ToJsonString() ?? "null";
        }

        var body = JsonNode.Parse(valid)!.AsObject();
        Merge(body, fixture["change"]?.AsObject());
        if (fixture["config"] is JsonObject config)
        {
            Merge(body["config"]!.AsObject(), config);
        }

        return body.ToJsonString();
    }

    private static void Merge(JsonObject into, JsonObject? changes)
    {
        foreach (var (name, value) in changes ?? [])
        {
            into[name] = value?.DeepClone();
        }
    }

    private static string[] Expected(JsonObject fixture) => [.. fixture["errors"]!.Deserialize<string[]>()!.Order(StringComparer.Ordinal)];
}
