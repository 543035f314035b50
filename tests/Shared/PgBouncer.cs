using System.Globalization;
using Npgsql;

namespace Monitor.Tests.Shared;

/// <summary>Debian's pgbouncer in front of a server, pooling by transaction: what stands before most PostgreSQL servers that are busy.</summary>
public sealed class PgBouncer : IAsyncDisposable
{
    private static readonly string[] Places = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"];

    private readonly TempDir _folder = new();
    private ChildProcess? _process;

    private PgBouncer()
    {
    }

    public int Port { get; } = FreePort.Next();

    public static bool IsInstalled => Executable is not null;

    private static string? Executable => Places.FirstOrDefault(File.Exists);

    /// <param name="server">May be down: pgbouncer starts all the same.</param>
    /// <param name="users">Names and passwords beside the superuser's; it logs in with these at the server.</param>
    /// <param name="settings">Of <c>[pgbouncer]</c>.</param>
    public static async Task<PgBouncer> StartAsync(
        PostgresServer server, CancellationToken cancellationToken,
        IReadOnlyDictionary<string, string>? users = null, IReadOnlyDictionary<string, string>? settings = null)
    {
        var pooler = new PgBouncer();
        try
        {
            var all = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["listen_addr"] = "127.0.0.1",
                ["listen_port"] = Number(pooler.Port),
                ["unix_socket_dir"] = "",
                ["auth_type"] = "scram-sha-256",
                ["auth_file"] = pooler._folder.File("users.txt"),
                ["pool_mode"] = "transaction",
                ["max_client_conn"] = "500",
                ["default_pool_size"] = "20",
                ["admin_users"] = "postgres",
            };
            foreach (var (name, value) in settings ?? new Dictionary<string, string>(StringComparer.Ordinal))
            {
                all[name] = value;
            }

            var names = new Dictionary<string, string>(users ?? new Dictionary<string, string>(StringComparer.Ordinal), StringComparer.Ordinal)
            {
                ["postgres"] = PostgresServer.Password,
            };
            var file = $"[databases]\n* = host=127.0.0.1 port={Number(server.Port)}\n[pgbouncer]\n" + string.Concat(all.Select(setting => $"{setting.Key} = {setting.Value}\n"));
            await File.WriteAllTextAsync(pooler._folder.File("pgbouncer.ini"), file, cancellationToken);
            await File.WriteAllTextAsync(pooler._folder.File("users.txt"), string.Concat(names.Select(user => $"\"{user.Key}\" \"{user.Value}\"\n")), cancellationToken);
            await PostgresPrograms.GiveAsync(pooler._folder.Folder, cancellationToken);
            await pooler.StartAgainAsync(cancellationToken);
            return pooler;
        }
        catch
        {
            await pooler.DisposeAsync();
            throw;
        }
    }

    public async Task StartAgainAsync(CancellationToken cancellationToken)
    {
        _process = await PostgresPrograms.ServeAsync(Executable!, [_folder.File("pgbouncer.ini")], "TERM");
        await Eventually.TrueAsync(
            $"pgbouncer serves on port {Port}",
            () => _process.HasExited
                ? throw new InvalidOperationException("pgbouncer ended: " + _process.Output)
                : _process.Output.Contains("process up", StringComparison.Ordinal),
            cancellationToken);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_process is { } process)
        {
            _process = null;
            process.Signal(Signal.Continue);
            await process.TerminateAsync(cancellationToken);
            await process.DisposeAsync();
        }
    }

    public void Suspend() => _process!.Signal(Signal.Stop);

    public void Resume() => _process!.Signal(Signal.Continue);

    /// <summary>For Npgsql, with pooling off.</summary>
    public string ConnectionString(string user = "postgres", string database = "postgres", string? password = null) =>
        new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = Port,
            Username = user,
            Password = password ?? (user == "postgres" ? PostgresServer.Password : null),
            Database = database,
            Pooling = false,
            Timeout = 30,
            GssEncryptionMode = GssEncryptionMode.Disable,
        }.ConnectionString;

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        _folder.Dispose();
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
