using Monitor.Core.Probing;
using Monitor.Storage.Codecs;
using Npgsql;
using NpgsqlTypes;

namespace Monitor.Storage.Postgres.Tables;

/// <summary>Results of the last minutes, a row each.</summary>
internal static class ResultTable
{
    public const string Columns = "checked_at, flags, latency_us, origin, message, details, metrics";

    private const string All = "target_id, checked_at, latency_us, origin, flags, message, details, metrics";

    /// <summary>The fast way, which fails whole where one of them is there already (<see cref="Insert"/> then leaves that one alone).</summary>
    public static async Task CopyAsync(PgSession session, IReadOnlyList<(long Target, StoredResult Row)> results)
    {
        var cancellationToken = session.CancellationToken;
        var bytes = new ByteWriter();
        await using var import = await session.Connection.BeginBinaryImportAsync($"COPY probe_results ({All}) FROM STDIN (FORMAT BINARY)", cancellationToken);
        foreach (var (target, row) in results)
        {
            await import.StartRowAsync(cancellationToken);
            await import.WriteAsync(target, NpgsqlDbType.Bigint, cancellationToken);
            await import.WriteAsync(row.At, NpgsqlDbType.Bigint, cancellationToken);
            await import.WriteAsync(row.LatencyMicros, NpgsqlDbType.Bigint, cancellationToken);
            await import.WriteAsync((int)row.Origin, NpgsqlDbType.Integer, cancellationToken);
            await import.WriteAsync((short)row.Flags, NpgsqlDbType.Smallint, cancellationToken);
            await import.WriteAsync(PgText.Clean(row.Message), NpgsqlDbType.Text, cancellationToken);
            if (row.Details is null)
            {
                await import.WriteNullAsync(cancellationToken);
            }
            else
            {
                await import.WriteAsync(PgText.Clean(row.Details), NpgsqlDbType.Text, cancellationToken);
            }

            if (Metrics(row, bytes) is { } metrics)
            {
                await import.WriteAsync(metrics, NpgsqlDbType.Bytea, cancellationToken);
            }
            else
            {
                await import.WriteNullAsync(cancellationToken);
            }
        }

        await import.CompleteAsync(cancellationToken);
    }

    /// <summary>What is there already is left alone: a batch may be given again. In order, so that two that write the same rows wait for each other, and not in a ring.</summary>
    public static PgStatement Insert(IReadOnlyList<(long Target, StoredResult Row)> results)
    {
        var bytes = new ByteWriter();
        return new PgStatement(
            $"""
             INSERT INTO probe_results ({All})
             SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::integer[], $5::smallint[], $6::text[], $7::text[], $8::bytea[]) ORDER BY 1, 2
             ON CONFLICT DO NOTHING
             """,
            results.Select(result => result.Target).ToArray(), results.Select(result => result.Row.At).ToArray(),
            results.Select(result => result.Row.LatencyMicros).ToArray(), results.Select(result => (int)result.Row.Origin).ToArray(),
            results.Select(result => (short)result.Row.Flags).ToArray(), results.Select(result => result.Row.Message).ToArray(),
            results.Select(result => result.Row.Details).ToArray(), results.Select(result => Metrics(result.Row, bytes)).ToArray());
    }

    public static StoredResult Read(NpgsqlDataReader row) => Read(row, 0);

    public static StoredResult Read(NpgsqlDataReader row, int first) => new(
        row.GetInt64(first), row.GetInt16(first + 1), row.GetInt64(first + 2), row.GetInt32(first + 3), row.GetString(first + 4), row.TextOrNull(first + 5),
        ReadMetrics(row.BytesOrNull(first + 6)));

    private static byte[]? Metrics(in StoredResult row, ByteWriter bytes)
    {
        if (row.Metrics.Items.Count == 0)
        {
            return null;
        }

        bytes.Clear();
        MetricColumns.Write(bytes, [row.Metrics]);
        return bytes.ToArray();
    }

    private static ProbeMetrics ReadMetrics(byte[]? bytes)
    {
        if (bytes is null)
        {
            return ProbeMetrics.Empty;
        }

        var reader = new ByteReader(bytes);
        return MetricColumns.Read(ref reader, 1)[0];
    }
}
