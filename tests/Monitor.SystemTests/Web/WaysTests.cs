using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Monitor.SystemTests.Web;

/// <summary>What people come for, gone as they would go it.</summary>
public sealed class WaysTests(Browser browser)
{
    private static Regex Ends(string address) => new(Regex.Escape(address) + "$", RegexOptions.None, TimeSpan.FromSeconds(1));

    [Theory]
    [InlineData("en", "light", false)]
    [InlineData("zh", "dark", true)]
    public async Task An_empty_installation_leads_to_a_target_that_is_seen_live_and_a_test_that_arrives(string language, string theme, bool phone)
    {
        await using var site = await WebSite.EmptyAsync();
        await using var visit = await browser.VisitAsync(site.Address, language, theme, phone);
        var page = visit.Page;
        await visit.SignInAsync();
        await visit.JudgeAsync();
        await visit.ScreenAsync("first-run");

        await page.ClickAsync(".steps li.next a");
        await page.FillAsync("[name=name]", "ops");
        await page.FillAsync("[name=webhook_url]", site.RobotUrl);
        await page.CheckAsync("[name=is_default]");
        await page.ClickAsync("main .button.primary");
        await Expect(page.Locator(".notice")).ToBeVisibleAsync();

        await page.GotoAsync("/");
        await page.ClickAsync(".steps li.next a");
        await page.ClickAsync("a[href='/targets/new?type=http']");
        await page.FillAsync("[name=name]", "shop");
        await page.FillAsync("[name='config.url']", site.Address + "/healthz");
        await page.ClickAsync("#try [value=try]");
        await Expect(page.Locator("#try .outcome.o-healthy")).ToBeVisibleAsync();
        await Expect(page.Locator("[name=name]")).ToHaveValueAsync("shop");
        await visit.ScreenAsync("tried");
        await page.ClickAsync("#try [value=save]");

        // It was waiting for its first probe; nobody reloads, and it is healthy.
        await Expect(page.Locator("#d-state .s-healthy")).ToBeVisibleAsync(new LocatorAssertionsToBeVisibleOptions { Timeout = 20_000 });

        await page.GotoAsync("/channels");
        await page.ClickAsync(".channel form[action$='/test'] button");
        await Expect(page.Locator(".notice.n-ok")).ToBeVisibleAsync();
        await Expect(page.Locator(".notice")).ToContainTextAsync("errcode");
        await visit.ScreenAsync("tested");
        visit.NothingWasWrong();
    }

    [Fact]
    public async Task What_breaks_shows_on_an_open_page_without_reloading_it_and_so_does_its_end()
    {
        await using var site = await WebSite.EmptyAsync();
        await using var server = await WeComStandIn.StartAsync(cancellationToken: Scene.Token);
        await site.Api.AddChannelAsync(site.RobotUrl, Scene.Token);
        var target = await site.AddAsync("shop", new { url = site.Address + "/healthz" }, "core", 1);
        await site.StatusAsync(target, "healthy");
        await using var visit = await browser.VisitAsync(site.Address);
        var page = visit.Page;
        await visit.SignInAsync();
        await Expect(page.Locator($"#t-{target}.s-healthy")).ToBeVisibleAsync();
        await page.EvaluateAsync("window.stayed = true");

        await site.Api.PatchAsync($"/api/v1/targets/{target}", new { config = new { expect_body_contains = "not there" } }, Scene.Token);
        await Expect(page.Locator("#o-trouble .row-name")).ToHaveTextAsync("shop", new LocatorAssertionsToHaveTextOptions { Timeout = 30_000 });
        await Expect(page.Locator($"#t-{target}.s-unhealthy")).ToBeVisibleAsync();
        await Expect(page.Locator("#nav-count")).ToContainTextAsync("1");
        await Expect(page).ToHaveTitleAsync(new Regex("^\\(1\\) ", RegexOptions.None, TimeSpan.FromSeconds(1)));
        await Expect(page.Locator("#o-trouble .told.d-sent")).ToBeVisibleAsync(new LocatorAssertionsToBeVisibleOptions { Timeout = 20_000 });

        await site.Api.PatchAsync($"/api/v1/targets/{target}", new { config = new { expect_body_contains = (string?)null } }, Scene.Token);
        await Expect(page.Locator("#o-trouble .all-well")).ToBeVisibleAsync(new LocatorAssertionsToBeVisibleOptions { Timeout = 30_000 });
        Assert.True(await page.EvaluateAsync<bool>("window.stayed === true"));
        visit.NothingWasWrong();
    }

