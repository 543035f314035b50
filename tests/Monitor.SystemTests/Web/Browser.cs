using Microsoft.Playwright;
using Monitor.SystemTests.Harness;
using Monitor.SystemTests.Web;
using Xunit;

[assembly: AssemblyFixture(typeof(Browser))]

namespace Monitor.SystemTests.Web;

/// <summary>One chromium for all tests, started by the first that needs it. Debian's own: nothing is downloaded.</summary>
public sealed class Browser : IAsyncDisposable
{
    private readonly SemaphoreSlim _starting = new(1);
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>A visitor of his own: no cookies, this language, this look, this screen.</summary>
    public async Task<Visit> VisitAsync(string address, string language = "en", string theme = "light", bool phone = false, bool script = true)
    {
        Requires.Command("chromium", "chromium");
        var browser = await StartAsync();
        var context = await browser.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = address,
            Locale = language == "zh" ? "zh-CN" : "en-US",
            ColorScheme = theme == "dark" ? ColorScheme.Dark : ColorScheme.Light,
            TimezoneId = "Asia/Shanghai",
            ViewportSize = phone ? new ViewportSize { Width = 360, Height = 780 } : new ViewportSize { Width = 1440, Height = 900 },
            IsMobile = phone,
            HasTouch = phone,
            JavaScriptEnabled = script,
            ReducedMotion = ReducedMotion.Reduce,
        });
        context.SetDefaultTimeout(30_000);
        return await Visit.BeginAsync(context, $"{language}-{theme}-{(phone ? "phone" : "desktop")}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        _starting.Dispose();
    }

    private async Task<IBrowser> StartAsync()
    {
        await _starting.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            _playwright ??= await Playwright.CreateAsync();
            return _browser ??= await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
            {
                ExecutablePath = "/usr/bin/chromium",

                // Without a graphics card its process only draws once more what the others have drawn; and a process for each page is one start for each page.
                Args = ["--no-sandbox", "--disable-dev-shm-usage", "--force-color-profile=srgb", "--disable-gpu", "--renderer-process-limit=1"],
            });
        }
        finally
        {
            _starting.Release();
        }
    }
}
