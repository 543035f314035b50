using System.Diagnostics;
using System.Text.Json;
using Monitor.Core.Outbound;
using Monitor.Core.Probing;
using Monitor.Probers.Cassandra;
using Monitor.Probers.Wire;
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
        await using (var ring = await CassandraServers.StartAsync(3, auth: false, tls: false, cancellationToken))
        {
            await MeasureAsync("3 nodes, CPU us", new { contact_points = new[] { ring.Address(0) } }, probes, report, "1500", cancellationToken);
        }

        await using (var node = await CassandraServers.StartAsync(1, auth: true, tls: true, cancellationToken))
        {
            var login = new { contact_points = new[] { node.Address(0) }, username = "cassandra", password = "cassandra" };
            await MeasureAsync("1 node with login, CPU us", login, probes / 2, report, "", cancellationToken);
            var tls = new { login.contact_points, login.username, login.password, tls = new { ca_pem = node.CaPem } };
            await MeasureAsync("1 node with login and its TLS handshake, CPU us", tls, probes / 2, report, "", cancellationToken);
        }

        report.Print();
    }

    private static async Task MeasureAsync(string what, object config, int probes, Report report, string toReach, CancellationToken cancellationToken)
    {
        var prober = new CassandraProber(new Dialer(TimeProvider.System, new SystemNameResolver(), OutboundPolicy.Default), TimeProvider.System);
        var read = prober.Read(JsonSerializer.SerializeToElement(config)).Config!;
        var memory = await ProbeAsync(prober, read, default, Math.Max(probes / 2, 300), cancellationToken);
        using var self = Process.GetCurrentProcess();
        var allocated = GC.GetTotalAllocatedBytes();
        var cpu = self.TotalProcessorTime;
        var began = Stopwatch.GetTimestamp();
        await ProbeAsync(prober, read, memory, probes, cancellationToken);
        self.Refresh();
        var each = (self.TotalProcessorTime - cpu).TotalMicroseconds / probes;
        report.Add(
            what, $"{each:0} (wall {Stopwatch.GetElapsedTime(began).TotalMicroseconds / probes:0} us, {(GC.GetTotalAllocatedBytes() - allocated) / probes / 1024.0:0.0} KiB allocated)", toReach);
    }

    private static async Task<ReadOnlyMemory<byte>> ProbeAsync(CassandraProber prober, object config, ReadOnlyMemory<byte> memory, int probes, CancellationToken cancellationToken)
    {
        for (var i = 0; i < probes; i++)
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            deadline.CancelAfter(TimeSpan.FromSeconds(10));
            var result = await prober.ProbeAsync(new ProbeRequest(config, memory, TimeSpan.FromSeconds(10)), deadline.Token);
            if (!result.IsClean)
            {
                throw new InvalidOperationException($"{result.Message} {string.Join("; ", result.Warnings)}");
            }

            memory = result.Memory ?? memory;
        }

        return memory;
    }
}
