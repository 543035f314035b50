using Monitor.Probers.Redis;
using Monitor.Tests.Shared;

namespace Monitor.Benchmarks.ProbeCost;

/// <summary>Processor time of this process for one Redis probe, connecting included, against real servers, one after the other.</summary>
internal static class RedisCost
{
    private const string Password = "s3cret";

    public static async Task RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        var probes = options.Number("probes", 5000);
        var report = new Report($"probe: redis, {probes} probes each, one after the other");
        var meter = new ProbeMeter(report, new RedisProber(ProbeMeter.Dialer, TimeProvider.System), ProbeMeter.WarmUp(options));
        await using (var server = await RedisServer.StartAsync(["--requirepass", Password], cancellationToken, ["--no-auth-warning", "--pass", Password]))
        {
            await meter.MeasureAsync("standalone", new { host = "127.0.0.1", port = server.Port, password = Password }, probes, "200", cancellationToken);
        }

        await TlsAsync(probes / 5, meter, cancellationToken);
        await using (var cluster = await RedisCluster.StartAsync(cancellationToken))
        {
            var config = new { nodes = cluster.Nodes.Select(node => node.Address).ToArray(), password = RedisCluster.Password };
            await meter.MeasureAsync("cluster of 6", config, probes / 5, "", cancellationToken);
        }

        report.Print();
    }

    private static async Task TlsAsync(int probes, ProbeMeter meter, CancellationToken cancellationToken)
    {
        using var certificates = new TestCertificates();
        using var folder = new TempDir();
        await using var server = await TlsRedis.StartAsync(certificates, folder, cancellationToken);
        var config = new { host = "127.0.0.1", port = server.Port, tls = new { ca_pem = certificates.AuthorityPem } };
        await meter.MeasureAsync("standalone with its TLS handshake", config, probes, "", cancellationToken);
    }
}
