using System.Diagnostics.CodeAnalysis;
using Monitor.Core.Ports;
using Npgsql;

namespace Monitor.Storage.Postgres;

/// <summary>One connection for one operation. Closing it rolls back what was left open.</summary>
internal sealed class PgSession : IAsyncDisposable
{
    private readonly CancellationToken _cancellationToken;

    private PgSession(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        Connection = connection;
        _cancellationToken = cancellationToken;
    }

    public NpgsqlConnection Connection { get; }

    public CancellationToken CancellationToken => _cancellationToken;

    /// <summary>How long the client waits for each answer; null: as its pool says.</summary>
    public int? TimeoutSeconds { get; set; }

    /// <summary>
    /// Runs an operation on a connection of its own. The caller's token is passed on by a source whose cancelling throws nothing: Npgsql's own callback throws when the connection ends at that
    /// very moment, and thrown by a timer that has run out that ended the whole silo.
    /// </summary>
    /// <exception cref="StoreUnavailableException">Nothing was confirmed.</exception>
    public static async Task<T> RunAsync<T>(NpgsqlDataSource pool, Func<PgSession, Task<T>> body, CancellationToken cancellationToken)
    {
        using var stop = new CancellationTokenSource();
        await using var passedOn = cancellationToken.UnsafeRegister(static source => Cancel((CancellationTokenSource)source!), stop);
        try
        {
            await using var session = new PgSession(await pool.OpenConnectionAsync(stop.Token), stop.Token);
            return await body(session);
        }
        catch (Exception e) when (e is not OperationCanceledException && PgFaults.IsTrouble(e))
        {
            throw PgFaults.Unavailable(e);
        }
    }

    private static void Cancel(CancellationTokenSource source)
    {
        try
        {
            source.Cancel();
        }
        catch (AggregateException)
        {
            // The connection has ended before it could be told to.
        }
    }

    /// <summary>All statements in one round trip, on the caller's thread from beginning to end; the rows of those that answer any, statement by statement.</summary>
    /// <exception cref="StoreUnavailableException">Nothing was confirmed.</exception>
    public static List<List<T>> Run<T>(NpgsqlDataSource pool, IEnumerable<PgStatement> statements, Func<NpgsqlDataReader, T> read)
    {
        try
        {
            using var connection = pool.OpenConnection();
            using var batch = connection.CreateBatch();
            foreach (var statement in statements)
            {
                batch.BatchCommands.Add(statement.ToCommand());
            }

            using var reader = batch.ExecuteReader();
            var answers = new List<List<T>>();
            do
            {
                if (reader.FieldCount > 0)
                {
                    var rows = new List<T>();
                    while (reader.Read())
                    {
                        rows.Add(read(reader));
                    }

                    answers.Add(rows);
                }
            }
            while (reader.NextResult());
            return answers;
        }
        catch (Exception e) when (e is not OperationCanceledException && PgFaults.IsTrouble(e))
        {
            throw PgFaults.Unavailable(e);
        }
    }

    public Task<int> ExecuteAsync(string sql, params IReadOnlyList<object?> values) => ExecuteAsync([new PgStatement(sql, values)]);

    /// <summary>All statements in one round trip; answers how many rows they changed together.</summary>
    public async Task<int> ExecuteAsync(IEnumerable<PgStatement> statements)
    {
        await using var batch = Batch(statements);
        return await batch.ExecuteNonQueryAsync(_cancellationToken);
    }

    /// <summary>The first column of the first row; null when there is none.</summary>
    public async Task<long?> NumberAsync(string sql, params IReadOnlyList<object?> values)
    {
        await using var batch = Batch([new PgStatement(sql, values)]);
        return PgColumns.Number(await batch.ExecuteScalarAsync(_cancellationToken));
    }

    public async Task<List<T>> RowsAsync<T>(Func<NpgsqlDataReader, T> read, string sql, params IReadOnlyList<object?> values)
    {
        await using var batch = Batch([new PgStatement(sql, values)]);
        await using var reader = await batch.ExecuteReaderAsync(_cancellationToken);
        return await ReadAsync(reader, read);
    }

    public async Task<T?> FirstAsync<T>(Func<NpgsqlDataReader, T> read, string sql, params IReadOnlyList<object?> values) =>
        (await RowsAsync(read, sql, values)) is [var first, ..] ? first : default;

    /// <summary>All statements in one round trip; the rows of those that answer any, statement by statement.</summary>
    public async Task<List<List<T>>> RowsAsync<T>(IEnumerable<PgStatement> statements, Func<NpgsqlDataReader, T> read)
    {
        await using var batch = Batch(statements);
        await using var reader = await batch.ExecuteReaderAsync(_cancellationToken);
        var answers = new List<List<T>>();
        do
        {
            if (reader.FieldCount > 0)
            {
                answers.Add(await ReadAsync(reader, read));
            }
        }
        while (await reader.NextResultAsync(_cancellationToken));
        return answers;
    }

    /// <summary>Statements of the schema, several at once, without parameters.</summary>
    [SuppressMessage("Security", "CA2100", Justification = "Embedded schema files only.")]
    public async Task ExecuteScriptAsync(string sql)
    {
        await using var command = Connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(_cancellationToken);
    }

    public ValueTask DisposeAsync() => Connection.DisposeAsync();

    private async Task<List<T>> ReadAsync<T>(NpgsqlDataReader reader, Func<NpgsqlDataReader, T> read)
    {
        var rows = new List<T>();
        while (await reader.ReadAsync(_cancellationToken))
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    private NpgsqlBatch Batch(IEnumerable<PgStatement> statements)
    {
        var batch = Connection.CreateBatch();
        batch.Timeout = TimeoutSeconds ?? batch.Timeout;
        foreach (var statement in statements)
        {
            batch.BatchCommands.Add(statement.ToCommand());
        }

        return batch;
    }
}
