using System.Diagnostics;
using System.Text.Json;
using Monitor.Core.Outbound;
using Monitor.Core.Probing;
using Monitor.Probers.Redis;
using Monitor.Probers.Wire;
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
        await using (var server = await RedisServer.StartAsync(["--requirepass", Password], cancellationToken, ["--no-auth-warning", "--pass", Password]))
        {
            await MeasureAsync("standalone, CPU us", new { host = "127.0.0.1", port = server.Port, password = Password }, probes, report, "200", cancellationToken);
        }

        await TlsAsync(probes / 5, report, cancellationToken);
        await using (var cluster = await RedisCluster.StartAsync(cancellationToken))
        {
            var config = new { nodes = cluster.Nodes.Select(node => node.Address).ToArray(), password = RedisCluster.Password };
            await MeasureAsync("cluster of 6, CPU us", config, probes / 5, report, "", cancellationToken);
        }

        report.Print();
    }

    private static async Task TlsAsync(int probes, Report report, CancellationToken cancellationToken)
    {
        using var certificates = new TestCertificates();
        using var folder = new TempDir();
        await using var server = await TlsRedis.StartAsync(certificates, folder, cancellationToken);
        var config = new { host = "127.0.0.1", port = server.Port, tls = new { ca_pem = certificates.AuthorityPem } };
        await MeasureAsync("standalone with its TLS handshake, CPU us", config, probes, report, "", cancellationToken);
    }

    private static async Task MeasureAsync(string what, object config, int probes, Report report, string toReach, CancellationToken cancellationToken)
    {
        var prober = new RedisProber(new Dialer(TimeProvider.System, new SystemNameResolver(), OutboundPolicy.Default), TimeProvider.System);
        var read = prober.Read(JsonSerializer.SerializeToElement(config)).Config!;
        await ProbeAsync(prober, read, Math.Max(probes / 2, 100), cancellationToken);
        using var self = Process.GetCurrentProcess();
        var allocated = GC.GetTotalAllocatedBytes();
        var cpu = self.TotalProcessorTime;
        var began = Stopwatch.GetTimestamp();
        await ProbeAsync(prober, read, probes, cancellationToken);
        self.Refresh();
        var each = (self.TotalProcessorTime - cpu).TotalMicroseconds / probes;
        report.Add(
            what, $"{each:0} (wall {Stopwatch.GetElapsedTime(began).TotalMicroseconds / probes:0} us, {(GC.GetTotalAllocatedBytes() - allocated) / probes / 1024.0:0.0} KiB allocated)", toReach);
    }

    private static async Task ProbeAsync(RedisProber prober, object config, int probes, CancellationToken cancellationToken)
    {
        for (var i = 0; i < probes; i++)
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            deadline.CancelAfter(TimeSpan.FromSeconds(10));
            var result = await prober.ProbeAsync(new ProbeRequest(config, default, TimeSpan.FromSeconds(10)), deadline.Token);
            if (result.Outcome != ProbeOutcome.Ok)
            {
                throw new InvalidOperationException(result.Message);
            }
        }
    }
}
