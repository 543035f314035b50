using System.Diagnostics;
using Monitor.Core.Probing;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Probers.Postgres;

/// <summary>The target's own query: compared as text, read only, and over when the probe is.</summary>
public sealed class PostgresQueryTests(PostgresPlace place)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("SELECT count(*) FROM orders", "2")]
    [InlineData("SELECT count(*) FROM orders; ", "2")]
    [InlineData("SELECT id, id FROM orders ORDER BY id DESC -- the last one", "2")]
    [InlineData("WITH a AS (SELECT 1.50::numeric) SELECT * FROM a", "1.50")]
    [InlineData("VALUES ('café', 1)", "café")]
    [InlineData("TABLE orders", "1")]
    [InlineData("SELECT true", "true")]
    [InlineData("SELECT '{1,2}'::int[]", "{1,2}")]
    [InlineData("SELECT '10.0.0.1'::inet", "10.0.0.1/32")]
    [InlineData("SHOW transaction_read_only", "on")]
    [InlineData("SELECT current_setting('transaction_read_only')", "on")]
    [InlineData("SELECT ''", "")]
    [InlineData("SELECT repeat('a;b', 1)", "a;b")]
    [InlineData("SELECT generate_series(1, 10000000)", "1")]
    public async Task A_result_is_compared_as_text(string query, string expected)
    {
        var result = await ProbeAsync(query, expected);
        Assert.Null(result.Message);
        Assert.Equal(ProbeOutcome.Ok, result.Outcome);
    }

    [Theory]
    [InlineData("SELECT 5", "assertion: query answered \"5\", expect_result is \"2\"")]
    [InlineData("SELECT null", "assertion: query answered null, expect_result is \"2\"")]
    [InlineData("SELECT id FROM orders WHERE id > 5", "assertion: query answered no row, expect_result is \"2\"")]
    [InlineData("SELECT 'my probe-pw'", "assertion: query answered \"my ******\", expect_result is \"2\"")]
    [InlineData("SELECT * FROM missing", "assertion: query failed: relation \"missing\" does not exist (42P01)")]
    [InlineData("SELECT 1/0", "assertion: query failed: division by zero (22012)")]
    [InlineData("SHOW nothing", "assertion: query failed: unrecognized configuration parameter \"nothing\" (42704)")]
    [InlineData("SHOW search_path; DELETE FROM orders", "assertion: query failed: cannot insert multiple commands into a prepared statement (42601)")]
    [InlineData("EXPLAIN ANALYZE DELETE FROM orders", "assertion: query failed: cannot execute DELETE in a read-only transaction (25006)")]
    public async Task A_result_that_is_another_or_none_is_a_failure(string query, string message)
    {
        var result = await ProbeAsync(query, "2");
        Assert.Equal((FailureStage.Assertion, message), (result.Stage, result.Message));
        Assert.NotNull(result.Metrics["select_ms"]);
        Assert.NotNull(result.Metrics["active_connections"]);
    }

    [Theory]
    [InlineData("DELETE FROM orders")]
    [InlineData("SELECT 1; DELETE FROM orders")]
    [InlineData("COMMIT")]
    [InlineData("SELECT 1) AS q(value); COMMIT; DELETE FROM orders; SELECT (1")]
    [InlineData("WITH gone AS (DELETE FROM orders RETURNING id) SELECT * FROM gone")]
    [InlineData("SELECT setval('orders_seq', 5)")]
    [InlineData("COPY orders TO STDOUT")]
    public async Task No_query_writes(string query)
    {
        var server = await place.ServerAsync();
        var result = await ProbeAsync(query, null);
        Assert.Equal(FailureStage.Assertion, result.Stage);
        Assert.StartsWith("assertion: query failed: ", result.Message, StringComparison.Ordinal);
        Assert.Equal(2, await server.ScalarAsync<long>("SELECT count(*) FROM orders", Token));
    }

    [Fact]
    public async Task A_query_that_takes_too_long_is_over_on_the_server_too()
    {
        var server = await place.ServerAsync();
        var began = Stopwatch.GetTimestamp();
        var result = await ProbeAsync("SELECT 'over', pg_sleep(60)", null, 1.5);
        Assert.Equal(FailureStage.Timeout, result.Stage);
        Assert.Equal($"timeout: the result of query did not come within 1.5 s (connected to 127.0.0.1:{server.Port})", result.Message);
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 1, 10);
        await Eventually.TrueAsync(
            "the query is gone",
            () => server.ScalarAsync<bool>("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE '%''over''%' AND pid <> pg_backend_pid())", Token)!,
            Token,
            TimeSpan.FromSeconds(5));
    }

    private async Task<ProbeResult> ProbeAsync(string query, string? expected, double timeoutSeconds = 10)
    {
        var server = await place.ServerAsync();
        return await ProbeBench.PostgresAsync(
            new { host = "127.0.0.1", port = server.Port, username = "probe", password = "probe-pw", query, expect_result = expected }, timeoutSeconds);
    }
}
