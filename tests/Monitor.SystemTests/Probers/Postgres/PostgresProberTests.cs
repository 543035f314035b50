using Monitor.Core.Probing;
using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Npgsql;
using Xunit;

namespace Monitor.SystemTests.Probers.Postgres;

/// <summary>A healthy server: what is measured, what is warned of, what is told of a login that fails.</summary>
public sealed class PostgresProberTests(PostgresPlace place)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_primary_shows_all_its_statistics_to_a_user_with_pg_monitor()
    {
        var server = await place.ServerAsync();
        var result = await ProbeBench.PostgresAsync(new { host = "127.0.0.1", port = server.Port, username = "probe", password = "probe-pw", expect_role = "primary" });
        Assert.Null(result.Message);
        Assert.Equal(ProbeOutcome.Ok, result.Outcome);
        Assert.Empty(result.Warnings);
        Assert.Empty(result.Notes);
        Assert.Equal(
            [
                "dns_ms", "connect_ms", "address", "select_ms", "active_connections", "total_connections", "max_connections", "connection_usage_percent",
                "database_size_bytes", "database_size", "is_replica", "slow_queries", "version",
            ],
            PostgresPlace.Names(result));
        Assert.Equal("127.0.0.1", result.Metrics["address"]!.Value.Text);
        Assert.False(result.Metrics["is_replica"]!.Value.Truth);
        Assert.Equal(100, result.Metrics["max_connections"]!.Value.Number);
        Assert.Equal(await server.ScalarAsync<string>("SHOW server_version", Token), result.Metrics["version"]!.Value.Text);
        var size = await server.ScalarAsync<long>("SELECT pg_database_size('postgres')", Token);
        Assert.InRange(result.Metrics["database_size_bytes"]!.Value.Number!.Value, size - 1_000_000, size + 1_000_000);
        var total = result.Metrics["total_connections"]!.Value.Number!.Value;
        Assert.True(total >= 1);
        Assert.Equal(Math.Round(100 * total / 97, 1), result.Metrics["connection_usage_percent"]!.Value.Number);
    }

    [Fact]
    public async Task A_statistic_that_its_user_may_not_read_is_a_note()
    {
        var server = await place.ServerAsync();
        var result = await ProbeBench.PostgresAsync(new { host = "127.0.0.1", port = server.Port, username = "limited", password = "limited-pw", max_connections_threshold = 0 });
        Assert.Null(result.Message);
        Assert.Equal(ProbeOutcome.Ok, result.Outcome);
        Assert.Empty(result.Warnings);
        Assert.Equal("active_connections and slow_queries are not shown to this user, and total_connections may count parallel workers: grant it pg_monitor", Assert.Single(result.Notes));
        Assert.Null(result.Metrics["active_connections"]);
        Assert.Null(result.Metrics["slow_queries"]);
        Assert.True(result.Metrics["total_connections"]!.Value.Number >= 1);
        Assert.NotNull(result.Metrics["database_size_bytes"]);
    }

    [Fact]
    public async Task One_statistic_that_is_refused_does_not_take_the_others_with_it()
    {
        var server = await place.ServerAsync();
        await server.ExecuteAsync("CREATE DATABASE closed", Token);
        await server.ExecuteAsync("REVOKE ALL ON FUNCTION pg_database_size(name) FROM PUBLIC", Token, "closed");
        var result = await ProbeBench.PostgresAsync(new { host = "127.0.0.1", port = server.Port, username = "limited", password = "limited-pw", database = "closed" });
        Assert.Null(result.Message);
        Assert.Equal(ProbeOutcome.Ok, result.Outcome);
        Assert.Contains("not read: database_size_bytes: permission denied for function pg_database_size (42501)", result.Notes);
        Assert.Null(result.Metrics["database_size_bytes"]);
        Assert.NotNull(result.Metrics["version"]);
        Assert.NotNull(result.Metrics["total_connections"]);
    }

    [Fact]
    public async Task Limits_that_are_crossed_are_warned_of()
    {
        var server = await place.ServerAsync();
        await using var sleeping = await server.OpenAsync(Token);
        await using var command = new NpgsqlCommand("SELECT pg_sleep(60)", sleeping);
        using var wake = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var asleep = command.ExecuteNonQueryAsync(wake.Token);
        await Eventually.TrueAsync("the query runs", () => server.ScalarAsync<bool>(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND state = 'active' AND clock_timestamp() - query_start > interval '0.1 s')", Token)!, Token);
        var result = await ProbeBench.PostgresAsync(new
        {
            host = "127.0.0.1",
            port = server.Port,
            username = "probe",
            password = "probe-pw",
            max_connections_threshold = 0,
            warn_connection_usage_percent = 0.1,
            slow_query_seconds = 0.1,
            warn_slow_queries = 0,
            warn_database_size_bytes = 1000,
        });
        await wake.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asleep);
        Assert.Null(result.Message);
        Assert.Equal(ProbeOutcome.Ok, result.Outcome);
        Assert.Collection(
            result.Warnings,
            warning => Assert.Matches("^active_connections [0-9]+ > max_connections_threshold 0$", warning),
            warning => Assert.Matches("^connection_usage_percent [0-9.]+ > warn_connection_usage_percent 0.1 \\([0-9]+ of 97 connections\\)$", warning),
            warning => Assert.Matches("^slow_queries [0-9]+ > warn_slow_queries 0 \\(running for more than 0.1 s\\)$", warning),
            warning => Assert.Matches("^database_size_bytes [0-9]+ > warn_database_size_bytes 1000$", warning));
    }

    [Theory]
    [InlineData("in_md5", "md5-pw")]
    [InlineData("in_clear", "clear-pw")]
    [InlineData("open", null)]
    [InlineData("probe", "probe-pw")]
    public async Task Logins_of_every_kind_work(string username, string? password)
    {
        var server = await place.ServerAsync();
        var result = await ProbeBench.PostgresAsync(new { host = "127.0.0.1", port = server.Port, username, password });
        Assert.Null(result.Message);
        Assert.Equal(ProbeOutcome.Ok, result.Outcome);
    }

    [Theory]
    [InlineData("probe", "wrong-pw", "postgres", "authentication: wrong user or password: password authentication failed for user \"probe\" (28P01)")]
    [InlineData("probe", null, "postgres", "authentication: the server asks for a password, and none is set")]
    [InlineData("in_clear", null, "postgres", "authentication: the server asks for a password, and none is set")]
    [InlineData("in_md5", "wrong-pw", "postgres", "authentication: wrong user or password: password authentication failed for user \"in_md5\" (28P01)")]
    [InlineData("nobody", "x", "postgres", "authentication: not permitted by the server (pg_hba.conf, or no such user): pg_hba.conf rejects connection for host \"127.0.0.1\", user \"nobody\", database \"postgres\", no encryption (28000)")]
    [InlineData("kerberos", "kerberos-pw", "postgres", "authentication: not permitted by the server (pg_hba.conf, or no such user): role \"kerberos\" does not exist (28000)")]
    [InlineData("probe", "probe-pw", "gone", "authentication: no such database: database \"gone\" does not exist (3D000)")]
    public async Task A_login_that_is_refused_says_why(string username, string? password, string database, string message)
    {
        var server = await place.ServerAsync();
        var result = await ProbeBench.PostgresAsync(new { host = "127.0.0.1", port = server.Port, username, password, database });
        Assert.Equal(message, result.Message);
        Assert.Equal(FailureStage.Authentication, result.Stage);
        Assert.NotNull(result.Metrics["connect_ms"]);
    }

    [Fact]
    public async Task Too_many_connections_is_no_server_that_is_down()
    {
        Requires.Postgres();
        var small = new PostgresOptions { Settings = new Dictionary<string, string> { ["max_connections"] = "4", ["superuser_reserved_connections"] = "2" } };
        await using var server = await PostgresServer.StartAsync(Token, small);
        await server.ExecuteAsync("CREATE ROLE probe LOGIN PASSWORD 'probe-pw'; GRANT pg_monitor TO probe", Token);
        var config = new { host = "127.0.0.1", port = server.Port, username = "probe", password = "probe-pw" };
        await using var first = await server.OpenAsync(Token, "probe", password: "probe-pw");

        // The session that made the role leaves its slot in its own time, too.
        var last = await Eventually.GetAsync("a slot is left", async () => await ProbeBench.PostgresAsync(config) is { Stage: not FailureStage.Authentication } seen ? seen : null, Token);
        await Eventually.TrueAsync("its session is gone", async () => await server.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE usename = 'probe'", Token) == 1, Token);

        // The session that has just looked leaves its slot in its own time.
        await using var second = await Eventually.GetAsync("a slot is free", () => SecondAsync(server), Token);
        var none = await ProbeBench.PostgresAsync(config);
        Assert.Equal("connection_usage_percent 100 > warn_connection_usage_percent 90 (2 of 2 connections)", Assert.Single(last.Warnings));
        Assert.Equal(FailureStage.Authentication, none.Stage);
        Assert.StartsWith("authentication: too many connections, none is left for this user: remaining connection slots are reserved", none.Message, StringComparison.Ordinal);
        Assert.EndsWith("(53300)", none.Message, StringComparison.Ordinal);
    }

    private static async Task<Npgsql.NpgsqlConnection?> SecondAsync(PostgresServer server)
    {
        try
        {
            return await server.OpenAsync(Token, "probe", password: "probe-pw");
        }
        catch (Npgsql.PostgresException e) when (e.SqlState == Npgsql.PostgresErrorCodes.TooManyConnections)
        {
            return null;
        }
    }

    [Fact]
    public async Task The_address_that_was_judged_is_the_one_that_is_connected_to()
    {
        var server = await place.ServerAsync();
        var rebound = new ScriptedNames(["127.0.0.1"], ["169.254.169.254"]);
        var config = new { host = "db.test", port = server.Port, username = "probe", password = "probe-pw" };
        var first = await ProbeBench.PostgresAsync(config, names: rebound);
        var second = await ProbeBench.PostgresAsync(config, names: rebound);
        Assert.Equal(ProbeOutcome.Ok, first.Outcome);
        Assert.StartsWith("connect: not allowed: ", second.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_other_address_is_tried_when_one_does_not_answer()
    {
        var server = await place.ServerAsync();
        var result = await ProbeBench.PostgresAsync(
            new { host = "two.test", port = server.Port, username = "open" }, names: new ScriptedNames(["127.0.0.2", "::1", "127.0.0.1"]));
        Assert.Equal((ProbeOutcome.Ok, "127.0.0.1"), (result.Outcome, result.Metrics["address"]!.Value.Text));
    }

    [Fact]
    public async Task Nobody_who_listens_is_a_refused_connection()
    {
        var port = ProbeBench.ClosedPort();
        var result = await ProbeBench.PostgresAsync(new { host = "127.0.0.1", port });
        Assert.Equal($"connect: connection refused (127.0.0.1:{port})", result.Message);
    }
}
