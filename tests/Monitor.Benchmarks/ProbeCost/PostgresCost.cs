using Monitor.Probers.Postgres;
using Monitor.Tests.Shared;

namespace Monitor.Benchmarks.ProbeCost;

/// <summary>Processor time of this process for one PostgreSQL probe with all statistics, one after another, against a real server.</summary>
internal static class PostgresCost
{
    public static async Task RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        var probes = options.Number("probes", 2000);
        using var certificates = new TestCertificates();
        using var certificate = certificates.Server();
        await using var server = await PostgresServer.StartAsync(
            cancellationToken,
            new PostgresOptions { Certificate = certificate, Access = ["host all in_trust 127.0.0.1/32 trust"] });
        await server.ExecuteAsync("""
            CREATE ROLE in_trust LOGIN; CREATE ROLE in_scram LOGIN PASSWORD 'pw-of-scram'; GRANT pg_monitor TO in_trust, in_scram;
            """, cancellationToken);
        var report = new Report($"probe: postgresql with all statistics, {probes} probes each, one after the other");
        var meter = new ProbeMeter(report, new PostgresProber(ProbeMeter.Dialer, TimeProvider.System), ProbeMeter.WarmUp(options));
        var port = server.Port;
        var tls = new { ca_pem = certificates.AuthorityPem };
        await meter.MeasureAsync("login by trust", new { host = "127.0.0.1", port, username = "in_trust" }, probes, "3000", cancellationToken);
        await meter.MeasureAsync(
            "login by SCRAM-SHA-256 (4096 rounds)", new { host = "127.0.0.1", port, username = "in_scram", password = "pw-of-scram" }, probes, "3000", cancellationToken);
        await meter.MeasureAsync(
            "the same in TLS 1.3, verify-full", new { host = "127.0.0.1", port, username = "in_scram", password = "pw-of-scram", ssl_mode = "verify-full", tls }, probes, "", cancellationToken);
        report.Print();
    }
}
