using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Monitor.Core.Ports;
using Monitor.Storage.Codecs;
using Monitor.Storage.Postgres;
using Monitor.Storage.Postgres.Tables;
using Monitor.Storage.Secrets;
using Monitor.Storage.Sqlite;
using NpgsqlTypes;

namespace Monitor.Storage.Copying;

/// <summary>
/// Moves an installation up: everything of a SQLite store into an empty PostgreSQL one, ids, open episodes and secrets included. All of it in one transaction, whose
/// counts are compared before it is committed: what fails leaves the database as it was, and the copied store is only read.
/// </summary>
public sealed class StoreCopy(SqliteOptions from, PostgresStoreOptions to, TimeProvider time)
{
    /// <param name="told">Is given one line for each table.</param>
    /// <returns>How many rows each table had.</returns>
    /// <exception cref="StoreRefusedException">Nothing was copied; the line says why.</exception>
    /// <exception cref="StoreUnavailableException">Nothing was confirmed: look whether the database is empty still.</exception>
    public async Task<IReadOnlyDictionary<string, long>> RunAsync(Action<string> told, CancellationToken cancellationToken)
    {
        if (!File.Exists(from.DatabasePath))
        {
            throw new StoreRefusedException($"there is no store in {Path.GetFullPath(from.Folder)}");
        }

        using var source = new SqliteStore(from, time, NullLogger<SqliteStore>.Instance);
        await source.OpenAsync(cancellationToken);
        await using var target = new PostgresStore(to, time, NullLogger<PostgresStore>.Instance);
        await target.OpenAsync(cancellationToken);
        if (source.Reasons() is [var unreadable, ..])
        {
            throw new StoreRefusedException(unreadable.English);
        }

        using var rows = new SqliteSession(from.DatabasePath, writes: false);
        rows.Execute("BEGIN");
        return await target.FillAsync(
            Days(rows), session => CopyAllAsync(session, rows, source, target.Box, told), cancellationToken);
    }

    private static async Task<IReadOnlyDictionary<string, long>> CopyAllAsync(
        PgSession session, SqliteSession rows, SqliteStore source, SecretBox newBox, Action<string> told)
    {
        await RefuseFilledAsync(session);
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var table in CopiedTable.All)
        {
            await CopyAsync(session, rows, table, source.Box, newBox);
            var expected = rows.Number($"SELECT count(*) FROM {table.Source}") ?? 0;
            var copied = await session.NumberAsync($"SELECT count(*) FROM {table.Name}") ?? 0;
            if (copied != expected)
            {
                throw new StoreRefusedException(string.Create(
                    CultureInfo.InvariantCulture, $"{table.Name}: {expected} rows were read and {copied} have arrived; nothing was copied"));
            }

            counts.Add(table.Name, copied);
            told(string.Create(CultureInfo.InvariantCulture, $"{table.Name}: {copied}"));
        }

