using System.Globalization;
using System.Runtime.InteropServices;

namespace Monitor.Tests.Shared;

/// <summary>PostgreSQL's programs, which refuse to run as root: there they run as the user <c>postgres</c> that the package made.</summary>
internal static class PostgresPrograms
{
    private static readonly Lazy<Task<string>> Template = new(InitializeAsync);

    /// <summary>The folder that <c>MONITOR_POSTGRES</c> names (to run the tests with another version), else the newest installed version's; null without one. (A <c>postgres</c> on the PATH may be another.)</summary>
    public static string? Folder { get; } = Environment.GetEnvironmentVariable("MONITOR_POSTGRES") is { Length: > 0 } named ? named : Newest();

    /// <summary>Starts a server that ends with this program. The wish to be told of its death is lost when the user changes, so it is made again after that.</summary>
    public static Task<ChildProcess> ServeAsync(string program, IReadOnlyList<string> arguments, string onOwnDeath) =>
        Environment.IsPrivilegedProcess
            ? ChildProcess.StartAsync("setpriv", [.. AsPostgres, "setpriv", "--pdeathsig", onOwnDeath, "--", program, .. arguments], onOwnDeath: onOwnDeath)
            : ChildProcess.StartAsync(program, arguments, onOwnDeath: onOwnDeath);

    /// <summary>Runs one of PostgreSQL's tools to its end.</summary>
    public static Task RunAsync(string program, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var path = Path.Combine(Folder!, program);
        return Environment.IsPrivilegedProcess
            ? ChildProcess.RunAsync("setpriv", [.. AsPostgres, path, .. arguments], cancellationToken)
            : ChildProcess.RunAsync(path, arguments, cancellationToken);
    }

    /// <summary>Makes a folder or file the server's user's own.</summary>
    public static async Task GiveAsync(string path, CancellationToken cancellationToken)
    {
        if (Environment.IsPrivilegedProcess)
        {
            await ChildProcess.RunAsync("chown", ["-R", "postgres:postgres", path], cancellationToken);
        }
    }

    /// <summary>A file that only the server's user may read, as it demands of keys. What is there keeps its owner.</summary>
    public static async Task WriteAsync(string path, string text, CancellationToken cancellationToken)
    {
        var isNew = !File.Exists(path);
        await File.WriteAllTextAsync(path, text, cancellationToken);
        if (isNew)
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            await GiveAsync(path, cancellationToken);
        }
    }

    public static async Task CopyTemplateAsync(string data, CancellationToken cancellationToken) =>
        await ChildProcess.RunAsync("cp", ["-a", await Template.Value.WaitAsync(cancellationToken), data], cancellationToken);

    /// <summary>The processes whose working folder this is.</summary>
    public static List<int> WorkingIn(string folder)
    {
        var found = new List<int>();
        foreach (var process in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(process), NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            {
                continue;
            }

            try
            {
                if (new FileInfo(Path.Combine(process, "cwd")).LinkTarget == folder)
                {
                    found.Add(id);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended meanwhile, or is not ours.
            }
        }

        return found;
    }

    public static void Send(int process, Signal signal) => _ = Kill(process, (int)signal);

    private static string[] AsPostgres => ["--reuid=postgres", "--regid=postgres", "--init-groups", "--"];

    private static string? Newest() => Directory.Exists("/usr/lib/postgresql")
        ? Directory.GetDirectories("/usr/lib/postgresql").Select(folder => Path.Combine(folder, "bin")).Where(bin => File.Exists(Path.Combine(bin, "initdb")))
            .OrderByDescending(bin => bin, Comparer<string>.Create((a, b) => string.Compare(a, b, CultureInfo.InvariantCulture, CompareOptions.NumericOrdering)))
            .FirstOrDefault()
        : null;

    private static async Task<string> InitializeAsync()
    {
        var folder = new TempDir();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => folder.Dispose();
        var password = folder.File("password");
        await File.WriteAllTextAsync(password, PostgresServer.Password + "\n", CancellationToken.None);
        await GiveAsync(folder.Folder, CancellationToken.None);
        var data = folder.File("data");
        await RunAsync(
            "initdb",
            ["-D", data, "-U", "postgres", "--pwfile", password, "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync", "--wal-segsize=1"],
            CancellationToken.None);
        return data;
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);
}
