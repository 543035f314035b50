using Microsoft.Extensions.DependencyInjection;
using Monitor.Gateway;
using Monitor.Gateway.Access;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Gateway;

public sealed class AccessTests
{
    /// <summary>Every operation, and the least role that may call it.</summary>
    public static readonly TheoryData<string, string, string> Operations = new()
    {
        { "GET", "/api/v1/targets", "viewer" },
        { "POST", "/api/v1/targets", "editor" },
        { "GET", "/api/v1/targets/0", "viewer" },
        { "PUT", "/api/v1/targets/0", "editor" },
        { "PATCH", "/api/v1/targets/0", "editor" },
        { "DELETE", "/api/v1/targets/0", "editor" },
        { "POST", "/api/v1/targets/0/enable", "editor" },
        { "POST", "/api/v1/targets/0/disable", "editor" },
        { "POST", "/api/v1/targets/0/probe", "editor" },
        { "GET", "/api/v1/targets/0/results", "viewer" },
        { "GET", "/api/v1/targets/0/uptime", "viewer" },
        { "GET", "/api/v1/targets/0/history", "viewer" },
        { "POST", "/api/v1/probe", "editor" },
        { "GET", "/api/v1/probers", "viewer" },
        { "GET", "/api/v1/channels", "viewer" },
        { "POST", "/api/v1/channels", "editor" },
        { "GET", "/api/v1/channels/0", "viewer" },
        { "PUT", "/api/v1/channels/0", "editor" },
        { "PATCH", "/api/v1/channels/0", "editor" },
        { "DELETE", "/api/v1/channels/0", "editor" },
        { "POST", "/api/v1/channels/0/test", "editor" },
        { "GET", "/api/v1/alerts", "viewer" },
        { "GET", "/api/v1/alerts/0", "viewer" },
        { "GET", "/api/v1/tokens", "admin" },
        { "POST", "/api/v1/tokens", "admin" },
        { "GET", "/api/v1/tokens/0", "admin" },
        { "DELETE", "/api/v1/tokens/0", "admin" },
        { "GET", "/api/v1/cluster", "viewer" },
    };

    private static readonly string[] Roles = ["viewer", "editor", "admin"];

    [Fact]
    public async Task Each_operation_asks_for_its_role()
    {
        await using var host = await GatewayHost.StartAsync();
        var tokens = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var role in Roles)
        {
            tokens[role] = await host.TokenAsync(role);
        }

