using Monitor.Probers.Cassandra;
using Monitor.Tests.Shared;

namespace Monitor.Benchmarks.ProbeCost;

/// <summary>Processor time of this process for one Cassandra probe, connecting and every node included, against real nodes, one after the other.</summary>
internal static class CassandraCost
{
    public static async Task RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        if (CassandraServers.Program is null)
        {
            throw new InvalidOperationException("no Cassandra to start: ../shared/servers/cassandra or Java is absent");
        }

        var probes = options.Number("probes", 1000);
        var report = new Report($"probe: cassandra, {probes} probes each, one after the other");
        var meter = new ProbeMeter(report, new CassandraProber(ProbeMeter.Dialer, TimeProvider.System), ProbeMeter.WarmUp(options));
        await using (var ring = await CassandraServers.StartAsync(3, auth: false, tls: false, cancellationToken))
        {
            await meter.MeasureAsync("3 nodes", new { contact_points = new[] { ring.Address(0) } }, probes, "1500", cancellationToken);
        }

        await using (var node = await CassandraServers.StartAsync(1, auth: true, tls: true, cancellationToken))
        {
            var login = new { contact_points = new[] { node.Address(0) }, username = "cassandra", password = "cassandra" };
            await meter.MeasureAsync("1 node with login", login, probes / 2, "", cancellationToken);
            var tls = new { login.contact_points, login.username, login.password, tls = new { ca_pem = node.CaPem } };
            await meter.MeasureAsync("1 node with login and its TLS handshake", tls, probes / 2, "", cancellationToken);
        }

        report.Print();
    }
}
