using System.Globalization;
using Monitor.Core.Configs.Postgres;
using Npgsql;

namespace Monitor.Probers.Postgres;

/// <summary>
/// One connection of Npgsql's over a <see cref="ServerRelay"/>. A data source of its own, gone with it: a connection made from a connection string leaves
/// a pool behind for each string that was ever used. No call is given the probe's token: Npgsql would open a second connection to ask for a cancellation;
/// the relay ends what hangs, and the server ends its side by <c>statement_timeout</c>.
/// </summary>
internal sealed class PostgresSession : IAsyncDisposable
{
    private readonly NpgsqlDataSource _source;
    private readonly NpgsqlConnection _connection;

    private PostgresSession(NpgsqlDataSource source)
    {
        _source = source;
        _connection = source.CreateConnection();
    }

    /// <summary>The server process's id as the login said it; a pooler makes one up.</summary>
    public int ProcessId => _connection.ProcessID;

    public static async Task<PostgresSession> OpenAsync(ServerRelay relay, PostgresConfig config, TimeSpan left)
    {
        var builder = new NpgsqlSlimDataSourceBuilder(Settings(relay, config, left));

        // Hundreds of types would be asked for on every connection; all that is read here is text.
        builder.ConfigureTypeLoading(types => types.EnableTypeLoading(false));
        var session = new PostgresSession(builder.Build());
        try
        {
            await session._connection.OpenAsync(CancellationToken.None);
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    /// <summary>Outside any transaction, in one round trip.</summary>
    public async Task<bool> SelectOneAsync()
    {
        await using var command = new NpgsqlCommand("SELECT 1", _connection);
        return await command.ExecuteScalarAsync(CancellationToken.None) is 1;
    }

    /// <summary>
    /// One statement in a read-only transaction of its own, in one round trip: the first row, whose columns are texts; null without one. The server takes
    /// no more than one statement here, so none can end the transaction and go on.
    /// </summary>
    public async Task<string?[]?> ReadRowAsync(string statement, TimeSpan timeout)
    {
        await using var batch = new NpgsqlBatch(_connection);
        batch.BatchCommands.Add(new NpgsqlBatchCommand("BEGIN READ ONLY"));
        batch.BatchCommands.Add(new NpgsqlBatchCommand($"SET LOCAL statement_timeout = {Math.Max(1, (long)timeout.TotalMilliseconds).ToString(CultureInfo.InvariantCulture)}"));
#pragma warning disable CA2100 // the statistics' own text, or the target's query, which whoever may edit the target has written
        batch.BatchCommands.Add(new NpgsqlBatchCommand(statement));
#pragma warning restore CA2100
        batch.BatchCommands.Add(new NpgsqlBatchCommand("ROLLBACK"));
        await using var reader = await batch.ExecuteReaderAsync(CancellationToken.None);
        if (!await reader.ReadAsync(CancellationToken.None))
        {
            return null;
        }

        var row = new string?[reader.FieldCount];
        for (var i = 0; i < row.Length; i++)
        {
            row[i] = await reader.IsDBNullAsync(i, CancellationToken.None) ? null : reader.GetString(i);
        }

        return row;
    }

    /// <summary>
    /// The user's query so that it answers one text: any type is turned to text by the server, and rows beyond the first stay there. What cannot stand in
    /// a FROM and answers texts anyway (SHOW, EXPLAIN) goes as it is.
    /// </summary>
    public static string OneText(string query)
    {
        var statement = query.Trim().TrimEnd(';', ' ', '\n', '\r', '\t');
        return statement.StartsWith("SHOW", StringComparison.OrdinalIgnoreCase) || statement.StartsWith("EXPLAIN", StringComparison.OrdinalIgnoreCase)
            ? statement
            : $"SELECT q.value::text FROM (\n{statement}\n) AS q(value) LIMIT 1";
    }

    /// <summary>Ends the transaction that a failed statement left open: a pooler would throw the server's connection away otherwise.</summary>
    public async Task RollBackAsync()
    {
        await using var command = new NpgsqlCommand("ROLLBACK", _connection);
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _connection.DisposeAsync();
        }
        finally
        {
            await _source.DisposeAsync();
        }
    }

    private static string Settings(ServerRelay relay, PostgresConfig config, TimeSpan left)
    {
        // Only a second guard, in whole seconds: the relay closes the connection at the deadline.
        var seconds = (int)Math.Clamp(Math.Ceiling(left.TotalSeconds) + 1, 1, 1000);
        return new NpgsqlConnectionStringBuilder
        {
            Host = relay.Host,
            Username = config.Username,
            Password = config.Password,
            Database = config.Database,
            ApplicationName = "monitor",
            Timeout = seconds,
            CommandTimeout = seconds,
            CancellationTimeout = -1,
            Pooling = false,
            Multiplexing = false,
            Enlist = false,
            NoResetOnClose = true,
            SslMode = SslMode.Disable,

            // TLS ends in this process before Npgsql, which would take the offer of a login bound to it for an attack.
            ChannelBinding = ChannelBinding.Disable,
            GssEncryptionMode = GssEncryptionMode.Disable,

            // Else the password of whoever runs the monitor would be looked for.
            Passfile = "/dev/null",
        }.ConnectionString;
    }
}
