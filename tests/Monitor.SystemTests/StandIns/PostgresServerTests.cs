using System.Diagnostics;
using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Npgsql;
using Xunit;

namespace Monitor.SystemTests.StandIns;

/// <summary>The servers that other tests rely on do what they say.</summary>
public sealed class PostgresServerTests
{
    [Fact]
    public async Task A_server_stops_is_killed_and_starts_again_with_its_data()
    {
        Requires.Postgres();
        var token = TestContext.Current.CancellationToken;
        await using var server = await PostgresServer.StartAsync(token);
        await server.ExecuteAsync("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)", token);
        await server.StopAsync(token);
        await Assert.ThrowsAsync<NpgsqlException>(() => server.ExecuteAsync("SELECT 1", token));
        await server.StartAgainAsync(token);
        await server.KillAsync(token);
        await Assert.ThrowsAsync<NpgsqlException>(() => server.ExecuteAsync("SELECT 1", token));
        await server.StartAgainAsync(token);
        Assert.Equal(7, await server.ScalarAsync<int>("SELECT n FROM kept", token));
    }

    [Fact]
    public async Task A_frozen_server_answers_nobody_until_it_goes_on()
    {
        Requires.Postgres();
        var token = TestContext.Current.CancellationToken;
        await using var server = await PostgresServer.StartAsync(token, new PostgresOptions { Authentication = "trust" });
        await using var session = await server.OpenAsync(token, password: "");
        await server.SuspendAsync();
        await using var command = new NpgsqlCommand("SELECT 1", session);
        var answer = command.ExecuteScalarAsync(token);
        await Eventually.NothingForAsync(TimeSpan.FromMilliseconds(300), token);
        Assert.False(answer.IsCompleted);
        await server.ResumeAsync();
        Assert.Equal(1, await answer);
    }

    [Fact]
    public async Task A_standby_streams_and_can_be_promoted()
    {
        Requires.Postgres();
        var token = TestContext.Current.CancellationToken;
        await using var primary = await PostgresServer.StartAsync(token);
        await using var standby = await primary.StandbyAsync(token);
        await primary.ExecuteAsync("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)", token);
        await Eventually.TrueAsync(
            "the row is on the standby", async () => await standby.ScalarAsync<string>("SELECT to_regclass('kept')::text", token) == "kept", token);
        Assert.True(await standby.ScalarAsync<bool>("SELECT pg_is_in_recovery()", token));
        await primary.KillAsync(token);
        await standby.PromoteAsync(token);
        await standby.ExecuteAsync("INSERT INTO kept VALUES (8)", token);
    }

    /// <summary>Otherwise what is played with it would be another fault than a clock's.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task A_servers_own_clock_jumps_for_all_its_sessions_and_its_timeouts_are_as_long_as_before(int hours)
    {
        Requires.Postgres();
        Requires.ServersClock();
        var token = TestContext.Current.CancellationToken;
        await using var server = await PostgresServer.StartAsync(token, new PostgresOptions { OwnClock = true });
        Assert.InRange((await server.ClockAheadAsync(token)).Duration(), TimeSpan.Zero, TimeSpan.FromSeconds(5));
        await server.JumpClockAsync(TimeSpan.FromHours(hours), token);
        Assert.InRange(await server.ClockAheadAsync(token) - TimeSpan.FromHours(hours), TimeSpan.FromSeconds(-5), TimeSpan.FromSeconds(5));

        var began = Stopwatch.GetTimestamp();
        var late = await Assert.ThrowsAsync<PostgresException>(() => server.ExecuteAsync("SET statement_timeout = 700; SELECT pg_sleep(20)", token));
        Assert.Equal(PostgresErrorCodes.QueryCanceled, late.SqlState);
        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.FromSeconds(0.6), TimeSpan.FromSeconds(15));
        await server.StopAsync(token);
        await server.StartAgainAsync(token);
        Assert.InRange(await server.ClockAheadAsync(token) - TimeSpan.FromHours(hours), TimeSpan.FromSeconds(-5), TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_pooler_passes_transactions_on()
    {
        Requires.Postgres();
        Requires.PgBouncer();
        var token = TestContext.Current.CancellationToken;
        await using var server = await PostgresServer.StartAsync(token);
        await using var pooler = await PgBouncer.StartAsync(server, token);
        await using var connection = new NpgsqlConnection(pooler.ConnectionString());
        await connection.OpenAsync(token);
        await using var command = new NpgsqlCommand("SELECT 41 + 1", connection);
        Assert.Equal(42, await command.ExecuteScalarAsync(token));
    }

    [Fact]
    public async Task After_the_first_one_a_server_starts_within_seconds()
    {
        Requires.Postgres();
        var token = TestContext.Current.CancellationToken;
        await using var first = await PostgresServer.StartAsync(token);
        var began = Stopwatch.GetTimestamp();
        await using var second = await PostgresServer.StartAsync(token);
        TestContext.Current.TestOutputHelper?.WriteLine($"{Stopwatch.GetElapsedTime(began).TotalMilliseconds:0} ms");
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(10));
    }
}
