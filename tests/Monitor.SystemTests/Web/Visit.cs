using System.Collections.Concurrent;
using Microsoft.Playwright;
using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Web;

/// <summary>One visitor's window. Notes every error of its console and every breach of the content security policy.</summary>
public sealed class Visit : IAsyncDisposable
{
    private static readonly Lazy<string> Axe = new(() => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Web/Assets/axe.min.js")));

    private readonly IBrowserContext _context;
    private readonly string _name;
    private readonly ConcurrentQueue<string> _complaints = new();

    private Visit(IBrowserContext context, IPage page, string name) => (_context, Page, _name) = (context, page, name);

    public IPage Page { get; }

    /// <summary>Statuses that the test brings about on purpose: the browser notes them as errors of its own.</summary>
    public HashSet<int> Expected { get; } = [];

    public static async Task<Visit> BeginAsync(IBrowserContext context, string name)
    {
        await context.AddInitScriptAsync("addEventListener('securitypolicyviolation', e => console.error('CSP: ' + e.violatedDirective + ' ' + e.blockedURI));");
        var page = await context.NewPageAsync();
        var visit = new Visit(context, page, name);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning" && !visit.Expected.Any(status => message.Text.Contains($"status of {status}", StringComparison.Ordinal)))
            {
                visit._complaints.Enqueue($"{page.Url}: {message.Text}");
            }
        };
        page.PageError += (_, error) => visit._complaints.Enqueue($"{page.Url}: {error}");
        return visit;
    }

    public async Task SignInAsync(string token = SiloProcess.AdminToken)
    {
        await Page.GotoAsync("/");
        await Page.FillAsync("#token", token);
        await Page.ClickAsync("main button");
        await Page.WaitForSelectorAsync(".main-nav");
    }

    /// <summary>axe finds nothing, and the page does not scroll sideways; what is wrong is told at the end, all of it.</summary>
    public async Task JudgeAsync()
    {
        await Page.EvaluateAsync(Axe.Value);
        var found = await Page.EvaluateAsync<string[]>(
            """
            async () => (await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations'] })).violations
                .map(v => v.id + ': ' + v.nodes.slice(0, 4).map(n => n.target.join(' ') + ' (' + n.failureSummary.replaceAll('\n', ' ') + ')').join(' | '))
            """);
        foreach (var violation in found)
        {
            _complaints.Enqueue($"{_name} {Page.Url}: {violation}");
        }

        var over = await Page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        if (over > 0)
        {
            _complaints.Enqueue($"{_name} {Page.Url}: {over} px too wide");
        }
    }

    /// <summary>For a human to look at: TestResults/screens. Not on a build server, where nobody looks: it is a fifth of what a page costs.</summary>
    public async Task ScreenAsync(string page)
    {
        if (!Requires.Ci)
        {
            await Page.ScreenshotAsync(new PageScreenshotOptions { Path = Repository.File($"TestResults/screens/{page}-{_name}.png"), FullPage = true });
        }
    }

    public void NothingWasWrong() => Assert.True(_complaints.IsEmpty, string.Join('\n', _complaints));

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();
}
