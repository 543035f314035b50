using System.Text.Json;
using Monitor.Core.Configs.Postgres;
using Monitor.Core.Probing;
using Monitor.Core.Schemas;
using Monitor.Core.Text;
using Monitor.Probers.Wire;
using Npgsql;

namespace Monitor.Probers.Postgres;

/// <summary>Logs in, asks SELECT 1, then what the server says of itself, then the target's own query. Read only throughout.</summary>
public sealed class PostgresProber(Dialer dialer, TimeProvider time) : IProber
{
    public string Type => "postgresql";

    public LocalizedText Name { get; } = new("PostgreSQL", "PostgreSQL");

    public ObjectSchema Schema => PostgresConfig.Schema;

    public ConfigReading Read(JsonElement config) => PostgresConfig.Read(config);

    public ValueTask<ProbeResult> ProbeAsync(ProbeRequest request, CancellationToken cancellationToken)
    {
        var config = (PostgresConfig)request.Config;
        return new ProbeRun(time, request.Timeout).GuardAsync((run, token) => ConnectAsync(run, config, token), cancellationToken);
    }

    private async ValueTask<ProbeResult> ConnectAsync(ProbeRun run, PostgresConfig config, CancellationToken cancellationToken)
    {
        var opened = await dialer.OpenAsync(run, config.Host, config.Port, config.IpFamily, tls: null, cancellationToken);
        if (opened.Fault is { } closed)
        {
            return run.Failed(closed);
        }

        await using var link = opened.Value!;
        if (config.Tls is not null && await TlsRequest.SecureAsync(run, link, config, cancellationToken) is { } insecure)
        {
            return run.Failed(insecure);
        }

        run.WaitingFor = "the server's answer to the login";
        var relayed = await ServerRelay.OpenAsync(run, link, config.Password is not null, cancellationToken);
        if (relayed.Fault is { } own)
        {
            return run.Failed(own);
        }

        await using var relay = relayed.Value!;
        try
        {
            return await SessionAsync(run, relay, config);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Npgsql trusts what servers send: what a broken one makes of it can be any exception, and all of them are about the server.
            return run.Failed(cancellationToken.IsCancellationRequested ? run.TimedOut() : PostgresFaults.Of(e, relay, run, config));
        }
    }

    private static async Task<ProbeResult> SessionAsync(ProbeRun run, ServerRelay relay, PostgresConfig config)
    {
        await using var session = await PostgresSession.OpenAsync(relay, config, run.Left);
        run.WaitingFor = "the answer to SELECT 1";
        var asked = run.Time.GetTimestamp();
        if (!await session.SelectOneAsync())
        {
            return run.Failed(WireFault.Protocol("SELECT 1 did not answer 1"));
        }

        var select = run.Time.GetElapsedTime(asked);
        run.WaitingFor = "the statistics";
        var found = await StatisticsReading.ReadAsync(session, config, run);
        var verdict = new PostgresVerdict(config, found);
        var fault = verdict.Role();
        if (fault is null && config.Query is { } query)
        {
            fault = await QueryAsync(run, session, config, verdict, query);
        }

        relay.Finish();
        var metrics = verdict.Metrics(select);
        if (fault is not null)
        {
            return run.Failed(fault, metrics) with { Notes = verdict.Notes(session.ProcessId) };
        }

        run.Warnings.AddRange(verdict.Warnings());
        return ProbeResult.Ok(run.Metrics(metrics), run.Warnings, verdict.Notes(session.ProcessId)) with { Latency = run.Elapsed };
    }

    private static async Task<WireFault?> QueryAsync(ProbeRun run, PostgresSession session, PostgresConfig config, PostgresVerdict verdict, string query)
    {
        run.WaitingFor = "the result of query";

        // The server gives up a little earlier than this monitor does, so that nothing goes on there when nobody waits for it any more.
        var patience = run.Left - TimeSpan.FromMilliseconds(Math.Clamp(run.Left.TotalMilliseconds / 20, 20, 250));
        var began = run.Elapsed;
        try
        {
            return verdict.Result(await session.ReadRowAsync(PostgresSession.OneText(query), patience));
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.QueryCanceled && run.Elapsed - began >= patience)
        {
            return run.TimedOut();
        }
        catch (PostgresException e) when (e.InvariantSeverity is "ERROR")
        {
            await session.RollBackAsync();
            return new WireFault(FailureStage.Assertion, $"query failed: {PostgresFaults.Text(e, config.Secrets)}");
        }
    }
}
