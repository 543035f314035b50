using System.Diagnostics.CodeAnalysis;
using Npgsql;

namespace Monitor.Storage.Postgres;

/// <summary>One statement with its values, <c>$1</c>, <c>$2</c>, … in order. Texts are cleaned here, so that no caller can forget it.</summary>
internal sealed record PgStatement(string Sql, params IReadOnlyList<object?> Values)
{
    public static readonly PgStatement Begin = new("BEGIN");
    public static readonly PgStatement BeginSnapshot = new("BEGIN ISOLATION LEVEL REPEATABLE READ");
    public static readonly PgStatement Commit = new("COMMIT");
    public static readonly PgStatement RollBack = new("ROLLBACK");

    /// <summary>For the rest of this transaction: no statement takes longer, and a holder that stands still gives up its locks.</summary>
    public static IEnumerable<PgStatement> Limits(int milliseconds) =>
    [
        new($"SET LOCAL statement_timeout = {milliseconds}"),
        new($"SET LOCAL idle_in_transaction_session_timeout = {milliseconds}"),
    ];

    [SuppressMessage("Security", "CA2100", Justification = "The one place where statements are made; callers give constants and bind every value.")]
    public NpgsqlBatchCommand ToCommand()
    {
        var command = new NpgsqlBatchCommand(Sql);
        foreach (var value in Values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = Clean(value) });
        }

        return command;
    }

    private static object Clean(object? value) => value switch
    {
        null => DBNull.Value,
        string text => PgText.Clean(text),
        string?[] texts => Array.ConvertAll(texts, text => text is null ? null : PgText.Clean(text)),
        _ => value,
    };
}
