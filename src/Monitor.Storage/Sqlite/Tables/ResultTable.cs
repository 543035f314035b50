using System.Text;
using Microsoft.Data.Sqlite;
using Monitor.Core.Probing;
using Monitor.Storage.Codecs;
using SQLitePCL;

namespace Monitor.Storage.Sqlite.Tables;

/// <summary>Results of the last minutes, a row each, by slots of time and in these by target.</summary>
internal static class ResultTable
{
    public const long SlotMicros = 5 * Micros.PerSecond;

    public const string Columns = "checked_at, flags, latency_us, origin, message, details, metrics";

    private const string InsertSql =
        """
        INSERT OR IGNORE INTO probe_results (target_id, checked_at, flags, latency_us, origin, message, details, metrics, slot)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
        """;

    /// <summary>What is there already is left alone: a batch may be given again.</summary>
    /// <returns>The earliest time written.</returns>
    public static long Insert(SqliteSession session, IReadOnlyList<CheckRecord> results)
    {
        var insert = session.Bare(InsertSql);
        var origins = new Dictionary<(string, string), long>();
        var bytes = new ByteWriter();
        var earliest = long.MaxValue;
        foreach (var result in results)
        {
            if (!origins.TryGetValue((result.Silo, result.Zone), out var origin))
            {
                origin = OriginTable.NumberOf(session, result.Silo, result.Zone);
                origins.Add((result.Silo, result.Zone), origin);
            }

            var row = StoredResult.Of(result, origin);
            raw.sqlite3_bind_int64(insert, 1, result.TargetId);
            raw.sqlite3_bind_int64(insert, 9, SlotOf(row.At));
            Bind(insert, row, bytes);
            session.Step(insert);
            session.OpenSlots?.Saw(result.TargetId, SlotOf(row.At));
            earliest = Math.Min(earliest, row.At);
        }

        return earliest;
    }

    public static long SlotOf(long micros) => micros / SlotMicros;

    public static StoredResult Read(SqliteDataReader row) => new(
        row.GetInt64(0), row.GetInt32(1), row.GetInt64(2), row.GetInt64(3), row.GetString(4), row.TextOrNull(5), ReadMetrics(row.BytesOrNull(6)));

    private static void Bind(sqlite3_stmt insert, in StoredResult row, ByteWriter bytes)
    {
        raw.sqlite3_bind_int64(insert, 2, row.At);
        raw.sqlite3_bind_int(insert, 3, row.Flags);
        raw.sqlite3_bind_int64(insert, 4, row.LatencyMicros);
        raw.sqlite3_bind_int64(insert, 5, row.Origin);
        raw.sqlite3_bind_text(insert, 6, Encoding.UTF8.GetBytes(row.Message));
        if (row.Details is null)
        {
            raw.sqlite3_bind_null(insert, 7);
        }
        else
        {
            raw.sqlite3_bind_text(insert, 7, Encoding.UTF8.GetBytes(row.Details));
        }

        if (row.Metrics.Items.Count == 0)
        {
            raw.sqlite3_bind_null(insert, 8);
        }
        else
        {
            bytes.Clear();
            MetricColumns.Write(bytes, [row.Metrics]);
            raw.sqlite3_bind_blob(insert, 8, bytes.Written);
        }
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