    [Fact]
    public async Task Many_targets_are_filtered_sorted_and_changed_at_once_and_the_address_says_which()
    {
        await using var site = await WebSite.EmptyAsync();
        for (var i = 1; i <= 30; i++)
        {
            await site.AddAsync($"web {i:00}", new { url = site.Address + "/healthz" }, i % 2 == 0 ? "even" : "odd", 60);
        }

        await using var visit = await browser.VisitAsync(site.Address);
        var page = visit.Page;
        await visit.SignInAsync();
        await page.GotoAsync("/targets");
        await page.SelectOptionAsync("#f-group", "even");
        await page.SelectOptionAsync("#f-limit", "25");
        await page.FillAsync("#f-q", "WEB");
        await page.ClickAsync(".filters button");
        await Expect(page.Locator(".list tbody tr")).ToHaveCountAsync(15);
        Assert.Contains("group=even", page.Url, StringComparison.Ordinal);

        await page.CheckAsync("[data-check-all]");
        await Expect(page.Locator("[data-count-of]")).ToHaveTextAsync("(15)");
        await page.ClickAsync("[name=do][value=disable]");
        await Expect(page.Locator(".notice")).ToContainTextAsync("15");
        await Expect(page.Locator(".list tbody .status.s-disabled")).ToHaveCountAsync(15);

        await page.CheckAsync("tr:first-child input[name=id]");
        await page.FillAsync("#b-group", "moved");
        await page.ClickAsync("[name=do][value=group]");
        await Expect(page.Locator(".list tbody tr")).ToHaveCountAsync(14);

        await page.CheckAsync("tr:first-child input[name=id]");
        await page.ClickAsync("[name=do][value=delete]");
        await visit.ScreenAsync("delete");
        await visit.JudgeAsync();
        await page.ClickAsync("main .button.danger");
        await Expect(page.Locator(".list tbody tr")).ToHaveCountAsync(13);

        await page.GotoAsync("/targets?limit=10&sort=-id");
        await page.ClickAsync("[rel=next]");
        await Expect(page.Locator(".list tbody tr")).ToHaveCountAsync(10);
        visit.NothingWasWrong();
    }

    [Fact]
    public async Task Errors_stand_at_their_fields_and_nothing_typed_is_lost_the_secret_included()
    {
        await using var site = await WebSite.EmptyAsync();
        await using var visit = await browser.VisitAsync(site.Address);
        visit.Expected.Add(422);
        var page = visit.Page;
        await visit.SignInAsync();
        await page.GotoAsync("/targets/new?type=http");
        await page.FillAsync("[name=name]", "typed name");
        await page.FillAsync("[name='config.url']", site.Address + "/healthz");
        await page.FillAsync("[name='config.username']", "probe");
        await page.FillAsync("[name='config.password']", "typed-secret-77");
        await page.FillAsync("[name=interval_seconds]", "often");
        await page.ClickAsync("details:has([name='config.max_latency_ms']) summary");
        await page.FillAsync("[name='config.max_latency_ms']", "-5");
        await page.ClickAsync("#try [value=save]");

        await Expect(page.Locator("#errors")).ToBeFocusedAsync();
        await Expect(page.Locator("#f-interval_seconds-error")).ToBeVisibleAsync();
        await Expect(page.Locator("#f-config-max_latency_ms-error")).ToBeVisibleAsync();
        await Expect(page.Locator("[name=interval_seconds]")).ToHaveValueAsync("often");
        await Expect(page.Locator("[name='config.max_latency_ms']")).ToHaveValueAsync("-5");
        Assert.DoesNotContain("typed-secret-77", await page.ContentAsync(), StringComparison.Ordinal);
        await visit.JudgeAsync();
        await visit.ScreenAsync("form-errors");

        await page.FillAsync("[name=interval_seconds]", "30");
        await page.FillAsync("[name='config.max_latency_ms']", "");
        await page.ClickAsync("#try [value=save]");
        await Expect(page).ToHaveURLAsync(new Regex("/targets/[0-9]+\\?saved=1$", RegexOptions.None, TimeSpan.FromSeconds(1)));
        await Expect(page.Locator("main")).ToContainTextAsync("******");
        Assert.DoesNotContain("typed-secret-77", await page.ContentAsync(), StringComparison.Ordinal);
        visit.NothingWasWrong();
    }

