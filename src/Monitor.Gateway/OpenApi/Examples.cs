using System.Text.Json;
using Monitor.Core.Probing;

namespace Monitor.Gateway.OpenApi;

/// <summary>What bodies and answers look like.</summary>
internal static class Examples
{
    public const string Target = """
        {"id":7,"name":"网关","type":"http","config":{"url":"https://api.example.com/health","expect_json":{"$.status":"UP"}},"interval_seconds":10,"timeout_seconds":5,
        "failure_threshold":3,"recovery_threshold":1,"retry_interval_seconds":null,"notify_degraded":true,"enabled":true,"group":"入口","labels":{"team":"edge"},"notify_channel_ids":[1],
        "external_id":null,"endpoint":"https://api.example.com/health","status":"healthy","last_message":"HTTP 200","last_checked_at":"2026-01-31T08:00:00.000Z","last_latency_ms":4.2,
        "consecutive_failures":0,"warnings":[],"notes":[],"metrics":{"status_code":200},"status_since":"2026-01-30T08:00:00.000Z","created_at":"2026-01-30T07:59:58.000Z",
        "updated_at":"2026-01-30T07:59:58.000Z","created_by":"admin","updated_by":"admin"}
        """;

    public const string TargetPatch = """{"interval_seconds":60,"labels":{"team":"edge","tier":null}}""";

    public const string Result = """
        {"checked_at":"2026-01-31T08:00:00.000Z","outcome":"failed","success":false,"stage":"connect","latency_ms":3.1,"message":"connect: 10.0.0.5:5432 refused the connection","warnings":[],"notes":[],
        "metrics":{"dns_ms":0.2},"trigger":"schedule","silo":"node-1","zone":"default"}
        """;

    public const string Uptime = """
        {"uptime_percent":99.95,"observed_seconds":86400,"checks":8640,"failures":4,"latency_ms":{"p50":3.9,"p95":8.2,"p99":20.5}}
        """;

    public const string History = """
        {"items":[{"at":"2026-01-31T08:00:00.000Z","checks":6,"failures":0,"warnings":0,"latency_ms":{"avg":4.1,"max":6.3}}]}
        """;

    public const string ChannelBody = """
        {"name":"值班群","webhook_url":"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=00000000-0000-0000-0000-000000000000","is_default":true}
        """;

    public const string Channel = """
        {"id":1,"name":"值班群","type":"wecom","webhook_url":"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=******","enabled":true,"is_default":true,"mention_all":false,"mentioned_mobiles":[],
        "settings":{"template_firing":null,"template_resolved":null,"language":null},"created_at":"2026-01-30T07:59:58.000Z","updated_at":"2026-01-30T07:59:58.000Z","created_by":"admin","updated_by":"admin"}
        """;

    public const string ChannelTest = """{"sent":true,"http_status":200,"errcode":0,"errmsg":"ok","answer":"{\"errcode\":0,\"errmsg\":\"ok\"}"}""";

    public const string Alert = """
        {"id":12,"target_id":7,"target_name":"网关","endpoint":"https://api.example.com/health","severity":"critical","status":"resolved","resolved_reason":"recovered","message":"connect: refused",
        "started_at":"2026-01-31T08:00:00.000Z","fired_at":"2026-01-31T08:00:20.000Z","resolved_at":"2026-01-31T08:05:00.000Z","failure_count":3,"episode":3,"told_as":null,
        "deliveries":[{"channel_id":1,"kind":"firing","status":"sent","reason":null,"attempts":1,"last_error":null,"message_id":"0198f0c8","sent_at":"2026-01-31T08:00:20.100Z"}]}
        """;

    public const string Token = """
        {"id":3,"name":"dashboard","role":"viewer","expires_at":null,"created_at":"2026-01-30T08:00:00.000Z","last_used_at":null}
        """;

    public const string NewToken = """
        {"id":3,"name":"dashboard","role":"viewer","expires_at":null,"created_at":"2026-01-30T08:00:00.000Z","last_used_at":null,"token":"mon_…"}
        """;

    public const string Cluster = """
        {"silos":[{"name":"node-1","zone":"default","address":"http://127.0.0.1:5080","started_at":"2026-01-30T08:00:00.000Z","heartbeat_at":"2026-01-31T08:00:00.000Z","shards":256,"targets":12,
        "probes_per_second":0.4,"schedule_lag_p99_ms":1.8}],"shards":256,"unowned":0}
        """;

    public const string Probers = """[{"type":"tcp","name":"TCP","schema":{"type":"object"}}]""";

    public const string Ready = """{"status":"ready","reasons":[]}""";

    /// <summary>Targets as users send them, one a type.</summary>
    private static readonly string[] Samples =
    [
        """{"name":"网关","type":"http","config":{"url":"https://api.example.com/health","expect_json":{"$.status":"UP"}},"interval_seconds":10}""",
        """{"name":"mail","type":"tcp","config":{"host":"mail.example.com","port":25},"labels":{"team":"mail"}}""",
        """{"name":"router","type":"ping","config":{"host":"192.0.2.1"}}""",
        """{"name":"订单库","type":"postgresql","config":{"host":"10.0.0.5","username":"probe","password":"s3cret","database":"orders"}}""",
        """{"name":"会话缓存","type":"redis","config":{"nodes":["10.0.1.1:6379","10.0.1.2:6379","10.0.1.3:6379"],"password":"s3cret"}}""",
        """{"name":"计费消费组","type":"kafka","config":{"bootstrap_servers":["10.0.2.1:9092"],"consumer_group":"billing","max_lag":10000},"interval_seconds":60}""",
        """{"name":"时序库","type":"cassandra","config":{"contact_points":["10.0.3.1:9042"],"username":"probe","password":"s3cret"}}""",
    ];

    public static string Page(string item, bool counted = true) =>
        counted ? $$"""{"items":[{{item}}],"next_cursor":null,"total":1}""" : $$"""{"items":[{{item}}],"next_cursor":null}""";

    public static IReadOnlyList<KeyValuePair<string, string>> Bodies(params (string Name, string Json)[] bodies) =>
        [.. bodies.Select(body => KeyValuePair.Create(body.Name, body.Json))];

    /// <summary>Those that this service's probers accept.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Targets(ProberCatalog catalog) => [.. Accepted(catalog).Select(
        sample => KeyValuePair.Create(sample.Type, sample.Json))];

    public static IReadOnlyList<KeyValuePair<string, string>> DryRuns(ProberCatalog catalog) => [.. Accepted(catalog).Select(
        sample => KeyValuePair.Create(sample.Type, $$"""{"type":"{{sample.Type}}","config":{{sample.Config}},"timeout_seconds":3}"""))];

    private static IEnumerable<(string Type, string Config, string Json)> Accepted(ProberCatalog catalog)
    {
        foreach (var json in Samples)
        {
            using var document = JsonDocument.Parse(json);
            var type = document.RootElement.GetProperty("type").GetString()!;
            var config = document.RootElement.GetProperty("config");
            if (catalog.Find(type)?.Read(config).Errors.Count == 0)
            {
                yield return (type, config.GetRawText(), json);
            }
        }
    }
}
