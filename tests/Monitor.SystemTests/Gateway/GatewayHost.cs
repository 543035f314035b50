using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Grains.Runtime;
using Monitor.Gateway;
using Monitor.Gateway.Access;
using Monitor.Gateway.Health;
using Monitor.Storage;
using Monitor.Storage.Sqlite;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Gateway;

/// <summary>The gateway on Kestrel, on a free loopback port, over a store in memory or the real one.</summary>
internal sealed class GatewayHost : IAsyncDisposable
{
    public const string AdminToken = "mon_the-administrator-of-these-tests";

    private readonly WebApplication _app;
    private readonly HttpClient _client;
    private readonly TempDir? _folder;

    private GatewayHost(WebApplication app, MemoryStore store, FakeRuntime runtime, Lines log, TempDir? folder)
    {
        (_app, Store, Runtime, Log, _folder) = (app, store, runtime, log, folder);
        Address = new Uri(app.Urls.First());
        _client = new HttpClient(new SocketsHttpHandler { PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30), Expect100ContinueTimeout = TimeSpan.FromSeconds(30) }) { BaseAddress = Address };
    }

    public Uri Address { get; }

    public MemoryStore Store { get; }

    public FakeRuntime Runtime { get; }

    public Lines Log { get; }

    public IServiceProvider Services => _app.Services;

    /// <param name="sqlite">Over the real store instead of the one in memory.</param>
    public static async Task<GatewayHost> StartAsync(GatewayOptions? options = null, bool ready = true, TimeProvider? time = null, bool sqlite = false)
    {
        var (store, runtime, log) = (new MemoryStore(), new FakeRuntime(), new Lines());
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(GatewaySetup.LimitKestrel);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders().AddProvider(log).SetMinimumLevel(LogLevel.Debug);
        var folder = sqlite ? new TempDir() : null;
        if (folder is not null)
        {
            builder.Services.AddSqliteStorage(new SqliteOptions(folder.Folder));
        }
        else
        {
            builder.Services.AddSingleton<ITargetStore>(store).AddSingleton<IHistoryStore>(store).AddSingleton<ITokenStore>(store).AddSingleton<IStoreLifecycle>(store);
        }

        builder.Services.AddSingleton<ITargetRuntime>(runtime).AddSingleton<IChannelTester>(runtime).AddSingleton<ICondition>(runtime).AddSingleton<ISiloDirectory, LoneSilo>();
        builder.Services.AddSingleton(new ProberCatalog(FakeProber.All)).AddSingleton(time ?? TimeProvider.System);
        builder.Services.AddSingleton(new SiloIdentity("node-1", "default", "http://127.0.0.1:5080", new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)));
        builder.Services.AddMonitorGateway(options ?? new GatewayOptions { AdminTokenHash = TokenText.Hash(AdminToken) });
        var app = builder.Build();
        if (sqlite)
        {
            await app.Services.GetRequiredService<IStoreLifecycle>().OpenAsync(TestContext.Current.CancellationToken);
        }

        app.MapMonitorGateway();
        await app.StartAsync(TestContext.Current.CancellationToken);
        if (ready)
        {
            app.Services.GetRequiredService<StartupGate>().Open();
        }

        return new GatewayHost(app, store, runtime, log, folder);
    }

    public Task<Answer> GetAsync(string path, string? token = AdminToken) => SendAsync(HttpMethod.Get, path, (string?)null, token);

    public Task<Answer> PostAsync(string path, string? json = null, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, path, json, AdminToken, headers);

    public Task<Answer> PutAsync(string path, string json, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Put, path, json, AdminToken, headers);

    public Task<Answer> PatchAsync(string path, string json, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Patch, path, json, AdminToken, headers);

    public Task<Answer> DeleteAsync(string path, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Delete, path, (string?)null, AdminToken, headers);

    public Task<Answer> SendAsync(HttpMethod method, string path, string? json, string? token, params (string Name, string Value)[] headers)
    {
        var content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json");
        return SendAsync(method, path, content, token, headers);
    }

    public async Task<Answer> SendAsync(HttpMethod method, string path, HttpContent? content, string? token, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        // A body that is refused unread ends its connection, and a client that is still writing it would see that instead of the answer.
        request.Headers.ExpectContinue = content?.Headers.ContentLength > 1 << 20;
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await _client.SendAsync(request, TestContext.Current.CancellationToken);
        return new Answer((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), response.Content.Headers.ContentType?.MediaType,
            response.Headers.Concat(response.Content.Headers).ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>A token of that role, made through the API.</summary>
    public async Task<string> TokenAsync(string role, string? name = null)
    {
        var made = await PostAsync("/api/v1/tokens", $$"""{"name":"{{name ?? role}}","role":"{{role}}"}""");
        return made.Json["token"]!.GetValue<string>();
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
        _folder?.Dispose();
    }

    /// <summary>Everything that was logged.</summary>
    internal sealed class Lines : ILoggerProvider
    {
        public ConcurrentQueue<string> All { get; } = new();

        public ILogger CreateLogger(string categoryName) => new Logger(All);

        public void Dispose()
        {
        }

        private sealed class Logger(ConcurrentQueue<string> lines) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
                lines.Enqueue($"{logLevel} {formatter(state, exception)} {exception}");
        }
    }
}

/// <summary>What came back.</summary>
internal sealed record Answer(int Status, string Text, string? MediaType, IReadOnlyDictionary<string, string> Headers)
{
    public JsonNode Json => JsonNode.Parse(Text)!;

    public long Id => Json["id"]!.GetValue<long>();

    /// <summary>The paths that a problem names.</summary>
    public IReadOnlyList<string> Paths => Json["errors"] is JsonObject errors ? [.. errors.Select(error => error.Key)] : [];

    public bool IsProblem => MediaType == "application/problem+json" && Json is JsonObject json
        && json["type"] is not null && json["title"] is not null && json["detail"] is not null && json["status"]!.GetValue<int>() == Status;

    public override string ToString() => $"{Status} {Text}";

    public JsonElement Element => JsonDocument.Parse(Text).RootElement;
}
