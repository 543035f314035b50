namespace Monitor.Tests.Shared;

/// <summary>Debian's redis-server on a loopback port of its own: a real server to watch, stop, freeze and start again.</summary>
public sealed class RedisServer : IAsyncDisposable
{
    private const string Executable = "/usr/bin/redis-server";
    private const string Client = "/usr/bin/redis-cli";

    private readonly TempDir _folder = new();
    private readonly IReadOnlyList<string> _options;
    private ChildProcess? _process;

    private RedisServer(int port, IReadOnlyList<string> options) => (Port, _options) = (port, options);

    public int Port { get; }

    public string Address => $"127.0.0.1:{Port}";

    public string Folder => _folder.Folder;

    /// <summary>What redis-cli must say besides host and port: <c>--pass</c>, <c>--tls</c>.</summary>
    public IReadOnlyList<string> ClientOptions { get; init; } = [];

    public bool IsRunning => _process is { HasExited: false };

    public int ProcessId => _process!.Id;

    public static bool IsInstalled => File.Exists(Executable) && File.Exists(Client);

    /// <param name="options">As on the command line: <c>--requirepass</c>, <c>x</c>. The server keeps nothing on disk unless told to.</param>
    /// <param name="clientOptions">For redis-cli; with TLS alone: <c>--tls</c> and what belongs to it.</param>
    /// <param name="port">Null: a free one; it is handed to the server as its plain port, unless <paramref name="options"/> has a port of its own.</param>
    public static async Task<RedisServer> StartAsync(
        IReadOnlyList<string> options, CancellationToken cancellationToken, IReadOnlyList<string>? clientOptions = null, int? port = null)
    {
        var server = new RedisServer(port ?? FreePort.Next(), options) { ClientOptions = clientOptions ?? [] };
        await server.StartAgainAsync(cancellationToken);
        return server;
    }

    /// <summary>Starts what has been killed, on its old port and files, and waits until it takes commands (an error is an answer).</summary>
    public async Task StartAgainAsync(CancellationToken cancellationToken)
    {
        if (_process is { } old)
        {
            await old.DisposeAsync();
        }

        var file = _options.Count > 0 && !_options[0].StartsWith('-') ? _options.Take(1) : [];
        string[] ours = _options.Contains("--port") || _options.Contains("--sentinel") ? [] : ["--port", Text(Port)];
        _process = await ChildProcess.StartAsync(
            Executable,
            [.. file, "--bind", "127.0.0.1", "--protected-mode", "no", "--daemonize", "no", "--save", "", "--dir", Folder, .. ours, .. _options.Skip(file.Count())]);
        await Eventually.TrueAsync($"redis answers on port {Port} (it said: {_process.Output})", IsAnsweringAsync, cancellationToken);
    }

    /// <summary>What redis-cli prints for one command.</summary>
    public async Task<string> AskAsync(CancellationToken cancellationToken, params string[] words) =>
        (await ChildProcess.RunAsync(Client, ["-h", "127.0.0.1", "-p", Text(Port), .. ClientOptions, .. words], cancellationToken)).Trim();

    /// <summary>The same, and throws when the server answers with an error.</summary>
    public async Task DoAsync(CancellationToken cancellationToken, params string[] words) =>
        await ChildProcess.RunAsync(Client, ["-e", "-h", "127.0.0.1", "-p", Text(Port), .. ClientOptions, .. words], cancellationToken);

    /// <summary>Waits until a command's answer is as wanted.</summary>
    public Task UntilAsync(string what, Func<string, bool> wanted, CancellationToken cancellationToken, params string[] words) =>
        Eventually.TrueAsync($"{Address}: {what}", async () => wanted(await AskAsync(cancellationToken, words)), cancellationToken);

    public Task KillAsync() => _process!.KillAsync();

    public void Freeze() => _process!.Signal(Signal.Stop);

    public void Thaw() => _process?.Signal(Signal.Continue);

    public async ValueTask DisposeAsync()
    {
        if (_process is { } process)
        {
            await process.DisposeAsync();
        }

        _folder.Dispose();
    }

    private async Task<bool> IsAnsweringAsync()
    {
        if (_process!.HasExited)
        {
            throw new InvalidOperationException("redis-server ended: " + _process.Output);
        }

        await using var asking = await ChildProcess.StartAsync(Client, ["-h", "127.0.0.1", "-p", Text(Port), .. ClientOptions, "PING"]);
        return await asking.WaitForExitAsync(CancellationToken.None) == 0 && !asking.Output.Contains("Could not connect", StringComparison.Ordinal);
    }

    private static string Text(int number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
