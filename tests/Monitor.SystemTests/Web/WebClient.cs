using System.Net;
using System.Text.RegularExpressions;
using Xunit;

namespace Monitor.SystemTests.Web;

/// <summary>A browser without script, as small as can be: cookies, forms with their marks, no redirects followed.</summary>
internal sealed class WebClient : IDisposable
{
    private readonly HttpClient _http;

    public WebClient(Uri address)
    {
        Cookies = new CookieContainer();
        _http = new HttpClient(new SocketsHttpHandler { CookieContainer = Cookies, AllowAutoRedirect = false, UseProxy = false }) { BaseAddress = address };
        _http.DefaultRequestHeaders.Add("Accept", "text/html");
        _http.DefaultRequestHeaders.Add("Accept-Language", "en");
    }

    public CookieContainer Cookies { get; }

    public async Task<WebAnswer> GetAsync(string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        return await SendAsync(request, headers);
    }

    /// <summary>Posts a form with the mark of the page at <paramref name="from"/>.</summary>
    public async Task<WebAnswer> PostAsync(string from, string path, params (string Name, string Value)[] fields)
    {
        var mark = (await GetAsync(from)).Mark;
        return await PostPlainAsync(path, [("_form", mark), .. fields]);
    }

    public async Task<WebAnswer> PostPlainAsync(string path, (string Name, string Value)[] fields, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value))),
        };
        return await SendAsync(request, headers);
    }

    public Task<WebAnswer> SignInAsync(string token, string next = "/") => PostAsync("/sign-in", "/sign-in", ("token", token), ("next", next));

    public void Dispose() => _http.Dispose();

    private async Task<WebAnswer> SendAsync(HttpRequestMessage request, (string Name, string Value)[] headers)
    {
        foreach (var (name, value) in headers)
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        return new WebAnswer(
            (int)response.StatusCode,
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            response.Headers.Location?.ToString(),
            response.Headers.Concat(response.Content.Headers).ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase));
    }
}

/// <summary>What came back.</summary>
internal sealed record WebAnswer(int Status, string Html, string? Location, IReadOnlyDictionary<string, string> Headers)
{
    private static readonly Regex MarkField = new("name=\"_form\" value=\"(?<mark>[^\"]+)\"", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));

    public string Mark => MarkField.Match(Html).Groups["mark"].Value;
}