        await GoOnBeyondAsync(session, rows);
        await session.ExecuteAsync("UPDATE installation SET value = $1 WHERE name = 'secret'", newBox.SealInstallation(source.InstallationSecret));
        return counts;
    }

    /// <summary>Also a database on which a silo has been started is refused: it runs with an installation secret that this would replace.</summary>
    private static async Task RefuseFilledAsync(PgSession session)
    {
        foreach (var table in CopiedTable.All.Select(table => table.Name).Append("silos"))
        {
            if (await session.NumberAsync($"SELECT 1 FROM {table} LIMIT 1") is not null)
            {
                throw new StoreRefusedException($"the database is not empty ({table}): copy into a new one, before any silo is started on it");
            }
        }
    }

    private static async Task CopyAsync(PgSession session, SqliteSession rows, CopiedTable table, SecretBox oldBox, SecretBox newBox)
    {
        var cancellationToken = session.CancellationToken;
        await using var row = rows.Query($"SELECT {table.ColumnNames} FROM {table.Source}");
        await using var import = await session.Connection.BeginBinaryImportAsync($"COPY {table.Name} ({table.ColumnNames}) FROM STDIN (FORMAT BINARY)", cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            await import.StartRowAsync(cancellationToken);
            for (var i = 0; i < table.Columns.Count; i++)
            {
                if (Value(row, i, table.Columns[i], oldBox, newBox) is { } value)
                {
                    await import.WriteAsync(value, table.Columns[i].Type, cancellationToken);
                }
                else
                {
                    await import.WriteNullAsync(cancellationToken);
                }
            }
        }

        await import.CompleteAsync(cancellationToken);
    }

    private static object? Value(SqliteDataReader row, int column, CopiedColumn into, SecretBox oldBox, SecretBox newBox)
    {
        if (row.IsDBNull(column))
        {
            return null;
        }

        return (into.Secret, into.Type) switch
        {
            // A tombstone's secret that cannot be opened is needed by nobody; of all others it was made sure.
            (CopiedSecret.Config, _) => oldBox.OpenConfig(row.GetFieldValue<byte[]>(column)) is { } config ? newBox.SealConfig(config) : null,
            (CopiedSecret.Webhook, _) => newBox.SealWebhook(oldBox.OpenWebhook(row.GetFieldValue<byte[]>(column))!),
            (_, NpgsqlDbType.Bigint) => row.GetInt64(column),
            (_, NpgsqlDbType.Integer) => row.GetInt32(column),
            (_, NpgsqlDbType.Smallint) => row.GetInt16(column),
            (_, NpgsqlDbType.Boolean) => row.GetInt64(column) != 0,
            (_, NpgsqlDbType.Bytea) => row.GetFieldValue<byte[]>(column),
            _ => PgText.Clean(row.GetString(column)),
        };
    }

    /// <summary>No number is given twice, those of what was deleted included; and no fence of the old store fits.</summary>
    private static async Task GoOnBeyondAsync(PgSession session, SqliteSession rows)
    {
        foreach (var table in CopiedTable.All.Where(table => table.Key is not null))
        {
            var last = Math.Max(
                rows.Number("SELECT seq FROM sqlite_sequence WHERE name = @1", table.Key) ?? 0, rows.Number($"SELECT max(id) FROM {table.Name}") ?? 0);
            await session.NumberAsync($"SELECT setval(pg_get_serial_sequence('{table.Name}', 'id'), greatest($1, 1), $1 > 0)", last);
        }

        var silo = rows.Number("SELECT max(id) FROM silos") ?? 0;
        await session.NumberAsync("SELECT setval('silo_numbers', greatest($1, 1), $1 > 0)", silo);
        var epochs = rows.Rows(row => (Shard: row.GetInt32(0), Epoch: row.GetInt64(1), Version: row.GetInt64(2)), "SELECT shard, epoch, version FROM shards");
        await session.ExecuteAsync(
        [
            new PgStatement(
                "UPDATE shards s SET epoch = g.epoch FROM unnest($1::integer[], $2::bigint[]) AS g (shard, epoch) WHERE s.shard = g.shard",
                epochs.Select(row => row.Shard).ToArray(), epochs.Select(row => row.Epoch).ToArray()),
            new PgStatement(
                "UPDATE shard_versions s SET version = g.version FROM unnest($1::integer[], $2::bigint[]) AS g (shard, version) WHERE s.shard = g.shard",
                epochs.Select(row => row.Shard).ToArray(), epochs.Select(row => row.Version).ToArray()),
        ]);
    }

    private static IReadOnlyCollection<long> Days(SqliteSession rows) =>
    [
        .. rows.Rows(row => Partitions.DayOf(BlockKey.StartOf(row.GetInt64(0))), "SELECT DISTINCT id % 4194304 FROM result_blocks")
            .Concat(rows.Rows(row => row.GetInt64(0), "SELECT DISTINCT checked_at / 86400000000 FROM probe_results"))
            .Distinct(),
    ];
}
