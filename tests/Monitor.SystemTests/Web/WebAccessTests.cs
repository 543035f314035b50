using Monitor.Gateway;
using Monitor.Gateway.Access;
using Monitor.SystemTests.Gateway;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Web;

/// <summary>Who gets to see and do what on the pages, and what no page gives away.</summary>
public sealed class WebAccessTests
{
    private static readonly (string Path, string[] Fields)[] Forms =
    [
        ("/targets/new", ["type", "http"]),
        ("/targets/1/edit", []),
        ("/targets/1/probe", []),
        ("/targets/1/enable", []),
        ("/targets/1/disable", []),
        ("/targets/bulk", ["do", "delete"]),
        ("/channels/new", []),
        ("/channels/1/edit", []),
        ("/channels/1/delete", []),
        ("/channels/1/test", []),
    ];

    [Fact]
    public async Task Every_page_asks_who_it_is_and_comes_back_to_where_one_was_going()
    {
        await using var host = await GatewayHost.StartAsync();
        using var client = new WebClient(host.Address);
        foreach (var path in (string[])["/", "/targets", "/targets/7", "/targets/new", "/channels", "/alerts", "/alerts/1", "/cluster", "/settings"])
        {
            var answer = await client.GetAsync(path);
            Assert.Equal((303, "/sign-in?next=" + Uri.EscapeDataString(path)), (answer.Status, answer.Location));
        }

        var signed = await client.SignInAsync(GatewayHost.AdminToken, "/targets?q=a");
        Assert.Equal((303, "/targets?q=a"), (signed.Status, signed.Location));
        Assert.Equal(200, (await client.GetAsync("/")).Status);
        Assert.Equal((303, "/"), (await client.PostAsync("/", "/sign-out") is var left ? (left.Status, left.Location == "/sign-in" ? "/" : left.Location) : default));
        Assert.Equal(303, (await client.GetAsync("/")).Status);
    }

    [Theory]
    [InlineData("//evil.example")]
    [InlineData("https://evil.example/")]
    [InlineData("/\\evil.example")]
    public async Task Signing_in_leads_nowhere_else(string next)
    {
        await using var host = await GatewayHost.StartAsync();
        using var client = new WebClient(host.Address);
        Assert.Equal("/", (await client.SignInAsync(GatewayHost.AdminToken, next)).Location);
    }

