using System.Text.Json.Nodes;
using Monitor.Core.Health;
using Monitor.Core.Ports;
using Xunit;

namespace Monitor.SystemTests.Gateway;

public sealed class TargetsApiTests
{
    private const string Tcp = """{"name":"邮件 & <b>","type":"tcp","config":{"host":"mail.example.com","port":25,"password":"s3cret"}}""";

    [Fact]
    public async Task A_new_target_has_the_contracts_fields_and_defaults()
    {
        await using var host = await GatewayHost.StartAsync();

        var made = await host.PostAsync("/api/v1/targets", Tcp);

        Assert.Equal(201, made.Status);
        Assert.Equal($"/api/v1/targets/{made.Id}", made.Headers["Location"]);
        Assert.Equal("\"1\"", made.Headers["ETag"]);
        var at = made.Json["created_at"]!.GetValue<string>();
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", at);
        var expected = JsonNode.Parse($$"""
            {"id":{{made.Id}},"name":"邮件 & <b>","type":"tcp","config":{"host":"mail.example.com","port":25,"password":"******"},"interval_seconds":30,"timeout_seconds":5,
            "failure_threshold":3,"recovery_threshold":1,"retry_interval_seconds":null,"notify_degraded":true,"enabled":true,"group":null,"labels":{},"notify_channel_ids":[],"external_id":null,
            "endpoint":"mail.example.com:25","status":"unknown","last_message":"等待首次探测","last_checked_at":null,"last_latency_ms":null,"consecutive_failures":0,"warnings":[],"notes":[],
            "metrics":{},"status_since":"{{at}}","created_at":"{{at}}","updated_at":"{{at}}","created_by":"admin","updated_by":"admin"}
            """);
        Assert.Equal(expected!.ToJsonString(), made.Json.ToJsonString());
        Assert.Contains("邮件 & <b>", made.Text, StringComparison.Ordinal);
        Assert.Equal([made.Id], host.Runtime.TargetsChanged);
        Assert.Equal(made.Text, (await host.GetAsync($"/api/v1/targets/{made.Id}")).Text);
    }

