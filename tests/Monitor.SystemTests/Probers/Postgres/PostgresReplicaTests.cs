using Monitor.Core.Probing;
using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Probers.Postgres;

/// <summary>A real standby, brought through everything that happens to standbys.</summary>
public sealed class PostgresReplicaTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_replica_is_told_as_it_is()
    {
        Requires.Postgres();
        await using var primary = await PostgresServer.StartAsync(Token);
        await primary.ExecuteAsync("CREATE ROLE probe LOGIN PASSWORD 'probe-pw'; GRANT pg_monitor TO probe; CREATE ROLE limited LOGIN PASSWORD 'limited-pw'; CREATE TABLE filled (t text); GRANT SELECT ON filled TO probe", Token);
        await using var standby = await primary.StandbyAsync(Token, settings: new Dictionary<string, string> { ["wal_retrieve_retry_interval"] = "100ms" });
        await StreamingAsync(primary, standby);

        await A_quiet_primary_is_no_lag(primary, standby);
        await What_was_received_and_not_replayed_is_lag(primary, standby);
        await A_receiver_that_is_cut_off_is_warned_of(primary, standby);
        await A_primary_that_is_gone_is_warned_of(primary, standby);
    }

    /// <summary>The usual now() - pg_last_xact_replay_timestamp() counts from the last commit; here that is made old enough to tell.</summary>
    private static async Task A_quiet_primary_is_no_lag(PostgresServer primary, PostgresServer standby)
    {
        await primary.ExecuteAsync("INSERT INTO filled VALUES ('x')", Token);
        await Eventually.TrueAsync(
            "the last commit is a second old",
            () => standby.ScalarAsync<bool>("SELECT now() - pg_last_xact_replay_timestamp() > interval '1 s' AND pg_last_wal_replay_lsn() = pg_last_wal_receive_lsn()", Token)!,
            Token);
        var result = await ProbeAsync(standby, new { expect_role = "replica", warn_replication_lag_seconds = 0.5 });
        Assert.Null(result.Message);
        Assert.Empty(result.Warnings);
        Assert.Empty(result.Notes);
        Assert.True(result.Metrics["is_replica"]!.Value.Truth);
        Assert.Equal(0, result.Metrics["replication_lag_seconds"]!.Value.Number);
        Assert.Null((await ProbeAsync(primary, new { })).Metrics["replication_lag_seconds"]);
        Assert.Equal("assertion: the server is a replica, expect_role is primary", (await ProbeAsync(standby, new { expect_role = "primary" })).Message);
        Assert.Equal("assertion: the server is a primary, expect_role is replica", (await ProbeAsync(primary, new { expect_role = "replica" })).Message);
        Assert.Equal(0, (await ProbeAsync(standby, new { }, "limited")).Metrics["replication_lag_seconds"]!.Value.Number);
        Assert.Empty((await ProbeAsync(standby, new { }, "limited")).Warnings);
    }

    private static async Task What_was_received_and_not_replayed_is_lag(PostgresServer primary, PostgresServer standby)
    {
        await standby.ExecuteAsync("SELECT pg_wal_replay_pause()", Token);
        await primary.ExecuteAsync("INSERT INTO filled SELECT repeat('x', 1000) FROM generate_series(1, 500)", Token);
        var written = await primary.ScalarAsync<string>("SELECT pg_current_wal_lsn()::text", Token);
        await Eventually.TrueAsync(
            "the standby has received what it does not replay",
            () => standby.ScalarAsync<bool>($"SELECT pg_last_wal_receive_lsn() >= '{written}'::pg_lsn AND pg_get_wal_replay_pause_state() = 'paused'", Token)!,
            Token);
        var paused = await ProbeAsync(standby, new { warn_replication_lag_seconds = 0.5 });
        Assert.Null(paused.Message);
        var lag = paused.Metrics["replication_lag_seconds"]!.Value.Number!.Value;
        Assert.True(lag > 1);
        Assert.Matches("^replication_lag_seconds [0-9.]+ > warn_replication_lag_seconds 0.5 \\(replay is paused\\)$", Assert.Single(paused.Warnings));
        Assert.Empty((await ProbeAsync(standby, new { })).Warnings);

        // The query waits for replay on a standby in vain; it is read only and ends with the probe.
        Assert.Null((await ProbeAsync(standby, new { query = "SELECT count(*) FROM filled", expect_result = "1" })).Message);
        await standby.ExecuteAsync("SELECT pg_wal_replay_resume()", Token);
        await Eventually.TrueAsync("replayed", async () => (await ProbeAsync(standby, new { })).Metrics["replication_lag_seconds"]!.Value.Number == 0, Token);
    }

    private static async Task A_receiver_that_is_cut_off_is_warned_of(PostgresServer primary, PostgresServer standby)
    {
        await primary.SetAccessAsync(["host replication all 127.0.0.1/32 reject"], Token);
        primary.Reload();
        await Eventually.TrueAsync("no walsender is left", async () =>
        {
            await primary.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_replication", Token);
            return await standby.ScalarAsync<bool>("SELECT NOT EXISTS (SELECT FROM pg_stat_wal_receiver)", Token)
                && await primary.ScalarAsync<long>("SELECT count(*) FROM pg_stat_replication", Token) == 0;
        }, Token);
        var seen = await Eventually.GetAsync("the warning", async () => await ProbeAsync(standby, new { }) is { Warnings.Count: > 0 } warned ? warned : null, Token);
        Assert.Null(seen.Message);
        Assert.StartsWith("the replica is not streaming", Assert.Single(seen.Warnings), StringComparison.Ordinal);
        await primary.SetAccessAsync([], Token);
        primary.Reload();
        await StreamingAsync(primary, standby);
        Assert.Empty((await ProbeAsync(standby, new { })).Warnings);
    }

    private static async Task A_primary_that_is_gone_is_warned_of(PostgresServer primary, PostgresServer standby)
    {
        await primary.KillAsync(Token);
        await Eventually.TrueAsync("the receiver has noticed", () => standby.ScalarAsync<bool>("SELECT NOT EXISTS (SELECT FROM pg_stat_wal_receiver)", Token)!, Token);
        var result = await ProbeAsync(standby, new { });
        Assert.Equal("the replica is not streaming: no WAL receiver runs", Assert.Single(result.Warnings));
        await standby.PromoteAsync(Token);
        var promoted = await ProbeAsync(standby, new { expect_role = "primary" });
        Assert.Null(promoted.Message);
        Assert.Empty(promoted.Warnings);
    }

    private static Task StreamingAsync(PostgresServer primary, PostgresServer standby) => Eventually.TrueAsync(
        "the standby streams and has replayed all",
        async () => await primary.ScalarAsync<string>("SELECT state FROM pg_stat_replication", Token) == "streaming"
            && await standby.ScalarAsync<bool>("SELECT EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming') AND pg_last_wal_replay_lsn() = pg_last_wal_receive_lsn()", Token),
        Token);

    private static Task<ProbeResult> ProbeAsync(PostgresServer server, object more, string user = "probe")
    {
        var config = System.Text.Json.Nodes.JsonNode.Parse(System.Text.Json.JsonSerializer.Serialize(more))!.AsObject();
        config["host"] = "127.0.0.1";
        config["port"] = server.Port;
        config["username"] = user;
        config["password"] = user + "-pw";
        return ProbeBench.PostgresAsync(config);
    }
}
