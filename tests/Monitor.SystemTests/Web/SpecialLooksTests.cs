using System.Globalization;
using Microsoft.Playwright;
using Monitor.Core.Alerts;
using Monitor.Core.Ports;
using Monitor.SystemTests.Gateway;
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

    /// <summary>What the group heard as "#7-2" is found on the page of "#7-1", and said to be that.</summary>
    [Theory]
    [InlineData("en", "light", false)]
    [InlineData("zh", "dark", true)]
    public async Task An_alert_that_was_told_under_two_numbers_says_which_message_bore_which(string language, string theme, bool phone)
    {
        await using var host = await GatewayHost.StartAsync();
        var at = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var alert = new AlertRecord
        {
            Id = 1,
            TargetId = 7,
            Episode = 1,
            TargetName = "orders db",
            TargetType = "postgres",
            Endpoint = "db:5432",
            Severity = AlertSeverity.Critical,
            Message = "connect: refused",
            StartedAt = at,
            FiredAt = at.AddSeconds(20),
            ResolvedAt = at.AddMinutes(5),
            ResolvedReason = ResolvedReason.Recovered,
            FailureCount = 3,
        };
        Delivery Sent(int episode, DeliveryKind kind, DateTimeOffset sent) => new() { Key = new DeliveryKey(7, episode, kind, 1), Status = DeliveryStatus.Sent, CreatedAt = sent, SentAt = sent, Attempts = 1 };
        host.Store.Alerts.Add(new AlertRow(
            alert,
            [
                Sent(1, DeliveryKind.Firing, at.AddSeconds(30)), Sent(2, DeliveryKind.Firing, at.AddSeconds(21)),
                Sent(1, DeliveryKind.Resolved, at.AddMinutes(5)), Sent(2, DeliveryKind.Resolved, at.AddMinutes(6)),
            ])
        {
            Others = new Dictionary<int, string> { [2] = "#7-2" },
        });

        await using var visit = await browser.VisitAsync(host.Address.ToString(), language, theme, phone);
        await visit.SignInAsync(GatewayHost.AdminToken);
        await visit.Page.GotoAsync("/alerts/1");
        var lines = visit.Page.Locator(".timeline li");
        await Expect(lines.Filter(new LocatorFilterOptions { HasText = "#7-2" })).ToHaveCountAsync(2);
        await Expect(lines.Filter(new LocatorFilterOptions { HasText = "#7-1" })).ToHaveCountAsync(1);
        await visit.JudgeAsync();
        await visit.ScreenAsync("alert-two-numbers");
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
