namespace Monitor.Tests.Shared;

/// <summary>The built silo as a process of its own, on a free loopback port, over a folder that outlives it.</summary>
public sealed class SiloProcess : IAsyncDisposable
{
    public const string AdminToken = "test-admin-token-0123456789abcdef";

    private readonly ChildProcess _process;

    private SiloProcess(ChildProcess process, SiloSettings settings)
    {
        _process = process;
        Settings = settings;
        Api = new ApiClient(settings.Address, AdminToken);
    }

    public SiloSettings Settings { get; }

    public ApiClient Api { get; }

    public ChildProcess Process => _process;

    public string Output => _process.Output;

    /// <summary>Started, and nothing more: the caller watches what becomes of it.</summary>
    public static async Task<SiloProcess> LaunchAsync(SiloSettings settings)
    {
        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, settings.Program),
            .. settings.Before,
            "--urls", settings.Address,
            $"--Storage:Path={settings.Folder}",
            .. settings.TokenIsSet ? (string[])[$"--Access:AdminToken={AdminToken}"] : [],
            .. settings.Arguments,
        ];
        return new SiloProcess(await ChildProcess.StartAsync("dotnet", arguments, settings.Environment, settings.Folder), settings);
    }

    /// <summary>Started and ready.</summary>
    public static async Task<SiloProcess> StartAsync(SiloSettings settings, CancellationToken cancellationToken)
    {
        var silo = await LaunchAsync(settings);
        try
        {
            await silo.ReadyAsync(cancellationToken);
            return silo;
        }
        catch (TimeoutException e)
        {
            await silo.DisposeAsync();
            throw new TimeoutException($"{e.Message}; it said: {silo.Output}", e);
        }
        catch
        {
            await silo.DisposeAsync();
            throw;
        }
    }

    public async Task ReadyAsync(CancellationToken cancellationToken) =>
        await Eventually.TrueAsync("the silo is ready", async () =>
        {
            if (_process.HasExited)
            {
                throw new InvalidOperationException($"the silo ended with {await _process.WaitForExitAsync(cancellationToken)}: {Output}");
            }

            try
            {
                return (await Api.SendAsync(HttpMethod.Get, "/readyz", null, cancellationToken)).Status == System.Net.HttpStatusCode.OK;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }, cancellationToken);

    public Task KillAsync() => _process.KillAsync();

    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        await _process.DisposeAsync();
    }
}

/// <summary>How a silo is started.</summary>
public sealed record SiloSettings
{
    /// <summary>The program's file beside this one; the crash host takes the silo's arguments too.</summary>
    public string Program { get; init; } = "silo.dll";

    public required string Folder { get; init; }

    public int Port { get; init; } = FreePort.Next();

    public string Address => $"http://127.0.0.1:{Port}";

    /// <summary>False: the silo makes a token of its own, as at a newcomer's first start.</summary>
    public bool TokenIsSet { get; init; } = true;

    /// <summary>Before the silo's own arguments.</summary>
    public IReadOnlyList<string> Before { get; init; } = [];

    public IReadOnlyList<string> Arguments { get; init; } = ["--Messages:Language=en"];

    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>(0, StringComparer.Ordinal);
}
