using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Npgsql;

namespace Monitor.Tests.Shared;

/// <summary>
/// Debian's PostgreSQL on a loopback port and in a folder of its own, as a child of the test run: a real server to fill, freeze, kill and start again.
/// Cheap to start (under a second): <c>initdb</c> runs once per test run, each server begins with a copy.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    /// <summary>The superuser's, for whoever is asked for one.</summary>
    public const string Password = "postgres-pw";

    private readonly TempDir _folder = new();
    private readonly PostgresOptions _options;
    private ServersClock? _clock;
    private ChildProcess? _process;
    private ChildProcess? _waker;

    private PostgresServer(PostgresOptions options) => _options = options;

    public int Port { get; } = FreePort.Next();

    /// <summary>The data folder.</summary>
    public string Data => _folder.File("data");

    /// <summary>The postmaster.</summary>
    public int ProcessId => _process!.Id;

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>The server's log since it was last started.</summary>
    public string Log => _process?.Output ?? "";

    public static bool IsInstalled => PostgresPrograms.Folder is not null;

    public static bool CanHaveOwnClock => ServersClock.IsAvailable;

    public static async Task<PostgresServer> StartAsync(CancellationToken cancellationToken, PostgresOptions? options = null)
    {
        var server = new PostgresServer(options ?? new PostgresOptions());
        try
        {
            await PostgresPrograms.GiveAsync(server._folder.Folder, cancellationToken);
            await PostgresPrograms.CopyTemplateAsync(server.Data, cancellationToken);
            server._clock = server._options.OwnClock ? await ServersClock.MakeAsync(server._folder.Folder, cancellationToken) : null;
            await server.ConfigureAsync(cancellationToken);
            await server.StartAgainAsync(cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>A streaming standby of this server, with a slot of its own, caught up or not: ask it.</summary>
    /// <param name="name">Its <c>application_name</c> and its slot's name.</param>
    /// <param name="settings">On top of this server's.</param>
    public async Task<PostgresServer> StandbyAsync(
        CancellationToken cancellationToken, string name = "standby", IReadOnlyDictionary<string, string>? settings = null)
    {
        var all = new Dictionary<string, string>(_options.Settings, StringComparer.Ordinal);
        foreach (var (setting, value) in settings ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            all[setting] = value;
        }

        var standby = new PostgresServer(_options with { Settings = all });
        try
        {
            await PostgresPrograms.GiveAsync(standby._folder.Folder, cancellationToken);
            var primary = $"host=127.0.0.1 port={Number(Port)} user=postgres password={Password} application_name={name}";
            await PostgresPrograms.RunAsync(
                "pg_basebackup", ["-d", primary, "-D", standby.Data, "-R", "-C", "-S", name, "-X", "stream", "--checkpoint=fast", "--no-sync"], cancellationToken);
            standby._clock = _options.OwnClock ? await ServersClock.MakeAsync(standby._folder.Folder, cancellationToken) : null;
            await standby.ConfigureAsync(cancellationToken);
            await standby.StartAgainAsync(cancellationToken);
            return standby;
        }
        catch
        {
            await standby.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes a standby a primary; returns when it takes writes.</summary>
    public Task PromoteAsync(CancellationToken cancellationToken) => ExecuteAsync("SELECT pg_promote(true, 60)", cancellationToken);

    /// <summary>Starts it (again) on the same port with the same data and waits until it takes connections.</summary>
    public async Task StartAgainAsync(CancellationToken cancellationToken)
    {
        await StartUnreadyAsync();
        await Eventually.TrueAsync($"PostgreSQL on port {Port} is ready", IsReady, cancellationToken);
    }

    /// <summary>Starts it and does not wait: it may refuse connections for as long as it recovers.</summary>
    public async Task StartUnreadyAsync()
    {
        string[] server = [Path.Combine(PostgresPrograms.Folder!, "postgres"), "-D", Data];
        _process = _clock is { } clock
            ? await PostgresPrograms.ServeAsync("env", [.. clock.Variables, .. server], "KILL")
            : await PostgresPrograms.ServeAsync(server[0], server[1..], "KILL");
    }

    /// <summary>Sets the clock of a server that has <see cref="PostgresOptions.OwnClock"/> by so many whole seconds on or back; returns when an old session has seen it.</summary>
    public async Task JumpClockAsync(TimeSpan by, CancellationToken cancellationToken)
    {
        var clock = _clock ?? throw new InvalidOperationException("this server goes by the machine's clock");
        await using var session = await OpenAsync(cancellationToken);
        var before = await AheadAsync(session, cancellationToken);
        clock.Jump(by);
        var jumped = await AheadAsync(session, cancellationToken) - before;
        if ((jumped - by).Duration() > TimeSpan.FromSeconds(5))
        {
            throw new InvalidOperationException($"the server's clock was to jump by {by} and jumped by {jumped}");
        }
    }

    /// <summary>By how much the server's clock is ahead of this machine's, but for the time of a question.</summary>
    public async Task<TimeSpan> ClockAheadAsync(CancellationToken cancellationToken)
    {
        await using var session = await OpenAsync(cancellationToken);
        return await AheadAsync(session, cancellationToken);
    }

    /// <param name="immediate">Without a checkpoint, as after a crash; else "fast": sessions are ended, data is written.</param>
    public async Task StopAsync(CancellationToken cancellationToken, bool immediate = false)
    {
        if (_process is not { } process)
        {
            return;
        }

        await ResumeAsync();
        process.Signal(immediate ? Signal.Quit : Signal.Interrupt);
        await process.WaitForExitAsync(cancellationToken);
        await ForgetAsync(cancellationToken);
    }

    /// <summary>Begins to end: new connections are refused as "shutting down" for as long as an old session lasts.</summary>
    public void StopWhenIdle() => _process!.Signal(Signal.Terminate);

    /// <summary>kill -9 of the postmaster; returns when its children have noticed and are gone, too, so that it can be started again.</summary>
    public async Task KillAsync(CancellationToken cancellationToken)
    {
        await _process!.KillAsync();
        await ResumeAsync();
        await ForgetAsync(cancellationToken);
    }

    /// <summary>Reads its settings and <c>pg_hba.conf</c> anew.</summary>
    public void Reload() => _process!.Signal(Signal.Hangup);

    /// <summary>SIGSTOP: connections are still accepted by the kernel, nobody answers.</summary>
    /// <param name="sessionsToo">False: only the postmaster; sessions that exist go on.</param>
    public async Task SuspendAsync(bool sessionsToo = true)
    {
        _process!.Signal(Signal.Stop);
        if (!sessionsToo)
        {
            return;
        }

        // The postmaster dies with the test run; stopped children of it would stay for ever, were they not woken to notice.
        var sessions = Sessions();
        var wake = $"trap 'kill -CONT {string.Join(' ', sessions)}; kill $!; exit' TERM; sleep 100000 & wait";
        _waker = await ChildProcess.StartAsync("sh", ["-c", wake], onOwnDeath: "TERM");
        foreach (var session in sessions)
        {
            PostgresPrograms.Send(session, Signal.Stop);
        }
    }

    /// <summary>SIGCONT to all of it.</summary>
    public async Task ResumeAsync()
    {
        foreach (var session in Sessions())
        {
            PostgresPrograms.Send(session, Signal.Continue);
        }

        _process?.Signal(Signal.Continue);
        if (_waker is { } waker)
        {
            _waker = null;
            await waker.TerminateAsync(CancellationToken.None);
            await waker.DisposeAsync();
        }
    }

    /// <summary>For Npgsql, with pooling off.</summary>
    public string ConnectionString(string user = "postgres", string database = "postgres", string? password = null) =>
        new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = Port,
            Username = user,
            Password = password ?? (user == "postgres" ? Password : null),
            Database = database,
            Pooling = false,
            Timeout = 30,
            GssEncryptionMode = GssEncryptionMode.Disable,
        }.ConnectionString;

    public async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken, string user = "postgres", string database = "postgres", string? password = null)
    {
        var connection = new NpgsqlConnection(ConnectionString(user, database, password));
        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>As the superuser, on a connection of its own; several statements are one transaction.</summary>
    public async Task ExecuteAsync(string sql, CancellationToken cancellationToken, string database = "postgres") =>
        await ScalarAsync<object>(sql, cancellationToken, database);

    /// <summary>The first value of the first row; default for null or no row.</summary>
    public async Task<T?> ScalarAsync<T>(string sql, CancellationToken cancellationToken, string database = "postgres")
    {
        await using var connection = await OpenAsync(cancellationToken, database: database);
#pragma warning disable CA2100 // the test's own text
        await using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        return await command.ExecuteScalarAsync(cancellationToken) is T value ? value : default;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None, immediate: true);
        _folder.Dispose();
    }

    private async Task ConfigureAsync(CancellationToken cancellationToken)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["listen_addresses"] = "127.0.0.1",
            ["port"] = Number(Port),
            ["unix_socket_directories"] = "",
            ["shared_buffers"] = "16MB",
            ["min_wal_size"] = "8MB",
            ["jit"] = "off",
            // As from version 14 on; before, passwords were kept as MD5.
            ["password_encryption"] = "scram-sha-256",
            ["fsync"] = _options.Durable ? "on" : "off",
            ["full_page_writes"] = _options.Durable ? "on" : "off",
            ["log_min_messages"] = "info",
        };
        if (_options.Certificate is { } certificate)
        {
            await PostgresPrograms.WriteAsync(Path.Combine(Data, "server.crt"), certificate.ExportCertificatePem(), cancellationToken);
            using var key = certificate.GetECDsaPrivateKey();
            await PostgresPrograms.WriteAsync(Path.Combine(Data, "server.key"), key!.ExportPkcs8PrivateKeyPem(), cancellationToken);
            settings["ssl"] = "on";
            settings["ssl_cert_file"] = "server.crt";
            settings["ssl_key_file"] = "server.key";
        }

        if (_options.ClientAuthorityPem is { } authority)
        {
            await PostgresPrograms.WriteAsync(Path.Combine(Data, "root.crt"), authority, cancellationToken);
            settings["ssl_ca_file"] = "root.crt";
        }

        foreach (var (name, value) in _options.Settings)
        {
            settings[name] = value;
        }

        var lines = settings.Select(setting => $"{setting.Key} = '{setting.Value.Replace("'", "''", StringComparison.Ordinal)}'\n");
        await PostgresPrograms.WriteAsync(Path.Combine(Data, "postgresql.conf"), string.Concat(lines), cancellationToken);
        await SetAccessAsync(_options.Access, cancellationToken);
    }

    /// <summary>Writes <c>pg_hba.conf</c>: <paramref name="lines"/>, then what every server of ours permits. Takes effect with <see cref="Reload"/>.</summary>
    public async Task SetAccessAsync(IReadOnlyList<string> lines, CancellationToken cancellationToken)
    {
        var method = _options.Authentication;
        string[] common = [$"host all all 127.0.0.1/32 {method}", $"host replication all 127.0.0.1/32 {method}"];
        await PostgresPrograms.WriteAsync(Path.Combine(Data, "pg_hba.conf"), string.Join('\n', lines.Concat(common)) + "\n", cancellationToken);
    }

    /// <summary>The postmaster says so itself, in the last line of its file.</summary>
    private bool IsReady()
    {
        if (_process!.HasExited)
        {
            throw new InvalidOperationException("PostgreSQL ended: " + _process.Output);
        }

        var file = Path.Combine(Data, "postmaster.pid");
        if (!File.Exists(file))
        {
            return false;
        }

        var lines = File.ReadAllLines(file);
        return lines.Length >= 8 && lines[0] == Number(ProcessId) && lines[7].Trim() is "ready" or "standby";
    }

    private async Task ForgetAsync(CancellationToken cancellationToken)
    {
        await Eventually.TrueAsync("the server's children are gone", () => Sessions().Count == 0, cancellationToken);
        await _process!.DisposeAsync();
        _process = null;
    }

    /// <summary>Its processes but for the postmaster: all of them work in the data folder.</summary>
    private List<int> Sessions()
    {
        var found = PostgresPrograms.WorkingIn(Data);
        found.RemoveAll(id => id == _process?.Id);
        return found;
    }

    private static async Task<TimeSpan> AheadAsync(NpgsqlConnection session, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT clock_timestamp()", session);
        var told = (DateTime)(await command.ExecuteScalarAsync(cancellationToken))!;
        return told - TimeProvider.System.GetUtcNow().UtcDateTime;
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>How a <see cref="PostgresServer"/> differs from a plain one.</summary>
public sealed record PostgresOptions
{
    /// <summary>For everybody on loopback: <c>trust</c>, <c>scram-sha-256</c>, <c>md5</c>, <c>password</c>.</summary>
    public string Authentication { get; init; } = "scram-sha-256";

    /// <summary>Lines of <c>pg_hba.conf</c> before the common ones.</summary>
    public IReadOnlyList<string> Access { get; init; } = [];

    /// <summary>Of <c>postgresql.conf</c>.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Waits for the disk (<c>fsync</c>): needed only where the machine is lost, not the process.</summary>
    public bool Durable { get; init; }

    /// <summary>With an ECDSA key (<see cref="TestCertificates"/>): the server offers TLS.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>It lives by a wall clock of its own (<see cref="PostgresServer.JumpClockAsync"/>), as does each standby; asks for a C compiler.</summary>
    public bool OwnClock { get; init; }

    /// <summary>Whose client certificates it accepts, where <c>pg_hba.conf</c> asks for them.</summary>
    public string? ClientAuthorityPem { get; init; }
}
