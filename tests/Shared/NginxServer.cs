using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Monitor.Tests.Shared;

/// <summary>Debian's nginx with a configuration and a loopback port of its own: a real web server to watch, stop and start again.</summary>
public sealed class NginxServer : IAsyncDisposable
{
    private static readonly string[] Places = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"];

    private readonly TempDir _folder = new();
    private readonly bool _accessLog;
    private ChildProcess? _process;

    private NginxServer(bool accessLog) => _accessLog = accessLog;

    public int Port { get; } = FreePort.Next();

    public string Url => $"http://127.0.0.1:{Port}/";

    /// <summary>The master; its worker is its child.</summary>
    public int ProcessId => _process!.Id;

    public static bool IsInstalled => Program is not null;

    /// <summary>Null where it is not installed.</summary>
    public static string? Program => Places.FirstOrDefault(File.Exists);

    /// <param name="accessLog">One line a request: seconds with milliseconds at its end, path, status. Costs CPU: off for benchmarks.</param>
    public static async Task<NginxServer> StartAsync(CancellationToken cancellationToken, bool accessLog = false)
    {
        var server = new NginxServer(accessLog);
        await File.WriteAllTextAsync(server._folder.File("nginx.conf"), server.Configuration(), cancellationToken);
        await server.StartAgainAsync(cancellationToken);
        return server;
    }

    /// <summary>Answered requests by the access log: when each ended, and what it asked for.</summary>
    public IReadOnlyList<(DateTimeOffset At, string Path, int Status)> Requests()
    {
        using var stream = new FileStream(_folder.File("access.log"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')).Where(parts => parts.Length == 3)
            .Select(parts => (
                DateTimeOffset.UnixEpoch.AddSeconds(double.Parse(parts[0], CultureInfo.InvariantCulture)),
                parts[1],
                int.Parse(parts[2], CultureInfo.InvariantCulture)))];
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_process is { } process)
        {
            await process.TerminateAsync(cancellationToken);
            await process.DisposeAsync();
            _process = null;
        }
    }

    public async Task StartAgainAsync(CancellationToken cancellationToken)
    {
        _process = await ChildProcess.StartAsync(Program!, ["-c", _folder.File("nginx.conf"), "-p", _folder.Folder, "-e", _folder.File("error.log")], onOwnDeath: "TERM");
        await Eventually.TrueAsync($"nginx listens on port {Port} (it said: {_process.Output})", IsListeningAsync, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        _folder.Dispose();
    }

    private async Task<bool> IsListeningAsync()
    {
        if (_process!.HasExited)
        {
            throw new InvalidOperationException("nginx ended: " + _process.Output);
        }

        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, Port, CancellationToken.None);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private string Configuration() => $$"""
        daemon off;
        {{(Environment.IsPrivilegedProcess ? "user root;" : "")}}
        worker_processes 1;
        worker_rlimit_nofile 65536;
        pid {{_folder.File("nginx.pid")}};
        events { worker_connections 32768; }
        http {
            log_format short '$msec $request_uri $status';
            access_log {{(_accessLog ? _folder.File("access.log") + " short" : "off")}};
            client_body_temp_path {{_folder.File("body")}};
            proxy_temp_path {{_folder.File("proxy")}};
            fastcgi_temp_path {{_folder.File("fastcgi")}};
            uwsgi_temp_path {{_folder.File("uwsgi")}};
            scgi_temp_path {{_folder.File("scgi")}};
            server {
                listen 127.0.0.1:{{Port}} backlog=16384;
                default_type text/plain;
                location / { return 200 "up\n"; }
                location /broken { return 503 "down\n"; }
            }
        }

        """;
}