        foreach (var row in Operations)
        {
            var (method, path, least) = row.Data;
            var nobody = await host.SendAsync(new HttpMethod(method), path, (string?)null, null);
            Assert.True(nobody is { Status: 401, IsProblem: true } && nobody.Headers["WWW-Authenticate"].StartsWith("Bearer", StringComparison.Ordinal), nobody.ToString());
            foreach (var role in Roles)
            {
                var answer = await host.SendAsync(new HttpMethod(method), path, (string?)null, tokens[role]);
                var may = Array.IndexOf(Roles, role) >= Array.IndexOf(Roles, least);
                Assert.True(may == answer.Status is not (401 or 403), $"{role} {method} {path}: {answer}");
                Assert.True(may || answer is { Status: 403, IsProblem: true }, $"{role} {method} {path}: {answer}");
            }
        }
    }

    [Theory]
    [InlineData("Bearer ")]
    [InlineData("Bearer nonsense")]
    [InlineData("Basic YWRtaW46YWRtaW4=")]
    [InlineData("mon_the-administrator-of-these-tests")]
    [InlineData("Bearer mon_the-administrator-of-these-tests, Bearer x")]
    public async Task Anything_but_a_valid_token_is_401(string header)
    {
        await using var host = await GatewayHost.StartAsync();

        var answer = await host.SendAsync(HttpMethod.Get, "/api/v1/targets", (string?)null, null, ("Authorization", header));

        Assert.Equal(401, answer.Status);
        Assert.Equal(401, (await host.GetAsync("/api/v1/nothing", token: null)).Status);
    }

    [Fact]
    public async Task A_token_is_told_once_used_until_it_expires_and_revoked_at_once()
    {
        var time = new FakeTime(DateTimeOffset.UnixEpoch.AddYears(60));
        await using var host = await GatewayHost.StartAsync(time: time);
        var expires = Text(time.GetUtcNow().AddMinutes(5));

        var made = await host.PostAsync("/api/v1/tokens", $$"""{"name":"短期","role":"viewer","expires_at":"{{expires}}"}""");
        var token = made.Json["token"]!.GetValue<string>();
        var lasting = await host.TokenAsync("viewer", "lasting");

        Assert.Equal((201, expires), (made.Status, made.Json["expires_at"]!.GetValue<string>()));
        Assert.Matches("^mon_[A-Za-z0-9_-]{43}$", token);
        Assert.Equal(200, (await host.GetAsync("/api/v1/targets", token)).Status);
        var list = await host.GetAsync("/api/v1/tokens");
        Assert.DoesNotContain(token, list.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(TokenText.Hash(token), list.Text, StringComparison.Ordinal);
        Assert.Equal(Text(time.GetUtcNow()), list.Json["items"]![0]!["last_used_at"]!.GetValue<string>());

        time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(401, (await host.GetAsync("/api/v1/targets", token)).Status);
        Assert.Equal(200, (await host.GetAsync("/api/v1/targets", lasting)).Status);
        var id = list.Json["items"]!.AsArray().Single(item => item!["name"]!.GetValue<string>() == "lasting")!["id"]!.GetValue<long>();
        Assert.Equal(204, (await host.DeleteAsync($"/api/v1/tokens/{id}")).Status);
        Assert.Equal(401, (await host.GetAsync("/api/v1/targets", lasting)).Status);
    }

    [Fact]
    public async Task A_fresh_store_makes_one_administrators_token_and_keeps_its_hash_only()
    {
        await using var host = await GatewayHost.StartAsync(new GatewayOptions());
        var bootstrap = host.Services.GetRequiredService<AdminBootstrap>();

        var token = await bootstrap.RunAsync(TestContext.Current.CancellationToken);
        var again = await bootstrap.RunAsync(TestContext.Current.CancellationToken);

        Assert.NotNull(token);
        Assert.Null(again);
        var stored = Assert.Single(await host.Store.LoadTokensAsync(TestContext.Current.CancellationToken));
        Assert.Equal(("admin", TokenText.Hash(token)), (stored.Name, stored.Hash));
        var made = await host.SendAsync(HttpMethod.Post, "/api/v1/targets", """{"name":"n","type":"tcp","config":{"host":"a","port":1}}""", token);
        Assert.Equal("admin", made.Json["created_by"]!.GetValue<string>());
        var last = await host.SendAsync(HttpMethod.Delete, $"/api/v1/tokens/{stored.Id}", (string?)null, token);
        Assert.Equal(409, last.Status);
        Assert.Equal(200, (await host.GetAsync("/api/v1/tokens", token)).Status);
    }

    [Fact]
    public async Task Reads_go_on_with_known_tokens_while_the_store_is_away()
    {
        await using var host = await GatewayHost.StartAsync();
        var token = await host.TokenAsync("viewer");
        host.Store.Away = "disk full";

        Assert.Equal(200, (await host.GetAsync("/api/v1/cluster", token)).Status);
        Assert.Equal(401, (await host.GetAsync("/api/v1/cluster", "mon_unknown")).Status);
    }

    [Fact]
    public async Task Open_access_asks_for_nothing_and_metrics_can_be_protected()
    {
        await using var open = await GatewayHost.StartAsync(new GatewayOptions { Access = AccessMode.Open });
        var made = await open.SendAsync(HttpMethod.Post, "/api/v1/targets", """{"name":"n","type":"tcp","config":{"host":"a","port":1}}""", null);
        Assert.Equal((201, "open"), (made.Status, made.Json["created_by"]!.GetValue<string>()));
        Assert.Equal(200, (await open.GetAsync("/metrics", token: null)).Status);

        await using var guarded = await GatewayHost.StartAsync(new GatewayOptions { AdminTokenHash = TokenText.Hash(GatewayHost.AdminToken), ProtectMetrics = true });
        Assert.Equal(401, (await guarded.GetAsync("/metrics", token: null)).Status);
        Assert.Equal(401, (await guarded.GetAsync("/METRICS/", token: null)).Status);
        Assert.Equal(200, (await guarded.GetAsync("/metrics")).Status);
        Assert.Equal(200, (await guarded.GetAsync("/healthz", token: null)).Status);
    }

    private static string Text(DateTimeOffset time) =>
        time.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);
}
