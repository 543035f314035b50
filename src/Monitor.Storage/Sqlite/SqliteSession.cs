using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Monitor.Storage.Sqlite;

/// <summary>One connection with its prepared statements: used by one thread at a time. Parameters are <c>@1</c>, <c>@2</c>, … in order.</summary>
internal sealed class SqliteSession : IDisposable
{
    private const int MostStatements = 300;

    private readonly Dictionary<string, SqliteCommand> _statements = new(StringComparer.Ordinal);
    private readonly Dictionary<string, sqlite3_stmt> _bare = new(StringComparer.Ordinal);

    /// <param name="openSlots">What is known of the open results; null for sessions that have nothing to do with them.</param>
    public SqliteSession(string path, bool writes, OpenSlots? openSlots = null)
    {
        OpenSlots = openSlots;
        Connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = writes ? SqliteOpenMode.ReadWrite : SqliteOpenMode.ReadOnly,
            Pooling = false,
            ForeignKeys = writes,
            DefaultTimeout = 5,
        }.ConnectionString);
        try
        {
            Connection.Open();
        }
        catch
        {
            Connection.Dispose();
            throw;
        }
    }

    public SqliteConnection Connection { get; }

    public OpenSlots? OpenSlots { get; }

    /// <summary>Runs a statement, answering how many rows it changed.</summary>
    public int Execute(string sql, params ReadOnlySpan<object?> values) => Bound(sql, values).ExecuteNonQuery();

    public SqliteDataReader Query(string sql, params ReadOnlySpan<object?> values) => Bound(sql, values).ExecuteReader();

    /// <summary>The first column of the first row; null when there is none.</summary>
    public long? Number(string sql, params ReadOnlySpan<object?> values) =>
        Bound(sql, values).ExecuteScalar() is { } value and not DBNull ? Convert.ToInt64(value, CultureInfo.InvariantCulture) : null;

    public List<T> Rows<T>(Func<SqliteDataReader, T> read, string sql, params ReadOnlySpan<object?> values)
    {
        using var reader = Query(sql, values);
        var rows = new List<T>();
        while (reader.Read())
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    public T? First<T>(Func<SqliteDataReader, T> read, string sql, params ReadOnlySpan<object?> values)
    {
        using var reader = Query(sql, values);
        return reader.Read() ? read(reader) : default;
    }

    /// <summary>Statements of the schema, several at once, without parameters.</summary>
    [SuppressMessage("Security", "CA2100", Justification = "Embedded schema files and constants only.")]
    public void ExecuteScript(string sql)
    {
        using var command = Connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>A statement for thousands of rows: bound and stepped by hand, because the wrapper costs more than the row.</summary>
    public sqlite3_stmt Bare(string sql)
    {
        if (!_bare.TryGetValue(sql, out var statement))
        {
            SqliteException.ThrowExceptionForRC(raw.sqlite3_prepare_v2(Connection.Handle, sql, out statement), Connection.Handle);
            _bare.Add(sql, statement);
        }

        return statement;
    }

    /// <summary>Runs a bare statement to its end and makes it ready for the next row.</summary>
    public void Step(sqlite3_stmt statement)
    {
        var code = raw.sqlite3_step(statement);
        if (code is not raw.SQLITE_DONE and not raw.SQLITE_ROW)
        {
            var extended = raw.sqlite3_extended_errcode(Connection.Handle);
            var message = raw.sqlite3_errmsg(Connection.Handle).utf8_to_string();
            _ = raw.sqlite3_reset(statement);
            throw new SqliteException(message, code & 0xFF, extended);
        }

        _ = raw.sqlite3_reset(statement);
    }

    public void Dispose()
    {
        foreach (var statement in _bare.Values)
        {
            statement.Dispose();
        }

        Forget();
        Connection.Dispose();
    }

    /// <summary>Lists are filtered in many ways: the statements of rare ones must not pile up.</summary>
    private void Forget()
    {
        foreach (var statement in _statements.Values)
        {
            statement.Dispose();
        }

        _statements.Clear();
    }

    [SuppressMessage("Security", "CA2100", Justification = "The one place where statements are made; callers give constants and bind every value.")]
    private SqliteCommand Bound(string sql, ReadOnlySpan<object?> values)
    {
        if (!_statements.TryGetValue(sql, out var command))
        {
            if (_statements.Count >= MostStatements)
            {
                Forget();
            }

            command = Connection.CreateCommand();
            command.CommandText = sql;
            for (var i = 0; i < values.Length; i++)
            {
                command.Parameters.Add(new SqliteParameter { ParameterName = "@" + (i + 1).ToString(CultureInfo.InvariantCulture) });
            }

            _statements.Add(sql, command);
        }

        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        }

        return command;
    }
}
