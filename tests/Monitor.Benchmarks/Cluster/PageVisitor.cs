using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using Monitor.Tests.Shared;

namespace Monitor.Benchmarks.Cluster;

/// <summary>Somebody who opens a silo's pages in a browser, signed in.</summary>
internal sealed partial class PageVisitor : IDisposable
{
    private PageVisitor(string address) => Http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, CookieContainer = new CookieContainer() })
    {
        BaseAddress = new Uri(address),
        Timeout = TimeSpan.FromMinutes(1),
    };

    private HttpClient Http { get; }

    public static async Task<PageVisitor> SignInAsync(string address, CancellationToken cancellationToken)
    {
        var visitor = new PageVisitor(address);
        var form = FormMark().Match(await visitor.Http.GetStringAsync(new Uri("/sign-in", UriKind.Relative), cancellationToken)).Groups["mark"].Value;
        using var fields = new FormUrlEncodedContent([new("_form", form), new("token", SiloProcess.AdminToken), new("next", "/")]);
        using var answer = await visitor.Http.PostAsync(new Uri("/sign-in", UriKind.Relative), fields, cancellationToken);
        return answer.StatusCode == HttpStatusCode.SeeOther ? visitor : throw new InvalidOperationException($"signing in answered {answer.StatusCode}");
    }

    /// <summary>How long the whole page takes, in milliseconds, and how many tiles are on it.</summary>
    public async Task<(double Milliseconds, int Tiles, int WithPast)> OverviewAsync(CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        var html = await Http.GetStringAsync(new Uri("/", UriKind.Relative), cancellationToken);
        return (Stopwatch.GetElapsedTime(began).TotalMilliseconds, Tile().Count(html), Strip().Count(html));
    }

    public void Dispose() => Http.Dispose();

    [GeneratedRegex("name=\"_form\" value=\"(?<mark>[^\"]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex FormMark();

    [GeneratedRegex("class=\"tile ", RegexOptions.None, 10_000)]
    private static partial Regex Tile();

    [GeneratedRegex("class=\"strip\"[^>]*><path", RegexOptions.None, 10_000)]
    private static partial Regex Strip();
}
