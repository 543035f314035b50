using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Monitor.Tests.Shared;

/// <summary>Calls a silo as a client does: JSON in, JSON out, a bearer token.</summary>
public sealed class ApiClient : IDisposable
{
    private readonly HttpClient _http;

    public ApiClient(string address, string? token, int connections = 8)
    {
        _http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = connections, UseProxy = false })
        {
            BaseAddress = new Uri(address),
            Timeout = TimeSpan.FromSeconds(30),
        };
        if (token is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
    }

    /// <param name="key">Of a POST that may be sent again (<c>Idempotency-Key</c>).</param>
    public async Task<ApiAnswer> SendAsync(HttpMethod method, string path, object? body, CancellationToken cancellationToken, string? key = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        if (body is not null)
        {
            request.Content = JsonContent.Create(body);
        }

        using var response = await _http.SendAsync(request, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        return new ApiAnswer(response.StatusCode, text);
    }

    public Task<string> TextAsync(string path, CancellationToken cancellationToken) => _http.GetStringAsync(path, cancellationToken);

    /// <summary>The JSON of a call that must go well.</summary>
    public async Task<JsonNode> GetAsync(string path, CancellationToken cancellationToken) =>
        (await SendAsync(HttpMethod.Get, path, null, cancellationToken)).Good();

    public async Task<JsonNode> PostAsync(string path, object? body, CancellationToken cancellationToken) =>
        (await SendAsync(HttpMethod.Post, path, body, cancellationToken)).Good();

    public async Task<JsonNode> PatchAsync(string path, object body, CancellationToken cancellationToken) =>
        (await SendAsync(HttpMethod.Patch, path, body, cancellationToken)).Good();

    public async Task DeleteAsync(string path, CancellationToken cancellationToken) =>
        (await SendAsync(HttpMethod.Delete, path, null, cancellationToken)).Good();

    public async Task<long> AddChannelAsync(string webhookUrl, CancellationToken cancellationToken, string name = "ops") =>
        (await PostAsync("/api/v1/channels", new { name, webhook_url = webhookUrl, is_default = true }, cancellationToken)).Number("id");

    public async Task<long> AddTargetAsync(object target, CancellationToken cancellationToken) =>
        (await PostAsync("/api/v1/targets", target, cancellationToken)).Number("id");

    public Task<JsonNode> TargetAsync(long id, CancellationToken cancellationToken) => GetAsync($"/api/v1/targets/{id}", cancellationToken);

    /// <summary>The alerts of one target, oldest first.</summary>
    public async Task<IReadOnlyList<JsonNode>> AlertsAsync(long targetId, CancellationToken cancellationToken)
    {
        var page = await GetAsync($"/api/v1/alerts?target_id={targetId}&limit=500", cancellationToken);
        return [.. page["items"]!.AsArray().Select(alert => alert!).OrderBy(alert => alert.Number("episode"))];
    }

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<JsonNode>> ResultsAsync(long targetId, CancellationToken cancellationToken)
    {
        var page = await GetAsync($"/api/v1/targets/{targetId}/results?limit=500", cancellationToken);
        return [.. page["items"]!.AsArray().Select(result => result!)];
    }

    public async Task<MetricsText> MetricsAsync(CancellationToken cancellationToken) => new(await TextAsync("/metrics", cancellationToken));

    public void Dispose() => _http.Dispose();
}

/// <summary>What came back, whatever it was.</summary>
public sealed record ApiAnswer(HttpStatusCode Status, string Text)
{
    /// <summary>The body of a 2xx; anything else throws with what was said.</summary>
    public JsonNode Good() => (int)Status is >= 200 and < 300
        ? JsonNode.Parse(Text.Length == 0 ? "{}" : Text)!
        : throw new HttpRequestException($"{(int)Status}: {Text}", null, Status);
}

/// <summary>Short ways to the fields of an answer.</summary>
public static class JsonFields
{
    public static long Number(this JsonNode node, string field) => node[field]!.GetValue<long>();

    /// <summary>Null when the field is null or absent.</summary>
    public static string? Word(this JsonNode node, string field) =>
        node[field] is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;
}