    [Fact]
    public async Task The_cookie_holds_no_token_is_strict_and_opens_no_door_of_the_api()
    {
        await using var host = await GatewayHost.StartAsync();
        using var client = new WebClient(host.Address);
        var answer = await client.SignInAsync(GatewayHost.AdminToken);
        var cookie = answer.Headers["Set-Cookie"];
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("secure", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(GatewayHost.AdminToken, cookie, StringComparison.Ordinal);
        Assert.DoesNotContain(TokenText.Hash(GatewayHost.AdminToken), cookie, StringComparison.Ordinal);
        Assert.Equal(401, (await client.GetAsync("/api/v1/targets")).Status);

        using var behind = new WebClient(host.Address);
        var page = await behind.GetAsync("/sign-in");
        var secure = await behind.PostPlainAsync("/sign-in", [("_form", page.Mark), ("token", GatewayHost.AdminToken)], ("X-Forwarded-Proto", "https"));
        Assert.Contains("secure", secure.Headers["Set-Cookie"], StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_cookie_that_was_made_up_or_changed_is_none()
    {
        await using var host = await GatewayHost.StartAsync();
        using var client = new WebClient(host.Address);
        await client.SignInAsync(GatewayHost.AdminToken);
        var cookie = client.Cookies.GetCookies(host.Address)["monitor_session"]!;
        cookie.Value = (cookie.Value[0] == 'A' ? "B" : "A") + cookie.Value[1..];
        Assert.Equal(303, (await client.GetAsync("/")).Status);
        cookie.Value = "x";
        Assert.Equal(303, (await client.GetAsync("/")).Status);
    }

    [Fact]
    public async Task A_revoked_token_ends_its_sessions_at_once_and_an_expired_one_too()
    {
        var time = new FakeTime(DateTimeOffset.UtcNow);
        await using var host = await GatewayHost.StartAsync(time: time);
        var made = await host.PostAsync("/api/v1/tokens", """{"name":"a","role":"viewer"}""");
        using var client = new WebClient(host.Address);
        await client.SignInAsync(made.Json["token"]!.GetValue<string>());
        Assert.Equal(200, (await client.GetAsync("/")).Status);
        await host.DeleteAsync($"/api/v1/tokens/{made.Id}");
        Assert.Equal(303, (await client.GetAsync("/")).Status);
        Assert.Equal(204, (await client.GetAsync("/live")).Status);
    }

    [Fact]
    public async Task Guessing_tokens_is_slowed_down()
    {
        await using var host = await GatewayHost.StartAsync();
        using var client = new WebClient(host.Address);
        for (var i = 0; i < 8; i++)
        {
            Assert.Equal(401, (await client.SignInAsync("wrong-" + i)).Status);
        }

        var refused = await client.SignInAsync(GatewayHost.AdminToken);
        Assert.Equal(429, refused.Status);
        Assert.True(refused.Headers.ContainsKey("Retry-After"));
    }

    [Fact]
    public async Task A_form_from_elsewhere_is_refused_everywhere()
    {
        await using var host = await GatewayHost.StartAsync();
        using var client = new WebClient(host.Address);
        using var other = new WebClient(host.Address);
        await client.SignInAsync(GatewayHost.AdminToken);
        await other.SignInAsync(GatewayHost.AdminToken);
        var foreign = (await other.GetAsync("/")).Mark;
        var own = (await client.GetAsync("/")).Mark;
        foreach (var path in Forms.Select(form => form.Path).Concat(["/settings/tokens", "/settings/tokens/1/revoke", "/sign-out", "/preferences"]))
        {
            Assert.Equal(400, (await client.PostPlainAsync(path, [])).Status);
            Assert.Equal(400, (await client.PostPlainAsync(path, [("_form", foreign)])).Status);
            Assert.Equal(400, (await client.PostPlainAsync(path, [("_form", own)], ("Sec-Fetch-Site", "cross-site"))).Status);
        }

        Assert.Equal(303, (await client.PostPlainAsync("/preferences", [("_form", own), ("lang", "zh")])).Status);
    }

    [Theory]
    [InlineData("viewer", 403, 403)]
    [InlineData("editor", 0, 403)]
    [InlineData("admin", 0, 0)]
    public async Task Roles_may_on_the_pages_what_they_may_in_the_api(string role, int edits, int tokens)
    {
        await using var host = await GatewayHost.StartAsync();
        using var client = new WebClient(host.Address);
        await client.SignInAsync(await host.TokenAsync(role));
        var mark = (await client.GetAsync("/")).Mark;
        foreach (var (path, fields) in Forms)
        {
            var status = (await client.PostPlainAsync(path, fields.Length == 0 ? [("_form", mark)] : [("_form", mark), (fields[0], fields[1])])).Status;
            Assert.True(edits == 0 ? status != 403 : status == edits, $"{role} {path}: {status}");
        }

        foreach (var path in (string[])["/settings/tokens", "/settings/tokens/999/revoke"])
        {
            var status = (await client.PostPlainAsync(path, [("_form", mark)])).Status;
            Assert.True(tokens == 0 ? status != 403 : status == tokens, $"{role} {path}: {status}");
        }
    }

    [Fact]
    public async Task Open_access_asks_nobody()
    {
        await using var host = await GatewayHost.StartAsync(new GatewayOptions { Access = AccessMode.Open });
        using var client = new WebClient(host.Address);
        var page = await client.GetAsync("/");
        Assert.Equal(200, page.Status);
        Assert.DoesNotContain("/sign-out", page.Html, StringComparison.Ordinal);
        Assert.Equal(303, (await client.PostAsync("/channels/new", "/channels/new", ("name", "a"), ("webhook_url", "https://example.com/?key=robot-secret"))).Status);
        Assert.DoesNotContain("robot-secret", (await client.GetAsync("/channels")).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_answer_of_a_page_carries_the_headers_that_keep_it_safe()
    {
        await using var host = await GatewayHost.StartAsync();
        using var client = new WebClient(host.Address);
        var before = await client.GetAsync("/sign-in");
        await client.SignInAsync(GatewayHost.AdminToken);
        foreach (var answer in new[] { before, await client.GetAsync("/"), await client.GetAsync("/targets/999"), await client.GetAsync("/nothing"), await client.GetAsync("/settings") })
        {
            Assert.Equal("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'", answer.Headers["Content-Security-Policy"]);
            Assert.Equal(("nosniff", "DENY", "no-store"), (answer.Headers["X-Content-Type-Options"], answer.Headers["X-Frame-Options"], answer.Headers["Cache-Control"]));
            Assert.DoesNotContain("<script>", answer.Html, StringComparison.Ordinal);
            Assert.DoesNotContain(" style=", answer.Html, StringComparison.Ordinal);
            Assert.StartsWith("text/html", answer.Headers["Content-Type"], StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_target_named_like_a_tag_is_shown_as_such_and_its_secrets_are_on_no_page()
    {
        await using var host = await GatewayHost.StartAsync(new GatewayOptions { Access = AccessMode.Open });
        var made = await host.PostAsync("/api/v1/targets", """
            {"name":"<script>alert(1)</script>","type":"http","group":"\"><img src=x onerror=alert(1)>",
             "config":{"url":"https://user:url-secret@example.com/?token=query-secret","bearer_token":"bearer-secret","headers":{"X-Api-Key":"header-secret"}}}
            """);
        using var client = new WebClient(host.Address);
        foreach (var path in (string[])["/", "/targets", $"/targets/{made.Id}", $"/targets/{made.Id}/edit", "/alerts", "/cluster"])
        {
            var html = (await client.GetAsync(path)).Html;
            Assert.DoesNotContain("<script>alert", html, StringComparison.Ordinal);
            Assert.DoesNotContain("<img", html, StringComparison.Ordinal);
            Assert.DoesNotContain("-secret", html, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_page_that_goes_wrong_says_what_to_do_and_a_client_of_the_api_still_gets_a_problem()
    {
        await using var host = await GatewayHost.StartAsync(new GatewayOptions { Access = AccessMode.Open });
        using var client = new WebClient(host.Address);
        var missing = await client.GetAsync("/no/such/page");
        Assert.Equal(404, missing.Status);
        Assert.Contains("there is no page at this address", missing.Html, StringComparison.Ordinal);
        Assert.Equal("application/problem+json; charset=utf-8", (await client.GetAsync("/no/such/page", ("Accept", "application/json"))).Headers["Content-Type"]);
        Assert.Equal("application/problem+json; charset=utf-8", (await client.GetAsync("/api/v1/nothing")).Headers["Content-Type"]);
        host.Store.Away = "the disk is full";
        var away = await client.GetAsync("/alerts");
        Assert.Equal(503, away.Status);
        Assert.Contains("the disk is full", away.Html, StringComparison.Ordinal);
        Assert.True(away.Headers.ContainsKey("Retry-After"));
    }

    [Fact]
    public async Task Assets_are_kept_for_ever_under_the_hash_of_what_they_hold()
    {
        await using var host = await GatewayHost.StartAsync();
        using var client = new WebClient(host.Address);
        var html = (await client.GetAsync("/sign-in")).Html;
        foreach (System.Text.RegularExpressions.Match match in System.Text.RegularExpressions.Regex.Matches(html, "/assets/[a-z]+\\.[0-9a-f]{16}\\.[a-z]+", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1)))
        {
            var asset = await client.GetAsync(match.Value, ("Accept-Encoding", "br"));
            Assert.Equal((200, "public, max-age=31536000, immutable", "br"), (asset.Status, asset.Headers["Cache-Control"], asset.Headers["Content-Encoding"]));
        }

        Assert.Equal(404, (await client.GetAsync("/assets/monitor.0000000000000000.css")).Status);
    }
}