    [Fact]
    public async Task What_its_owner_knows_is_newer_than_what_is_stored()
    {
        await using var host = await GatewayHost.StartAsync();
        var id = (await host.PostAsync("/api/v1/targets", Tcp)).Id;
        var since = new DateTimeOffset(2026, 1, 2, 3, 4, 6, TimeSpan.Zero);
        var state = HealthState.New("tcp", since) with { Status = HealthStatus.Unhealthy, ConsecutiveFailures = 3 };
        host.Runtime.Running[id] = new LiveTarget(state, FakeRuntime.Record(id), Unprobed: true);

        var seen = (await host.GetAsync($"/api/v1/targets/{id}")).Json;

        Assert.Equal("unhealthy", seen["status"]!.GetValue<string>());
        Assert.Equal("connect: 10.0.0.5:5432 refused", seen["last_message"]!.GetValue<string>());
        Assert.Equal("2026-01-02T03:04:05.678Z", seen["last_checked_at"]!.GetValue<string>());
        Assert.Equal(4.2, seen["last_latency_ms"]!.GetValue<double>());
        Assert.Equal(3, seen["consecutive_failures"]!.GetValue<int>());
        Assert.Contains("两个周期", seen["notes"]![0]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("""{"dns_ms":0.25,"version":"16.1","is_replica":true,"rate":null,"nodes_down":["a:1"],"lag_by_topic":{"订单":12}}""", Plain(seen["metrics"]!));
    }

    [Fact]
    public async Task A_state_of_another_type_reads_as_unknown_and_a_disabled_target_as_disabled()
    {
        await using var host = await GatewayHost.StartAsync();
        var id = (await host.PostAsync("/api/v1/targets", Tcp)).Id;
        host.Store.States[id] = HealthState.New("http", DateTimeOffset.UnixEpoch) with { Status = HealthStatus.Unhealthy, ConsecutiveFailures = 9 };
        host.Store.Results.Add(FakeRuntime.Record(id));

        var seen = (await host.GetAsync($"/api/v1/targets/{id}")).Json;
        var disabled = (await host.PostAsync($"/api/v1/targets/{id}/disable")).Json;

        Assert.Equal(("unknown", "等待首次探测", 0), (seen["status"]!.GetValue<string>(), seen["last_message"]!.GetValue<string>(), seen["consecutive_failures"]!.GetValue<int>()));
        Assert.Equal(("disabled", "监控已禁用", false), (disabled["status"]!.GetValue<string>(), disabled["last_message"]!.GetValue<string>(), disabled["enabled"]!.GetValue<bool>()));
        Assert.Equal(2, host.Runtime.TargetsChanged.Count);
    }

    [Fact]
    public async Task Get_edit_put_works_and_keeps_the_secret()
    {
        await using var host = await GatewayHost.StartAsync();
        var id = (await host.PostAsync("/api/v1/targets", Tcp)).Id;
        var body = (await host.GetAsync($"/api/v1/targets/{id}")).Json;
        body["name"] = "renamed";
        body["labels"] = new JsonObject { ["team"] = "邮件" };

        var put = await host.PutAsync($"/api/v1/targets/{id}", body.ToJsonString());

        Assert.Equal(200, put.Status);
        Assert.Equal("\"2\"", put.Headers["ETag"]);
        var stored = (await host.Store.FindTargetAsync(id, TestContext.Current.CancellationToken))!.Target.Settings;
        Assert.Equal("renamed", stored.Name);
        Assert.Contains("s3cret", stored.Config, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", put.Text, StringComparison.Ordinal);
        Assert.Equal("邮件", stored.Labels["team"]);
    }

    [Fact]
    public async Task Put_replaces_and_patch_merges()
    {
        await using var host = await GatewayHost.StartAsync();
        var id = (await host.PostAsync("/api/v1/targets", Tcp.Replace("}}", """},"group":"g","interval_seconds":60,"labels":{"a":"1","b":"2"}}""", StringComparison.Ordinal))).Id;

        var patched = await host.PatchAsync($"/api/v1/targets/{id}", """{"group":null,"labels":{"a":null,"c":"3"},"config":{"port":26,"password":"n3w"}}""");
        Assert.Equal(200, patched.Status);
        Assert.Equal("""{"b":"2","c":"3"}""", Plain(patched.Json["labels"]!));
        Assert.Null(patched.Json["group"]);
        Assert.Equal(60, patched.Json["interval_seconds"]!.GetValue<int>());
        Assert.Equal("mail.example.com:26", patched.Json["endpoint"]!.GetValue<string>());

        var put = await host.PutAsync($"/api/v1/targets/{id}", """{"name":"n","type":"tcp","config":{"host":"a","port":1}}""");
        Assert.Equal(30, put.Json["interval_seconds"]!.GetValue<int>());
        Assert.Equal("{}", Plain(put.Json["labels"]!));
        Assert.Equal("""{"host":"a","port":1}""", Plain(put.Json["config"]!));
    }

    [Fact]
    public async Task Whoever_moves_a_secrets_destination_must_send_the_secret_again()
    {
        await using var host = await GatewayHost.StartAsync();
        var id = (await host.PostAsync("/api/v1/targets", Tcp)).Id;

        var refused = await host.PatchAsync($"/api/v1/targets/{id}", """{"config":{"host":"evil.example.com"}}""");

        Assert.Equal(422, refused.Status);
        Assert.Equal(["config.password"], refused.Paths);
        Assert.Equal("mail.example.com:25", (await host.GetAsync($"/api/v1/targets/{id}")).Json["endpoint"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_changed_type_takes_a_whole_config()
    {
        await using var host = await GatewayHost.StartAsync();
        var id = (await host.PostAsync("/api/v1/targets", Tcp)).Id;

        var partial = await host.PatchAsync($"/api/v1/targets/{id}", """{"type":"http"}""");
        var masked = await host.PatchAsync($"/api/v1/targets/{id}", """{"type":"http","config":{"url":"https://a/","bearer_token":"******"}}""");
        var whole = await host.PatchAsync($"/api/v1/targets/{id}", """{"type":"http","config":{"url":"https://a/"}}""");

        Assert.Equal((422, 422, 200), (partial.Status, masked.Status, whole.Status));
        Assert.Equal(["config"], partial.Paths);
        Assert.Equal(["config.bearer_token"], masked.Paths);
        Assert.Equal("https://a/", whole.Json["endpoint"]!.GetValue<string>());
    }

    [Fact]
    public async Task If_match_answers_412_on_a_lost_race_and_without_it_the_edit_starts_again()
    {
        await using var host = await GatewayHost.StartAsync();
        var path = $"/api/v1/targets/{(await host.PostAsync("/api/v1/targets", Tcp)).Id}";

        Assert.Equal(412, (await host.PatchAsync(path, """{"name":"x"}""", ("If-Match", "\"7\""))).Status);
        Assert.Equal(412, (await host.DeleteAsync(path, ("If-Match", "\"7\""))).Status);
        Assert.Equal(200, (await host.PatchAsync(path, """{"name":"x"}""", ("If-Match", "\"1\""))).Status);
        Assert.Equal(200, (await host.PatchAsync(path, """{"name":"y"}""", ("If-Match", "*"))).Status);

        var races = 0;
        host.Store.BeforeUpdate = () =>
        {
            host.Store.BeforeUpdate = null;
            races++;
            Assert.Equal(200, host.PatchAsync(path, """{"group":"other"}""").GetAwaiter().GetResult().Status);
        };
        var late = await host.PatchAsync(path, """{"name":"z"}""");
        Assert.Equal((200, 1), (late.Status, races));
        Assert.Equal(("z", "other"), (late.Json["name"]!.GetValue<string>(), late.Json["group"]!.GetValue<string>()));

        host.Store.BeforeUpdate = () =>
        {
            host.Store.BeforeUpdate = null;
            Assert.Equal(200, host.PatchAsync(path, """{"group":"third"}""").GetAwaiter().GetResult().Status);
        };
        Assert.Equal(412, (await host.PatchAsync(path, """{"name":"lost"}""", ("If-Match", late.Headers["ETag"]))).Status);
        Assert.Equal(204, (await host.DeleteAsync(path)).Status);
        Assert.Equal(404, (await host.GetAsync(path)).Status);
    }

    [Fact]
    public async Task An_idempotency_key_makes_one_target_and_belongs_to_one_body_and_token()
    {
        await using var host = await GatewayHost.StartAsync();

        var first = await host.PostAsync("/api/v1/targets", Tcp, ("Idempotency-Key", "k1"));
        var again = await host.PostAsync("/api/v1/targets", Tcp, ("Idempotency-Key", "k1"));
        var other = await host.PostAsync("/api/v1/targets", Tcp.Replace("25", "26", StringComparison.Ordinal), ("Idempotency-Key", "k1"));
        var channel = await host.PostAsync("/api/v1/channels", """{"name":"c","webhook_url":"https://a/?key=b"}""", ("Idempotency-Key", "k1"));
        var editor = await host.SendAsync(HttpMethod.Post, "/api/v1/targets", Tcp, await host.TokenAsync("editor"), ("Idempotency-Key", "k1"));

        Assert.Equal((201, 201, 422, 422, 201), (first.Status, again.Status, other.Status, channel.Status, editor.Status));
        Assert.Equal(first.Id, again.Id);
        Assert.NotEqual(first.Id, editor.Id);
        Assert.Equal(2, (await host.GetAsync("/api/v1/targets")).Json["total"]!.GetValue<int>());
        await host.DeleteAsync($"/api/v1/targets/{first.Id}");
        Assert.Equal(410, (await host.PostAsync("/api/v1/targets", Tcp, ("Idempotency-Key", "k1"))).Status);
    }

    [Fact]
    public async Task Channels_default_to_those_marked_and_unknown_ones_are_named_with_everything_else()
    {
        await using var host = await GatewayHost.StartAsync();
        var marked = (await host.PostAsync("/api/v1/channels", """{"name":"c","webhook_url":"https://a/?key=b","is_default":true}""")).Id;

        var silent = await host.PostAsync("/api/v1/targets", Tcp.Replace("}}", """},"notify_channel_ids":[]}""", StringComparison.Ordinal));
        var told = await host.PostAsync("/api/v1/targets", Tcp);
        var unknown = await host.PostAsync("/api/v1/targets", Tcp.Replace("}}", """},"notify_channel_ids":[77,78]}""", StringComparison.Ordinal));
        var all = await host.PostAsync("/api/v1/targets", """{"type":"tcp","config":{"host":"a b","port":0,"x":1},"interval_seconds":0,"notify_channel_ids":[77]}""");

        Assert.Equal("[]", Plain(silent.Json["notify_channel_ids"]!));
        Assert.Equal($"[{marked}]", Plain(told.Json["notify_channel_ids"]!));
        Assert.Equal((422, "no such channel: 77, 78"), (unknown.Status, unknown.Json["errors"]!["notify_channel_ids"]![0]!.GetValue<string>()));
        Assert.Equal(["config.host", "config.port", "config.x", "interval_seconds", "name", "notify_channel_ids"], all.Paths.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task An_external_id_is_unique()
    {
        await using var host = await GatewayHost.StartAsync();
        var body = Tcp.Replace("}}", """},"external_id":"e-1"}""", StringComparison.Ordinal);
        await host.PostAsync("/api/v1/targets", body);

        var refused = await host.PostAsync("/api/v1/targets", body);

        Assert.Equal(409, refused.Status);
        Assert.Equal(["external_id"], refused.Paths);
    }

    [Fact]
    public async Task Lists_filter_sort_and_page_by_key()
    {
        await using var host = await GatewayHost.StartAsync();
        for (var i = 0; i < 5; i++)
        {
            var body = new JsonObject
            {
                ["name"] = $"节点{4 - i}",
                ["type"] = i < 4 ? "tcp" : "http",
                ["config"] = i < 4 ? new JsonObject { ["host"] = "a", ["port"] = 1 } : new JsonObject { ["url"] = "https://a/" },
                ["labels"] = new JsonObject { ["n"] = i.ToString(System.Globalization.CultureInfo.InvariantCulture), ["all"] = "1" },
                ["enabled"] = i != 2,
            };
            await host.PostAsync("/api/v1/targets", body.ToJsonString());
        }

        Assert.Equal(["节点4", "节点3", "节点2", "节点1", "节点0"], await PagedAsync(host, "/api/v1/targets?limit=2"));
        Assert.Equal(["节点0", "节点1", "节点2", "节点3", "节点4"], await PagedAsync(host, "/api/v1/targets?limit=2&sort=name"));
        Assert.Equal(["节点4", "节点3", "节点2", "节点1", "节点0"], await PagedAsync(host, "/api/v1/targets?limit=3&sort=-name"));
        Assert.Equal(["节点0"], await PagedAsync(host, "/api/v1/targets?type=http"));
        Assert.Equal(["节点2"], await PagedAsync(host, "/api/v1/targets?status=disabled,unhealthy"));
        Assert.Equal(["节点3"], await PagedAsync(host, "/api/v1/targets?label=n=1&label=all=1"));
        Assert.Equal(["节点1"], await PagedAsync(host, "/api/v1/targets?q=%E7%82%B91"));
        Assert.Equal(4, (await host.GetAsync("/api/v1/targets?enabled=true&limit=1")).Json["total"]!.GetValue<int>());
    }

    [Fact]
    public async Task Probe_now_answers_with_the_result_and_a_dry_run_takes_a_targets_secrets()
    {
        await using var host = await GatewayHost.StartAsync();
        var id = (await host.PostAsync("/api/v1/targets", Tcp)).Id;

        var idle = await host.PostAsync($"/api/v1/targets/{id}/probe");
        host.Runtime.Running[id] = new LiveTarget(HealthState.New("tcp", DateTimeOffset.UnixEpoch), null, false);
        var run = await host.PostAsync($"/api/v1/targets/{id}/probe");
        var dry = await host.PostAsync("/api/v1/probe", $$"""{"type":"tcp","config":{"host":"mail.example.com","port":25,"password":"******"},"target_id":{{id}}}""");
        var moved = await host.PostAsync("/api/v1/probe", $$"""{"type":"tcp","config":{"host":"evil","port":25,"password":"******"},"target_id":{{id}}}""");
        var bare = await host.PostAsync("/api/v1/probe", """{"type":"tcp","config":{"host":"a","port":25,"password":"******"},"target_id":4711,"timeout_seconds":301}""");

        Assert.Equal((409, 200, 200, 422, 422), (idle.Status, run.Status, dry.Status, moved.Status, bare.Status));
        Assert.Equal(
            """{"checked_at":"2026-01-02T03:04:05.678Z","outcome":"failed","success":false,"stage":"connect","latency_ms":4.2,"message":"connect: 10.0.0.5:5432 refused","warnings":["证书还有 3 天到期"],"notes":[],"metrics":{"dns_ms":0.25,"version":"16.1","is_replica":true,"rate":null,"nodes_down":["a:1"],"lag_by_topic":{"订单":12}},"trigger":"manual","silo":"node-1","zone":"default"}""",
            run.Text);
        Assert.Contains("s3cret", (string)Assert.Single(host.Runtime.DryRuns), StringComparison.Ordinal);
        Assert.Equal(["config.password", "target_id", "timeout_seconds"], bare.Paths.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Results_uptime_and_history_are_of_an_existing_target()
    {
        await using var host = await GatewayHost.StartAsync();
        var path = $"/api/v1/targets/{(await host.PostAsync("/api/v1/targets", Tcp)).Id}";
        var id = long.Parse(path.Split('/')[^1], System.Globalization.CultureInfo.InvariantCulture);
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        host.Store.Results.AddRange(Enumerable.Range(0, 5).Select(i => FakeRuntime.Record(id, start.AddSeconds(i))));

        var page = await host.GetAsync(path + "/results?limit=2&from=2026-01-01T08:00:01%2B08:00&to=2026-01-01T00:00:04Z&success=false");
        var next = await host.GetAsync(path + "/results?limit=2&from=2026-01-01T08:00:01+08:00&cursor=" + page.Json["next_cursor"]);
        var uptime = await host.GetAsync(path + "/uptime?window=7d");
        var history = await host.GetAsync(path + "/history?from=2026-01-01T00:00:00Z&to=2026-01-01T01:00:00Z");

        Assert.Equal(["2026-01-01T00:00:03.000Z", "2026-01-01T00:00:02.000Z"], page.Json["items"]!.AsArray().Select(item => item!["checked_at"]!.GetValue<string>()));
        Assert.Equal(["2026-01-01T00:00:01.000Z"], next.Json["items"]!.AsArray().Select(item => item!["checked_at"]!.GetValue<string>()));
        Assert.Null(page.Json["total"]);
        Assert.Equal("""{"uptime_percent":99.95,"observed_seconds":86400,"checks":8640,"failures":4,"latency_ms":{"p50":3.9,"p95":null,"p99":null}}""", uptime.Text);
        Assert.Equal("""{"items":[{"at":"2026-01-01T00:00:00.000Z","checks":6,"failures":1,"warnings":0,"latency_ms":{"avg":4.1,"max":6.3}}]}""", history.Text);
        Assert.Equal(404, (await host.GetAsync("/api/v1/targets/999/results")).Status);
    }

    private static async Task<List<string>> PagedAsync(GatewayHost host, string path)
    {
        var names = new List<string>();
        string? cursor = null;
        do
        {
            var page = (await host.GetAsync(path + (cursor is null ? "" : "&cursor=" + cursor))).Json;
            names.AddRange(page["items"]!.AsArray().Select(item => item!["name"]!.GetValue<string>()));
            cursor = page["next_cursor"]?.GetValue<string>();
        }
        while (cursor is not null);
        return names;
    }

    private static string Plain(JsonNode node) => node.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
