using System.Diagnostics;
using Monitor.Core.Probing;
using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Npgsql;
using Xunit;

namespace Monitor.SystemTests.Probers.Postgres;

/// <summary>A server of its own in the states that wake people at night, and the pooler in front of one.</summary>
public sealed class PostgresTroubleTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_that_freezes_dies_and_comes_back_is_told_at_each_step()
    {
        Requires.Postgres();
        await using var server = await PostgresServer.StartAsync(Token);
        var config = new { host = "127.0.0.1", port = server.Port, password = PostgresServer.Password };
        Assert.Null((await ProbeBench.PostgresAsync(config)).Message);

        await server.SuspendAsync();
        var began = Stopwatch.GetTimestamp();
        var frozen = await ProbeBench.PostgresAsync(config, 1);
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0.9, 5);
        Assert.Equal($"timeout: the server's answer to the login did not come within 1 s (connected to 127.0.0.1:{server.Port})", frozen.Message);
        await server.ResumeAsync();
        Assert.Null((await ProbeBench.PostgresAsync(config)).Message);

        await server.KillAsync(Token);
        Assert.Equal($"connect: connection refused (127.0.0.1:{server.Port})", (await ProbeBench.PostgresAsync(config)).Message);
        await server.StartAgainAsync(Token);
        Assert.Null((await ProbeBench.PostgresAsync(config)).Message);
    }

    [Fact]
    public async Task A_server_that_ends_in_the_middle_of_a_probe_is_told()
    {
        Requires.Postgres();
        await using var server = await PostgresServer.StartAsync(Token);
        foreach (var how in (string[])["terminated", "stopped", "killed"])
        {
            var probing = ProbeBench.PostgresAsync(new { host = "127.0.0.1", port = server.Port, password = PostgresServer.Password, query = "SELECT pg_sleep(30)" }, 20);
            await Eventually.TrueAsync(
                "the query runs",
                () => server.ScalarAsync<bool>("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'monitor' AND query LIKE '%pg_sleep(30)%' AND state = 'active')", Token)!,
                Token);
            await (how switch
            {
                "terminated" => server.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'monitor'", Token),
                "stopped" => server.StopAsync(Token),
                _ => server.KillAsync(Token),
            });
            var result = await probing;
            Assert.Equal(FailureStage.Protocol, result.Stage);
            var words = how == "killed" ? "protocol: connection " : "protocol: the result of query was refused: terminating connection due to administrator command (57P01)";
            Assert.StartsWith(words, result.Message, StringComparison.Ordinal);
            if (how == "stopped")
            {
                await server.StartAgainAsync(Token);
            }
            else if (how == "terminated")
            {
                // It has told its client so, and is listed with its query for a moment more: which the next one would take for its own.
                await Eventually.TrueAsync(
                    "it is gone", () => server.ScalarAsync<bool>("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'monitor')", Token)!, Token);
            }
        }
    }

    [Fact]
    public async Task A_server_that_takes_no_connections_now_says_in_which_state_it_is()
    {
        Requires.Postgres();
        await using var server = await PostgresServer.StartAsync(Token);
        var config = new { host = "127.0.0.1", port = server.Port, password = PostgresServer.Password };
        await using (await server.OpenAsync(Token))
        {
            server.StopWhenIdle();
            var leaving = await Eventually.GetAsync("it shuts down", async () => await ProbeBench.PostgresAsync(config) is { Outcome: ProbeOutcome.Failed } failed ? failed : null, Token);
            Assert.Equal("authentication: the server is up, but takes no connections now: the database system is shutting down (57P03)", leaving.Message);
        }

        await server.StopAsync(Token);

        // A recovery that waits for an archive: as long as it does, the server is starting up.
        await File.AppendAllTextAsync(Path.Combine(server.Data, "postgresql.conf"), "restore_command = 'sleep 60; false'\nhot_standby = off\n", Token);
        await File.WriteAllTextAsync(Path.Combine(server.Data, "standby.signal"), "", Token);
        await server.StartUnreadyAsync();
        var starting = await Eventually.GetAsync(
            "it starts up", async () => await ProbeBench.PostgresAsync(config) is { Stage: FailureStage.Authentication } failed ? failed : null, Token);
        Assert.StartsWith("authentication: the server is up, but takes no connections now: the database system is ", starting.Message, StringComparison.Ordinal);
        Assert.EndsWith("(57P03)", starting.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pooler_in_front_is_seen_and_so_is_the_server_behind_it()
    {
        Requires.Postgres();
        Requires.PgBouncer();
        await using var server = await PostgresServer.StartAsync(Token);
        await server.ExecuteAsync("CREATE ROLE probe LOGIN PASSWORD 'probe-pw'; GRANT pg_monitor TO probe", Token);
        var settings = new Dictionary<string, string> { ["default_pool_size"] = "1", ["server_login_retry"] = "1", ["query_wait_timeout"] = "3" };
        await using var pooler = await PgBouncer.StartAsync(server, Token, new Dictionary<string, string> { ["probe"] = "probe-pw" }, settings);
        object Config(string? query = null, string? expected = null, string password = "probe-pw", string database = "postgres") =>
            new { host = "127.0.0.1", port = pooler.Port, username = "probe", password, database, query, expect_result = expected };

        // One session behind it: each probe must leave it fit for the next, also after an error.
        var results = new List<ProbeResult>();
        foreach (var query in (string?[])[null, "SELECT 1/0", "SELECT current_setting('statement_timeout')", null])
        {
            results.Add(await ProbeBench.PostgresAsync(Config(query)));
        }

        Assert.Equal([null, "assertion: query failed: division by zero (22012)", null, null], results.Select(result => result.Message));
        Assert.All(results, result => Assert.Equal("a connection pooler answers here; the statistics are the server's behind it, not the pooler's", Assert.Single(result.Notes)));
        Assert.Equal(100, results[0].Metrics["max_connections"]!.Value.Number);
        Assert.Equal(1, await server.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE usename = 'probe'", Token));
        await using (var left = new NpgsqlConnection(pooler.ConnectionString("probe", password: "probe-pw")))
        {
            await left.OpenAsync(Token);
            await using var command = new NpgsqlCommand("SELECT current_setting('statement_timeout') || current_setting('transaction_read_only')", left);
            Assert.Equal("0off", await command.ExecuteScalarAsync(Token));
        }

        var wrong = await ProbeBench.PostgresAsync(Config(password: "wrong"));
        Assert.Equal(FailureStage.Authentication, wrong.Stage);
        var gone = await ProbeBench.PostgresAsync(Config(database: "gone"));
        Assert.Contains("gone", gone.Message, StringComparison.Ordinal);
        Assert.Equal(ProbeOutcome.Failed, gone.Outcome);

        await server.StopAsync(Token);
        var behind = await ProbeBench.PostgresAsync(Config());
        TestContext.Current.TestOutputHelper?.WriteLine($"{wrong.Message}\n{gone.Message}\n{behind.Message}");
        Assert.Equal(ProbeOutcome.Failed, behind.Outcome);
        Assert.True(behind.Stage is FailureStage.Authentication or FailureStage.Protocol, behind.Message);
    }
}
