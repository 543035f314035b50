using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Monitor.Core.Alerts;
using Monitor.Core.Diagnostics;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Schemas;
using Monitor.Core.Text;
using Monitor.Gateway.Api.Channels;
using Monitor.Gateway.Api.Targets;
using Monitor.Gateway.Api.Tokens;
using Monitor.Gateway.Health;
using Xunit;

namespace Monitor.SystemTests.Gateway;

public sealed class ServiceTests
{
    private static readonly LocalizedText Full = new("the store cannot be written: disk full", "存储无法写入：磁盘已满");

    [Fact]
    public async Task Readiness_tells_starting_ready_degraded_and_unable_to_read()
    {
        await using var host = await GatewayHost.StartAsync(ready: false);

        var starting = await host.GetAsync("/readyz", token: null);
        Assert.Equal((503, "starting"), (starting.Status, starting.Json["status"]!.GetValue<string>()));
        Assert.Equal(200, (await host.GetAsync("/healthz", token: null)).Status);

        host.Services.GetRequiredService<StartupGate>().Open();
        Assert.Equal("""{"status":"ready","reasons":[]}""", (await host.GetAsync("/readyz", token: null)).Text);

        host.Store.WriteTrouble = Full;
        host.Runtime.Trouble.AddRange([new LocalizedText("2 targets were not probed for two intervals", "2 个目标超过两个间隔未被探测"), Full]);
        var degraded = await host.GetAsync("/readyz", token: null);
        Assert.Equal(200, degraded.Status);
        Assert.Equal("""{"status":"degraded","reasons":["the store cannot be written: disk full","2 targets were not probed for two intervals"]}""", degraded.Text);

        var chinese = await host.SendAsync(HttpMethod.Get, "/readyz", (string?)null, token: null, ("Accept-Language", "zh"));
        Assert.Equal("""{"status":"degraded","reasons":["存储无法写入：磁盘已满","2 个目标超过两个间隔未被探测"]}""", chinese.Text);

        host.Store.Away = "the store is locked";
        var away = await host.GetAsync("/readyz", token: null);
        Assert.Equal((200, "degraded", "the store is locked"), (away.Status, away.Json["status"]!.GetValue<string>(), away.Json["reasons"]![0]!.GetValue<string>()));
        Assert.Contains("from memory", away.Json["reasons"]![1]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_cluster_is_this_silo()
    {
        await using var host = await GatewayHost.StartAsync();

        var cluster = (await host.GetAsync("/api/v1/cluster")).Json;

        Assert.Equal((256, 0), (cluster["shards"]!.GetValue<int>(), cluster["unowned"]!.GetValue<int>()));
        var silo = cluster["silos"]![0]!;
        Assert.Equal(("node-1", "2026-01-01T00:00:00.000Z", 12.5), (silo["name"]!.GetValue<string>(), silo["started_at"]!.GetValue<string>(), silo["probes_per_second"]!.GetValue<double>()));
    }

    [Fact]
    public async Task Head_answers_as_get_does_without_the_body()
    {
        await using var host = await GatewayHost.StartAsync();

        var get = await host.GetAsync("/api/v1/targets");
        var head = await host.SendAsync(HttpMethod.Head, "/api/v1/targets", (string?)null, GatewayHost.AdminToken);

        Assert.Equal((200, "", get.Headers["Content-Length"]), (head.Status, head.Text, head.Headers["Content-Length"]));
    }

    [Fact]
    public async Task Probers_come_with_the_schema_of_their_config()
    {
        await using var host = await GatewayHost.StartAsync();

        var probers = (await host.GetAsync("/api/v1/probers")).Json.AsArray();

        Assert.Equal(["http", "tcp", "x-http", "x-ping", "x-tcp"], probers.Select(prober => prober!["type"]!.GetValue<string>()));
        var password = probers[1]!["schema"]!["properties"]!["password"]!;
        Assert.True(password["writeOnly"]!.GetValue<bool>());
    }

    [Fact]
    public async Task Alerts_carry_their_deliveries_and_are_filtered()
    {
        await using var host = await GatewayHost.StartAsync();
        var at = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        for (var i = 1; i <= 3; i++)
        {
            var alert = new AlertRecord
            {
                Id = i,
                TargetId = 7,
                Episode = i,
                TargetName = "网关",
                TargetType = "http",
                Endpoint = "https://a/",
                Severity = i == 2 ? AlertSeverity.Warning : AlertSeverity.Critical,
                Message = "connect: refused",
                StartedAt = at.AddMinutes(i),
                FiredAt = at.AddMinutes(i).AddSeconds(20),
                ResolvedAt = i == 3 ? null : at.AddHours(1),
                ResolvedReason = i == 3 ? null : ResolvedReason.Recovered,
                FailureCount = 3,
            };
            var delivery = new Delivery { Key = new DeliveryKey(7, i, DeliveryKind.Firing, 1), Status = DeliveryStatus.Dead, LastError = "93000 invalid webhook url", Attempts = 1, CreatedAt = at };
            host.Store.Alerts.Add(new AlertRow(alert, [delivery]));
        }

        var firing = (await host.GetAsync("/api/v1/alerts?status=firing")).Json;
        var one = await host.GetAsync("/api/v1/alerts/3");
        var page = (await host.GetAsync("/api/v1/alerts?limit=2")).Json;
        var rest = (await host.GetAsync("/api/v1/alerts?limit=2&cursor=" + page["next_cursor"])).Json;

        Assert.Equal(
            """{"id":3,"target_id":7,"target_name":"网关","endpoint":"https://a/","severity":"critical","status":"firing","resolved_reason":null,"message":"connect: refused","started_at":"2026-01-01T00:03:00.000Z","fired_at":"2026-01-01T00:03:20.000Z","resolved_at":null,"failure_count":3,"episode":3,"told_as":null,"deliveries":[{"channel_id":1,"kind":"firing","status":"dead","reason":null,"attempts":1,"last_error":"93000 invalid webhook url","message_id":null,"sent_at":null}]}""",
            one.Text);
        Assert.Equal(1, firing["total"]!.GetValue<int>());
        Assert.Equal(1, (await host.GetAsync("/api/v1/alerts?severity=warning&status=resolved&target_id=7")).Json["total"]!.GetValue<int>());
        Assert.Equal([3, 2, 1], page["items"]!.AsArray().Concat(rest["items"]!.AsArray()).Select(alert => alert!["id"]!.GetValue<long>()));
    }

    [Fact]
    public async Task Metrics_have_the_contracts_names_from_the_start_and_promtool_finds_no_fault()
    {
        await using var host = await GatewayHost.StartAsync();
        Telemetry.Probes.Add(1, new("type", "http"), new("outcome", "late"));

        var metrics = await host.GetAsync("/metrics", token: null);

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", metrics.Headers["Content-Type"]);
        foreach (var line in (string[])["monitor_probes_total{outcome=\"skipped\",type=\"tcp\"} ", "monitor_deliveries_total{status=\"dead\"} ", "monitor_deliveries_repeated_total ", "monitor_transitions_total{kind=\"fired\",severity=\"critical\"} ",
            "monitor_probe_duration_seconds_bucket{type=\"tcp\",le=\"+Inf\"} ", "monitor_schedule_lateness_seconds_count ", "monitor_store_commit_seconds_sum ", "process_resident_memory_bytes "])
        {
            Assert.Contains("\n" + line, metrics.Text, StringComparison.Ordinal);
        }

        Process promtool;
        try
        {
            promtool = Process.Start(new ProcessStartInfo("promtool", "check metrics") { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true })!;
        }
        catch (Win32Exception)
        {
            Assert.Skip("promtool is not installed (Debian: prometheus)");
            return;
        }

        using (promtool)
        {
            var cancelled = TestContext.Current.CancellationToken;
            await promtool.StandardInput.WriteAsync(metrics.Text.AsMemory(), cancelled);
            promtool.StandardInput.Close();
            var said = await promtool.StandardOutput.ReadToEndAsync(cancelled) + await promtool.StandardError.ReadToEndAsync(cancelled);
            await promtool.WaitForExitAsync(cancelled);
            Assert.Equal((0, ""), (promtool.ExitCode, said));
        }
    }

    [Fact]
    public async Task The_openapi_document_is_3_1_and_lists_every_address_with_examples_that_are_accepted()
    {
        await using var host = await GatewayHost.StartAsync();

        var document = await host.GetAsync("/openapi/v1.json", token: null);

        Assert.StartsWith("3.1.", document.Json["openapi"]!.GetValue<string>(), StringComparison.Ordinal);
        var paths = document.Json["paths"]!.AsObject();
        var listed = paths.SelectMany(path => path.Value!.AsObject().Select(operation => $"{operation.Key.ToUpperInvariant()} {path.Key.Replace("{id}", "0", StringComparison.Ordinal)}"));
        var served = AccessTests.Operations.Select(row => $"{row.Data.Item1} {row.Data.Item2}")
            .Concat(["GET /healthz", "GET /readyz", "GET /metrics", "GET /openapi/v1.json"]);
        Assert.Equal(served.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
        var problems = new List<string>();
        foreach (var (path, operations) in paths)
        {
            foreach (var (method, operation) in operations!.AsObject())
            {
                CheckExamples($"{method} {path}", document.Json, operation!, problems);
            }
        }

        Assert.Empty(problems);
        Assert.Equal(listed.Count(), paths.SelectMany(path => path.Value!.AsObject()).Select(operation => operation.Value!["operationId"]!.GetValue<string>()).Distinct().Count());
    }

    private static void CheckExamples(string name, JsonNode document, JsonNode operation, List<string> problems)
    {
        foreach (var reference in References(operation))
        {
            if (document["components"]!["schemas"]![reference["#/components/schemas/".Length..]] is null)
            {
                problems.Add($"{name}: {reference} is not there");
            }
        }

        var success = operation["responses"]!.AsObject().Single(response => response.Key[0] == '2');
        if (success.Key != "204" && success.Value!["content"]!.AsObject().Single().Value!["example"] is null)
        {
            problems.Add($"{name}: no example of its answer");
        }

        if (operation["requestBody"]?["content"] is not JsonObject content)
        {
            return;
        }

        var catalog = new ProberCatalog(FakeProber.All);
        var isPatch = content.ContainsKey("application/merge-patch+json");
        var schema = name.Contains("targets", StringComparison.Ordinal) ? TargetFields.Of(catalog)
            : name.Contains("channels", StringComparison.Ordinal) ? ChannelFields.Schema
            : name.Contains("tokens", StringComparison.Ordinal) ? TokenFields.Schema : DryRunFields.Of(catalog);
        var examples = content.Single().Value!["examples"]!.AsObject();
        if (examples.Count == 0)
        {
            problems.Add($"{name}: no example of its body");
        }

        foreach (var (key, example) in examples)
        {
            var errors = new List<FieldError>();
            schema.Validate(example!["value"].Deserialize<JsonElement>(), "", errors);
            errors.RemoveAll(error => isPatch && (error.Message.English == "is required" || error.Message.English == "must not be null"));
            problems.AddRange(errors.Select(error => $"{name} {key}: {error}"));
        }
    }

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject @object => @object.SelectMany(property => property.Key == "$ref" ? [property.Value!.GetValue<string>()] : References(property.Value)),
        JsonArray array => array.SelectMany(References),
        _ => [],
    };
}
