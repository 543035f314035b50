using FsCheck;
using FsCheck.Fluent;
using Monitor.Core.Configs.Postgres;
using Monitor.Probers.Postgres;
using Xunit;

namespace Monitor.UnitTests.Probers.Postgres;

public sealed class PostgresVerdictTests
{
    private static readonly PostgresConfig Defaults = new() { Host = "h" };

    [Fact]
    public void Limits_are_crossed_strictly_beyond()
    {
        var at = new PostgresStatistics
        {
            ActiveConnections = 100,
            TotalConnections = 90,
            UsableConnections = 100,
            SlowQueries = 5,
            DatabaseSizeBytes = 10,
            Replica = new ReplicaState("0/1", 60, "streaming", Paused: false),
        };
        var beyond = at with { ActiveConnections = 101, TotalConnections = 91, SlowQueries = 6, DatabaseSizeBytes = 11, Replica = at.Replica with { LagSeconds = 60.5, Paused = true } };
        var config = Defaults with { WarnDatabaseSizeBytes = 10 };
        Assert.Empty(new PostgresVerdict(config, at).Warnings());
        Assert.Equal(
            [
                "active_connections 101 > max_connections_threshold 100",
                "connection_usage_percent 91 > warn_connection_usage_percent 90 (91 of 100 connections)",
                "replication_lag_seconds 60.5 > warn_replication_lag_seconds 60 (replay is paused)",
                "slow_queries 6 > warn_slow_queries 5 (running for more than 30 s)",
                "database_size_bytes 11 > warn_database_size_bytes 10",
            ],
            new PostgresVerdict(config, beyond).Warnings());
    }

    [Theory]
    [InlineData("streaming", null)]
    [InlineData("hidden", null)]
    [InlineData("none", "the replica is not streaming: no WAL receiver runs")]
    [InlineData("waiting", "the replica is not streaming: its WAL receiver is waiting")]
    public void A_replica_must_stream(string receiver, string? warning)
    {
        var found = new PostgresStatistics { Replica = new ReplicaState("0/1", 0, receiver, Paused: false) };
        Assert.Equal(warning is null ? [] : [warning], new PostgresVerdict(Defaults, found).Warnings());
    }

    [Theory]
    [InlineData(true, false, "the server is a primary, expect_role is replica")]
    [InlineData(false, true, "the server is a replica, expect_role is primary")]
    [InlineData(true, null, "the server does not tell its role, expect_role is replica")]
    [InlineData(true, true, null)]
    [InlineData(false, false, null)]
    public void The_role_is_judged(bool expected, bool? found, string? words) =>
        Assert.Equal(words, new PostgresVerdict(Defaults with { ExpectReplica = expected }, new PostgresStatistics { IsReplica = found }).Role()?.Message);

    [Fact]
    public void A_result_is_compared_as_text()
    {
        var verdict = new PostgresVerdict(Defaults with { ExpectResult = "1", Password = "secret" }, new PostgresStatistics());
        Assert.Null(verdict.Result(["1"]));
        Assert.Equal("query answered \"1.0\", expect_result is \"1\"", verdict.Result(["1.0"])?.Message);
        Assert.Equal("query answered \"a ****** b\", expect_result is \"1\"", verdict.Result(["a secret b"])?.Message);
        Assert.Equal("query answered null, expect_result is \"1\"", verdict.Result([null])?.Message);
        Assert.Equal("query answered no row, expect_result is \"1\"", verdict.Result(null)?.Message);
        Assert.Null(new PostgresVerdict(Defaults, new PostgresStatistics()).Result(null));
    }

    [Fact]
    public void What_a_user_may_not_see_is_a_note_and_no_number()
    {
        var parts = PostgresStatistics.Parts(30);
        var found = parts[1].Add(new PostgresStatistics(), "12 0 0 100 97 0");
        var verdict = new PostgresVerdict(Defaults, found);
        Assert.Equal(["select_ms", "total_connections", "max_connections", "connection_usage_percent"], verdict.Metrics(TimeSpan.Zero).Select(metric => metric.Name));
        Assert.Contains("grant it pg_monitor", Assert.Single(verdict.Notes(1)), StringComparison.Ordinal);
    }

    [Fact]
    public void Lag_reads_as_the_server_tells_it()
    {
        Assert.Equal(new ReplicaState("0/3000060", 0, "streaming", Paused: false), ReplicaState.Read("= 0/3000060 3600.5 streaming 0"));
        Assert.Equal(new ReplicaState("0/3000060", 12.5, "none", Paused: true), ReplicaState.Read("< 0/3000060 12.500 none 1"));
        Assert.Equal(new ReplicaState("0/3000060", null, "hidden", Paused: false), ReplicaState.Read("< 0/3000060 - hidden 0"));
        Assert.Equal(new ReplicaState(null, null, "none", Paused: false), ReplicaState.Read("? - 3600.5 none 0"));
    }

    [Fact]
    public void Whatever_a_server_says_of_itself_can_be_read() =>
        Check.QuickThrowOnFailure(Prop.ForAll<string?, string?, string?>((identity, sessions, lag) =>
        {
            var found = new PostgresStatistics();
            foreach (var (part, text) in PostgresStatistics.Parts(30).Zip([identity, sessions, sessions, lag]))
            {
                found = part.Add(found, text);
            }

            var verdict = new PostgresVerdict(Defaults, found);
            _ = verdict.Metrics(TimeSpan.Zero);
            _ = verdict.Warnings().ToArray();
            _ = verdict.Notes(1);
        }));
}
