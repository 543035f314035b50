using Monitor.Core.Outbound;
using Monitor.Core.Probing;
using Monitor.SystemTests.Servers;
using Xunit;

namespace Monitor.SystemTests.Probers;

/// <summary>Whoever may name a URL could have the monitor carry its credentials away, or reach what only the monitor can reach.</summary>
public sealed class HttpRedirectTests
{
    private const string Fine = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    private static readonly Dictionary<string, string> SecretHeaders = new() { ["X-Api-Key"] = "k3y", ["Cookie"] = "c=1", ["X-Plain"] = "p" };

    [Fact]
    public async Task Credentials_are_dropped_when_a_redirect_leaves_the_host_and_do_not_come_back()
    {
        string? back = null;
        await using var first = ScriptedServer.Http(request => request.Contains("/end", StringComparison.Ordinal) ? Fine : Redirect(302, back!));
        await using var second = ScriptedServer.Http(_ => Redirect(302, $"{first.Url}end"));
        back = second.Url;
        var result = await ProbeBench.HttpAsync(new { url = first.Url, bearer_token = "t0k", headers = SecretHeaders });

        Assert.Equal(ProbeOutcome.Ok, result.Outcome);
        Assert.Equal(2, result.Metrics["redirects"]!.Value.Number);
        Assert.Contains("Authorization: Bearer t0k", first.Requests.First(), StringComparison.Ordinal);
        Assert.All([.. second.Requests, first.Requests.Last()], request =>
        {
            Assert.DoesNotContain("t0k", request, StringComparison.Ordinal);
            Assert.DoesNotContain("k3y", request, StringComparison.Ordinal);
            Assert.DoesNotContain("c=1", request, StringComparison.Ordinal);
            Assert.Contains("X-Plain: p", request, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task Credentials_stay_on_the_same_host()
    {
        await using var server = ScriptedServer.Http(request => request.Contains("/end", StringComparison.Ordinal) ? Fine : Redirect(302, "end"));
        await ProbeBench.HttpAsync(new { url = server.Url, bearer_token = "t0k", headers = SecretHeaders });
        Assert.Equal(2, server.Requests.Count);
        Assert.All(server.Requests, request => Assert.Contains("t0k", request, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(301, "POST", "GET")]
    [InlineData(302, "POST", "GET")]
    [InlineData(303, "PUT", "GET")]
    [InlineData(303, "HEAD", "HEAD")]
    [InlineData(302, "PUT", "PUT")]
    [InlineData(307, "POST", "POST")]
    [InlineData(308, "POST", "POST")]
    public async Task Methods_change_as_browsers_change_them(int status, string method, string then)
    {
        await using var server = ScriptedServer.Http(
            request => request.Contains("/end", StringComparison.Ordinal) ? "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" : Redirect(status, "/end"));
        await ProbeBench.HttpAsync(new { url = server.Url, method });
        Assert.StartsWith($"{then} /end ", server.Requests.Last(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ten_redirects_are_followed_and_an_eleventh_is_a_failure()
    {
        await using var server = ScriptedServer.Http(_ => Redirect(302, "/again"));
        var result = await ProbeBench.HttpAsync(new { url = server.Url });
        Assert.StartsWith("protocol: more than 10 redirects", result.Message, StringComparison.Ordinal);
        Assert.Equal(11, server.Requests.Count);
    }

    [Fact]
    public async Task A_redirect_that_is_not_followed_is_judged_itself()
    {
        await using var server = ScriptedServer.Http(_ => Redirect(302, "/again"));
        var result = await ProbeBench.HttpAsync(new { url = server.Url, follow_redirects = false, expect_status = "302" });
        Assert.Equal(ProbeOutcome.Ok, result.Outcome);
        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData("ftp://127.0.0.1/", "protocol: redirect to \"ftp://127.0.0.1/\", which is no http or https URL")]
    [InlineData("http://169.254.169.254/latest/meta-data", "connect: not allowed: 169.254.169.254 is denied by default")]
    [InlineData("http://[::ffff:169.254.169.254]/", "connect: not allowed: 169.254.169.254 is denied by default")]
    [InlineData("http://2852039166/", "connect: not allowed: 169.254.169.254 is denied by default")]
    public async Task A_redirect_to_where_nobody_may_go_is_not_followed(string location, string message)
    {
        await using var server = ScriptedServer.Http(_ => Redirect(302, location));
        var result = await ProbeBench.HttpAsync(new { url = server.Url });
        Assert.Equal(ProbeOutcome.Failed, result.Outcome);
        Assert.StartsWith(message, result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_is_rebound_to_a_denied_address_is_refused_at_the_second_connection()
    {
        await using var server = ScriptedServer.Http(_ => Redirect(302, "/again"));
        var names = new ScriptedNames(["127.0.0.1"], ["169.254.169.254"]);
        var result = await ProbeBench.HttpAsync(new { url = $"http://rebound.test:{server.Port}/" }, names: names);
        Assert.StartsWith("connect: not allowed: 169.254.169.254 is denied by default", result.Message, StringComparison.Ordinal);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task A_denied_network_is_not_connected_to_under_any_name()
    {
        await using var server = ScriptedServer.Http(_ => Fine);
        var policy = new OutboundPolicy([], [System.Net.IPNetwork.Parse("127.0.0.0/8")]);
        var literal = await ProbeBench.HttpAsync(new { url = server.Url }, policy: policy);
        var named = await ProbeBench.HttpAsync(new { url = $"http://inside.test:{server.Port}/" }, names: new ScriptedNames(["::ffff:127.0.0.1"]), policy: policy);
        Assert.Equal("connect: not allowed: 127.0.0.1 is denied by Outbound:Deny", literal.Message);
        Assert.Equal("connect: not allowed: 127.0.0.1 is denied by Outbound:Deny (inside.test)", named.Message);
        Assert.Equal(0, server.Accepted);
    }

    [Fact]
    public async Task A_proxy_gets_the_whole_url_and_its_own_login_and_is_no_way_around_the_rules()
    {
        await using var proxy = ScriptedServer.Http(_ => Fine);
        var through = $"http://user:pa55@127.0.0.1:{proxy.Port}";
        var result = await ProbeBench.HttpAsync(new { url = "http://inside.test/a?b=1", proxy_url = through });
        var denied = await ProbeBench.HttpAsync(new { url = "http://169.254.169.254/", proxy_url = through });

        Assert.Equal(ProbeOutcome.Ok, result.Outcome);
        var request = Assert.Single(proxy.Requests);
        Assert.StartsWith("GET http://inside.test/a?b=1 HTTP/1.1\r\nHost: inside.test\r\n", request, StringComparison.Ordinal);
        Assert.Contains("Proxy-Authorization: Basic dXNlcjpwYTU1\r\n", request, StringComparison.Ordinal);
        Assert.StartsWith("connect: not allowed: 169.254.169.254", denied.Message, StringComparison.Ordinal);
    }

    private static string Redirect(int status, string location) => $"HTTP/1.1 {status} Elsewhere\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n";
}
