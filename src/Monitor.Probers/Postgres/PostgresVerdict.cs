using System.Globalization;
using Monitor.Core.Configs.Postgres;
using Monitor.Core.Probing;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Postgres;

/// <summary>What was measured, set against what was asked for. Pure.</summary>
internal sealed class PostgresVerdict(PostgresConfig config, PostgresStatistics found)
{
    /// <summary>Null: the role is as expected, or none is.</summary>
    public WireFault? Role()
    {
        if (config.ExpectReplica is not { } wanted || found.IsReplica == wanted)
        {
            return null;
        }

        var subject = found.IsReplica is { } replica ? $"the server is a {Name(replica)}" : "the server does not tell its role";
        return new WireFault(FailureStage.Assertion, $"{subject}, expect_role is {Name(wanted)}");
    }

    /// <summary>Null: the query's result is as expected, or none is.</summary>
    public WireFault? Result(string?[]? row)
    {
        if (config.ExpectResult is not { } wanted || row is [{ } value, ..] && string.Equals(value, wanted, StringComparison.Ordinal))
        {
            return null;
        }

        var got = row is null or [] ? "query answered no row" : row[0] is { } other ? $"query answered {Shown(other)}" : "query answered null";
        return new WireFault(FailureStage.Assertion, $"{got}, expect_result is {Shown(wanted)}");
    }

    public IEnumerable<string> Warnings()
    {
        if (found.ActiveConnections > config.MaxConnectionsThreshold)
        {
            yield return $"active_connections {Text(found.ActiveConnections.Value)} > max_connections_threshold {Text(config.MaxConnectionsThreshold)}";
        }

        if (UsagePercent > config.WarnConnectionUsagePercent)
        {
            yield return $"connection_usage_percent {Text(UsagePercent.Value)} > warn_connection_usage_percent {Text(config.WarnConnectionUsagePercent)}"
                + $" ({Text(found.TotalConnections!.Value)} of {Text(found.UsableConnections!.Value)} connections)";
        }

        if (found.Replica is { } replica)
        {
            if (!replica.IsStreaming)
            {
                yield return replica.Receiver == "none"
                    ? "the replica is not streaming: no WAL receiver runs"
                    : $"the replica is not streaming: its WAL receiver is {replica.Receiver}";
            }

            if (replica.LagSeconds > config.WarnReplicationLagSeconds)
            {
                yield return $"replication_lag_seconds {Text(replica.LagSeconds.Value)} > warn_replication_lag_seconds {Text(config.WarnReplicationLagSeconds)}"
                    + (replica.Paused ? " (replay is paused)" : "");
            }
        }

        if (found.SlowQueries > config.WarnSlowQueries)
        {
            yield return $"slow_queries {Text(found.SlowQueries.Value)} > warn_slow_queries {Text(config.WarnSlowQueries)} (running for more than {Text(config.SlowQuerySeconds)} s)";
        }

        if (found.DatabaseSizeBytes > config.WarnDatabaseSizeBytes)
        {
            yield return $"database_size_bytes {Text(found.DatabaseSizeBytes.Value)} > warn_database_size_bytes {Text(config.WarnDatabaseSizeBytes.Value)}";
        }
    }

    /// <param name="processId">As the login said.</param>
    public IReadOnlyList<string> Notes(int processId)
    {
        var notes = new List<string>(found.Notes);
        if (!found.SeesAllSessions)
        {
            notes.Add("active_connections and slow_queries are not shown to this user, and total_connections may count parallel workers: grant it pg_monitor");
        }

        if (found.ProcessId is { } behind && behind != processId)
        {
            notes.Add("a connection pooler answers here; the statistics are the server's behind it, not the pooler's");
        }

        if (found.Replica is { LagSeconds: null })
        {
            notes.Add("not read: replication_lag_seconds: nothing has been received by streaming, or no commit replayed, since the replica started");
        }

        return notes;
    }

    public IReadOnlyList<Metric> Metrics(TimeSpan select)
    {
        var metrics = new List<Metric>(12) { new("select_ms", ProbeRun.Milliseconds(select)) };
        Add(metrics, "active_connections", found.ActiveConnections);
        Add(metrics, "total_connections", found.TotalConnections);
        Add(metrics, "max_connections", found.MaxConnections);
        Add(metrics, "connection_usage_percent", UsagePercent);
        Add(metrics, "database_size_bytes", found.DatabaseSizeBytes);
        if (found.DatabaseSize is { } size)
        {
            metrics.Add(new Metric("database_size", size));
        }

        Add(metrics, "replication_lag_seconds", found.Replica?.LagSeconds);
        if (found.IsReplica is { } replica)
        {
            metrics.Add(new Metric("is_replica", replica));
        }

        Add(metrics, "slow_queries", found.SlowQueries);
        if (found.Version is { } version)
        {
            metrics.Add(new Metric("version", version));
        }

        return metrics;
    }

    private double? UsagePercent => found is { TotalConnections: { } total, UsableConnections: > 0 and var usable } ? Math.Round(100.0 * total / usable, 1) : null;

    private string Shown(string text) => WireText.Snippet(text, config.Secrets);

    private static void Add(List<Metric> metrics, string name, double? value)
    {
        if (value is { } number)
        {
            metrics.Add(new Metric(name, number));
        }
    }

    private static string Name(bool replica) => replica ? "replica" : "primary";

    private static string Text(double number) => number.ToString("0.###", CultureInfo.InvariantCulture);
}