    [Fact]
    public async Task A_viewer_signs_in_with_a_token_made_on_the_page_sees_no_button_and_is_out_once_it_is_revoked()
    {
        await using var site = await WebSite.EmptyAsync();
        await site.Api.AddChannelAsync(site.RobotUrl, Scene.Token);
        var target = await site.AddAsync("shop", new { url = site.Address + "/healthz" });
        await using var admin = await browser.VisitAsync(site.Address);
        await admin.SignInAsync();
        await admin.Page.GotoAsync("/settings");
        await admin.Page.FillAsync("#t-name", "wall");
        await admin.Page.SelectOptionAsync("#t-role", "viewer");
        await admin.Page.ClickAsync("form[action='/settings/tokens'] .primary");
        var token = await admin.Page.InnerTextAsync("[data-copy]");
        await admin.ScreenAsync("token-made");

        await using var viewer = await browser.VisitAsync(site.Address);
        viewer.Expected.Add(403);
        await viewer.SignInAsync(token);
        foreach (var address in (string[])["/", "/targets", $"/targets/{target}", "/channels", "/alerts", "/cluster", "/settings"])
        {
            await viewer.Page.GotoAsync(address);
            Assert.Equal(0, await viewer.Page.Locator("main form[method=post] button, main a[href$='/new'], main a[href$='/edit']").CountAsync());
        }

        await viewer.Page.GotoAsync("/targets/new");
        await Expect(viewer.Page.Locator("h1")).ToHaveTextAsync("Not allowed");

        admin.Page.Dialog += (_, dialog) => _ = dialog.AcceptAsync();
        await admin.Page.ClickAsync("tr:has-text('wall') .danger");
        await Expect(admin.Page.Locator("tr:has-text('wall')")).ToHaveCountAsync(0);
        await viewer.Page.GotoAsync("/targets");
        await Expect(viewer.Page).ToHaveURLAsync(Ends("/sign-in?next=%2Ftargets"));
        admin.NothingWasWrong();
        viewer.NothingWasWrong();
    }

    [Fact]
    public async Task Language_and_look_are_switched_on_the_page_and_kept()
    {
        await using var site = await WebSite.EmptyAsync();
        await using var visit = await browser.VisitAsync(site.Address);
        var page = visit.Page;
        await visit.SignInAsync();
        await page.GotoAsync("/alerts?status=firing");
        await page.ClickAsync(".menu summary");
        await page.ClickAsync("[name=lang][value=zh]");
        await Expect(page).ToHaveURLAsync(Ends("/alerts?status=firing"));
        await Expect(page.Locator("html")).ToHaveAttributeAsync("lang", "zh-CN");
        await Expect(page.Locator("h1")).ToHaveTextAsync("告警");
        await page.ClickAsync(".menu summary");
        await page.ClickAsync("[name=theme][value=dark]");
        await page.GotoAsync("/");
        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-zone", "Asia/Shanghai");
        await page.ClickAsync(".menu summary");
        await page.ClickAsync("form[action='/sign-out'] button");
        await Expect(page.Locator("#token")).ToBeVisibleAsync();
        visit.NothingWasWrong();
    }

    [Fact]
    public async Task Without_script_pages_read_and_forms_post_and_with_a_keyboard_alone_one_gets_everywhere()
    {
        await using var site = await WebSite.EmptyAsync();
        await site.AddAsync("shop", new { url = site.Address + "/healthz" });
        await using var plain = await browser.VisitAsync(site.Address, script: false);
        await plain.SignInAsync();
        await plain.Page.GotoAsync("/targets");
        await plain.Page.CheckAsync("input[name=id]");
        await plain.Page.ClickAsync("[name=do][value=disable]");
        await Expect(plain.Page.Locator(".status.s-disabled")).ToHaveCountAsync(1);

        await using var keys = await browser.VisitAsync(site.Address);
        await keys.SignInAsync();
        await keys.Page.GotoAsync("/targets");
        await keys.Page.Keyboard.PressAsync("Tab");
        await Expect(keys.Page.Locator(".skip")).ToBeFocusedAsync();
        await keys.Page.Keyboard.PressAsync("Enter");
        await Expect(keys.Page.Locator("#main")).ToBeFocusedAsync();
        await keys.Page.Keyboard.PressAsync("/");
        await Expect(keys.Page.Locator("#f-q")).ToBeFocusedAsync();
        await keys.Page.Keyboard.TypeAsync("shop");
        await keys.Page.Keyboard.PressAsync("Enter");
        await Expect(keys.Page).ToHaveURLAsync(new Regex("q=shop", RegexOptions.None, TimeSpan.FromSeconds(1)));
        keys.NothingWasWrong();
    }
}
