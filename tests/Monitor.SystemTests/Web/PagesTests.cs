using Microsoft.Playwright;
using Monitor.SystemTests.Harness;
using Xunit;

namespace Monitor.SystemTests.Web;

/// <summary>Every page, in both languages, light and dark, on a phone and on a desk: accessible, without an error, with a picture for a human to look at.</summary>
public sealed class PagesTests(Browser browser, SharedSite site) : IClassFixture<SharedSite>
{
    public static TheoryData<string, string, bool> Looks() => new()
    {
        { "zh", "light", false },
        { "zh", "dark", true },
        { "en", "dark", false },
        { "en", "light", true },
    };

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task Every_page_is_accessible_fits_its_screen_and_breaks_no_rule(string language, string theme, bool phone)
    {
        var full = await site.GetAsync();
        await using var visit = await browser.VisitAsync(full.Address, language, theme, phone);
        await visit.Page.GotoAsync("/sign-in");
        await visit.JudgeAsync();
        await visit.ScreenAsync("sign-in");
        await visit.SignInAsync();
        var alert = (await full.Api.AlertsAsync(full.Down, Scene.Token))[0]["id"]!.GetValue<long>();
        foreach (var (name, address) in new (string, string)[]
        {
            ("overview", "/"),
            ("targets", "/targets"),
            ("targets-empty", "/targets?q=nothing-like-it"),
            ("target-down", $"/targets/{full.Down}"),
            ("target-degraded", $"/targets/{full.Warned}?range=1h"),
            ("target-long", $"/targets/{full.Warned}?range=90d"),
            ("target-failures", $"/targets/{full.Down}?results=failures"),
            ("target-new", "/targets/new"),
            ("target-new-http", "/targets/new?type=http"),
            ("target-new-tcp", "/targets/new?type=tcp"),
            ("target-new-ping", "/targets/new?type=ping"),
            ("target-edit", $"/targets/{full.Warned}/edit"),
            ("alerts", "/alerts"),
            ("alerts-filtered", "/alerts?severity=warning"),
            ("alert", $"/alerts/{alert}"),
            ("channels", "/channels"),
            ("channel-new", "/channels/new"),
            ("channel-edit", "/channels/1/edit"),
            ("cluster", "/cluster"),
            ("settings", "/settings"),
        })
        {
            await visit.Page.GotoAsync(address);
            await LiveAsync(visit.Page);
            await visit.JudgeAsync();
            await visit.ScreenAsync(name);
        }

        visit.Expected.Add(404);
        await visit.Page.GotoAsync("/targets/424242");
        await visit.JudgeAsync();
        await visit.ScreenAsync("missing");
        visit.NothingWasWrong();
    }

    [Fact]
    public async Task Pages_with_a_day_behind_them_are_taken_for_the_documents()
    {
        var folder = Repository.File(Environment.GetEnvironmentVariable("MONITOR_WRITE_DOCS") == "1" ? "docs/screenshots" : "TestResults/documents");
        Directory.CreateDirectory(folder);
        await using var full = await WebSite.WithPastAsync();
        foreach (var (file, address, language, theme, phone) in new (string, string, string, string, bool)[]
        {
            ("overview", "/", "zh", "light", false),
            ("target", $"/targets/{full.Warned}?range=24h", "en", "dark", false),
            ("form", "/targets/new?type=http", "en", "light", false),
            ("phone", "/", "zh", "dark", true),
        })
        {
            await using var visit = await browser.VisitAsync(full.Address, language, theme, phone);
            await visit.SignInAsync();

            // The last hour is read unhurriedly after a start: a whole strip is one bar over 25 minutes at least.
            await visit.Page.Locator(".strip .k[d*='h5'], .strip .k[d*='h6']").Nth(12).WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Attached, Timeout = 60_000 });
            await visit.Page.GotoAsync(address);
            await LiveAsync(visit.Page);
            await visit.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, file + ".png") });
        }
    }

    /// <summary>Its parts have arrived once: what a visitor sees who stays for a moment.</summary>
    private static async Task LiveAsync(IPage page) =>
        await page.WaitForSelectorAsync("#live-state.on", new PageWaitForSelectorOptions { State = WaitForSelectorState.Attached });
}
