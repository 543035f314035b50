using System.Globalization;
using Microsoft.Playwright;
using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Monitor.SystemTests.Web;

/// <summary>Pages on paper, in a visitor's own colours, and with what only a real cluster brings.</summary>
public sealed class SpecialLooksTests(Browser browser, SharedSite shared) : IClassFixture<SharedSite>
{
    [Fact]
    public async Task On_paper_a_page_is_dark_on_white_without_what_only_a_screen_can_use()
    {
        var site = await shared.GetAsync();
        await using var visit = await browser.VisitAsync(site.Address, "zh", "dark");
        var page = visit.Page;
        await visit.SignInAsync();
        foreach (var (name, address) in new (string, string)[] { ("overview", "/"), ("targets", "/targets"), ("target", $"/targets/{site.Down}"), ("alerts", "/alerts") })
        {
            await page.GotoAsync(address);
            await page.EmulateMediaAsync(new PageEmulateMediaOptions { Media = Media.Print });
            await Expect(page.Locator(".top")).ToBeHiddenAsync();
            await Expect(page.Locator("main h1")).ToBeVisibleAsync();
            Assert.All(await page.Locator("main .actions, main .filters, main .pager").AllAsync(), part => Assert.False(part.IsVisibleAsync().GetAwaiter().GetResult()));
            var text = await page.EvaluateAsync<int[]>("getComputedStyle(document.querySelector('main h1')).color.match(/\\d+/g).slice(0, 3).map(Number)");
            Assert.All(text, part => Assert.InRange(part, 0, 90));
            await page.PdfAsync(new PagePdfOptions { Path = Repository.File($"TestResults/screens/print-{name}.pdf"), Format = "A4" });
            await visit.ScreenAsync("print-" + name);
            await page.EmulateMediaAsync(new PageEmulateMediaOptions { Media = Media.Screen });
        }

        visit.NothingWasWrong();
    }

    /// <summary>Where the visitor's system takes all colours away, a state must still be told by its mark and its word.</summary>
    [Fact]
    public async Task In_forced_colours_every_state_keeps_a_mark_and_a_word()
    {
        var site = await shared.GetAsync();
        await using var visit = await browser.VisitAsync(site.Address, "en", "dark");
        var page = visit.Page;
        await page.EmulateMediaAsync(new PageEmulateMediaOptions { ForcedColors = ForcedColors.Active });
        await visit.SignInAsync();
        foreach (var (name, address) in new (string, string)[] { ("overview", "/"), ("target", $"/targets/{site.Down}"), ("new", "/targets/new?type=http") })
        {
            await page.GotoAsync(address);
            Assert.True(await page.EvaluateAsync<bool>("matchMedia('(forced-colors: active)').matches"));
            await visit.JudgeAsync();
            await visit.ScreenAsync("forced-" + name);
        }

        await page.GotoAsync($"/targets/{site.Down}");
        await Expect(page.Locator("#d-state .icon").First).ToBeVisibleAsync();
        await Expect(page.Locator("#d-state")).ToContainTextAsync("unhealthy");
        visit.NothingWasWrong();
    }

    [Theory]
    [InlineData(768)]
    [InlineData(960)]
    [InlineData(2560)]
    public async Task On_a_tablet_and_on_the_widest_screen_pages_fit_and_are_accessible(int width)
    {
        var site = await shared.GetAsync();
        await using var visit = await browser.VisitAsync(site.Address, "en");
        await visit.Page.SetViewportSizeAsync(width, 1300);
        await visit.SignInAsync();
        foreach (var (name, address) in new (string, string)[] { ("overview", "/"), ("targets", "/targets"), ("target", $"/targets/{site.Down}"), ("new", "/targets/new?type=http") })
        {
            await visit.Page.GotoAsync(address);
            await visit.JudgeAsync();
            await visit.ScreenAsync(string.Create(CultureInfo.InvariantCulture, $"{width}-{name}"));
        }

        visit.NothingWasWrong();
    }

    [Fact]
    public async Task A_cluster_with_a_dead_node_is_a_map_that_says_how_many_are_up()
    {
        Requires.Command("redis-server", "redis-server");
        await using var cluster = await RedisCluster.StartAsync(Scene.Token);
        await using var site = await WebSite.EmptyAsync();
        var target = await site.Api.AddTargetAsync(
            new { name = "session cache", type = "redis", config = new { nodes = cluster.Nodes.Select(node => node.Address), password = RedisCluster.Password }, interval_seconds = 2 }, Scene.Token);
        await site.StatusAsync(target, "healthy");
        await using var visit = await browser.VisitAsync(site.Address);
        var page = visit.Page;
        await visit.SignInAsync();
        await page.GotoAsync($"/targets/{target}");
        await Expect(page.Locator(".node-map .node.up")).ToHaveCountAsync(6);

        await cluster.Nodes[5].KillAsync();
        await Expect(page.Locator(".node-map .node.down, .node-map .node.unreachable")).ToHaveCountAsync(1, new LocatorAssertionsToHaveCountOptions { Timeout = 30_000 });
        await Expect(page.Locator(".node-map .node.up")).ToHaveCountAsync(5);
        await Expect(page.Locator("#d-metrics")).ToContainTextAsync("5 of 6");
        await visit.JudgeAsync();
        await visit.ScreenAsync("target-cluster");
        visit.NothingWasWrong();
    }
}
