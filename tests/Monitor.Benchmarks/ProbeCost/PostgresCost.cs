using System.Diagnostics;
using System.Text.Json;
using Monitor.Core.Outbound;
using Monitor.Core.Probing;
using Monitor.Probers.Postgres;
using Monitor.Probers.Wire;
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
        var report = new Report("PostgreSQL: processor time of one probe with all statistics");
        var port = server.Port;
        var tls = new { ca_pem = certificates.AuthorityPem };
        var plain = await MeasureAsync(new { host = "127.0.0.1", port, username = "in_trust" }, probes, cancellationToken);
        var scram = await MeasureAsync(new { host = "127.0.0.1", port, username = "in_scram", password = "pw-of-scram" }, probes, cancellationToken);
        var secured = await MeasureAsync(
            new { host = "127.0.0.1", port, username = "in_scram", password = "pw-of-scram", ssl_mode = "verify-full", tls }, probes, cancellationToken);
        report.Add("login by trust", $"{plain.Cpu:0} µs CPU, {plain.Wall:0} µs in all", "3000 µs CPU");
        report.Add("login by SCRAM-SHA-256 (4096 rounds)", $"{scram.Cpu:0} µs CPU, {scram.Wall:0} µs in all", "3000 µs CPU");
        report.Add("the same in TLS 1.3, verify-full", $"{secured.Cpu:0} µs CPU, {secured.Wall:0} µs in all");
        report.Print();
    }

    private static async Task<(double Cpu, double Wall)> MeasureAsync(object config, int probes, CancellationToken cancellationToken)
    {
        var prober = new PostgresProber(new Dialer(TimeProvider.System, new SystemNameResolver(), OutboundPolicy.Default), TimeProvider.System);
        var request = new ProbeRequest(prober.Read(JsonSerializer.SerializeToElement(config)).Config!, default, TimeSpan.FromSeconds(10));
        await RunAsync(prober, request, Math.Min(500, probes), cancellationToken);
        using var process = Process.GetCurrentProcess();
        var (cpu, began) = (process.TotalProcessorTime, Stopwatch.GetTimestamp());
        await RunAsync(prober, request, probes, cancellationToken);
        process.Refresh();
        return ((process.TotalProcessorTime - cpu).TotalMicroseconds / probes, Stopwatch.GetElapsedTime(began).TotalMicroseconds / probes);
    }

    private static async Task RunAsync(PostgresProber prober, ProbeRequest request, int probes, CancellationToken cancellationToken)
    {
        for (var i = 0; i < probes; i++)
        {
            var result = await prober.ProbeAsync(request, cancellationToken);
            if (result.Outcome != ProbeOutcome.Ok)
            {
                throw new InvalidOperationException(result.Message);
            }
        }
    }
}
