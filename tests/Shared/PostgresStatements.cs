namespace Monitor.Tests.Shared;

/// <summary>What a server was asked, as it counts itself. It must have been started with <see cref="Settings"/>.</summary>
public static class PostgresStatements
{
    public static readonly IReadOnlyDictionary<string, string> Settings = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["shared_preload_libraries"] = "pg_stat_statements",
        ["pg_stat_statements.max"] = "2000",
    };

    public static Task BeginAsync(PostgresServer server, CancellationToken cancellationToken) => server.ExecuteAsync("CREATE EXTENSION pg_stat_statements", cancellationToken);

    public static Task ForgetAsync(PostgresServer server, CancellationToken cancellationToken) => server.ExecuteAsync("SELECT pg_stat_statements_reset()", cancellationToken);

    /// <summary>Statements so far: those that name silos or shards, what begins and ends transactions, and all others.</summary>
    public static async Task<StatementCount> CountAsync(PostgresServer server, CancellationToken cancellationToken)
    {
        await using var connection = await server.OpenAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = """
            SELECT coalesce(sum(calls) FILTER (WHERE c), 0)::bigint, coalesce(sum(calls) FILTER (WHERE t), 0)::bigint, coalesce(sum(calls) FILTER (WHERE NOT c AND NOT t), 0)::bigint
            FROM (SELECT calls, query ~* '(UPDATE|FROM|INTO) silos|shard_versions|UPDATE shards' AS c, query ~* '^(BEGIN|COMMIT|ROLLBACK|SET|START)' AS t FROM pg_stat_statements) s
            """;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new StatementCount(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
    }
}

/// <param name="Coordination">They name silos or shards.</param>
/// <param name="Transaction">They begin or end one.</param>
public readonly record struct StatementCount(long Coordination, long Transaction, long Other);
