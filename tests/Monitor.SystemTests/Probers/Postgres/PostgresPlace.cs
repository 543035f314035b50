using Monitor.Core.Probing;
using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Xunit;

[assembly: AssemblyFixture(typeof(Monitor.SystemTests.Probers.Postgres.PostgresPlace))]

namespace Monitor.SystemTests.Probers.Postgres;

/// <summary>
/// One server that the tests share which do not break it: in TLS and in plain, with users of every kind. Started by the first that needs it.
/// </summary>
public sealed class PostgresPlace : IAsyncDisposable
{
    private readonly TestCertificates _certificates = new();
    private readonly SemaphoreSlim _gate = new(1);
    private PostgresServer? _server;

    public string AuthorityPem => _certificates.AuthorityPem;

    internal (string Certificate, string Key) Client => _certificates.Client();

    public async Task<PostgresServer> ServerAsync()
    {
        Requires.Postgres();
        var token = TestContext.Current.CancellationToken;
        await _gate.WaitAsync(token);
        try
        {
            return _server ??= await StartAsync(token);
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _certificates.Dispose();
        _gate.Dispose();
    }

    /// <summary>The common metrics and the type's own, by name; what is measured must be plausible.</summary>
    public static string[] Names(ProbeResult result) => [.. result.Metrics.Items.Select(metric => metric.Name)];

    private async Task<PostgresServer> StartAsync(CancellationToken token)
    {
        using var certificate = _certificates.Server();
        var server = await PostgresServer.StartAsync(
            token,
            new PostgresOptions
            {
                Certificate = certificate,
                ClientAuthorityPem = _certificates.AuthorityPem,
                Access =
                [
                    "hostssl all \"probe client\" 127.0.0.1/32 cert", "hostssl all tls_only 127.0.0.1/32 scram-sha-256", "host all tls_only 127.0.0.1/32 reject",
                    "host all in_md5 127.0.0.1/32 md5", "host all in_clear 127.0.0.1/32 password", "host all nobody 127.0.0.1/32 reject",
                    "host all kerberos 127.0.0.1/32 trust", "host all open 127.0.0.1/32 trust",
                ],
            });
        await server.ExecuteAsync("""
            CREATE ROLE probe LOGIN PASSWORD 'probe-pw'; GRANT pg_monitor TO probe;
            CREATE ROLE limited LOGIN PASSWORD 'limited-pw';
            CREATE ROLE "probe client" LOGIN; CREATE ROLE tls_only LOGIN PASSWORD 'tls-pw'; GRANT pg_monitor TO tls_only; CREATE ROLE nobody LOGIN PASSWORD 'x'; CREATE ROLE open LOGIN;
            CREATE ROLE in_clear LOGIN PASSWORD 'clear-pw';
            SET password_encryption = 'md5'; CREATE ROLE in_md5 LOGIN PASSWORD 'md5-pw'; RESET password_encryption;
            CREATE TABLE orders (id int); INSERT INTO orders VALUES (1), (2); GRANT ALL ON orders TO PUBLIC;
            """, token);
        return server;
    }
}
