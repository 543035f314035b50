using Monitor.Core.History;
using Monitor.Storage.Codecs;
using Monitor.Storage.Rollups;

namespace Monitor.Storage.Sqlite.Tables;

/// <summary>What hours add up to.</summary>
internal static class RollupTable
{
    public const long HourMicros = 3_600 * Micros.PerSecond;

    public static void Write(SqliteSession session, long targetId, long hour, ResultSummary summary) => session.Execute(
        """
        INSERT OR REPLACE INTO rollups (target_id, hour, checks, failures, warnings, timed, sum_us, max_us, sketch, observed)
        VALUES (@1, @2, @3, @4, @5, @6, @7, @8, @9, @10)
        """,
        targetId, hour, summary.Checks, summary.Failures, summary.Warnings, summary.Timed, summary.SumMicros, summary.MaxMicros,
        SummaryCodec.EncodeSketch(summary.Latencies), SummaryCodec.EncodeObserved(summary.Observed, hour * HourMicros));

    /// <summary>Hours from <paramref name="from"/> up to before <paramref name="to"/>, oldest first, added into what <paramref name="into"/> answers for each.</summary>
    public static void Add(SqliteSession session, long targetId, long from, long to, Func<long, ResultSummary> into)
    {
        const string Sql =
            """
            SELECT hour, checks, failures, warnings, timed, sum_us, max_us, sketch, observed FROM rollups
            WHERE target_id = @1 AND hour >= @2 AND hour < @3 ORDER BY hour
            """;
        using var row = session.Query(Sql, targetId, from, to);
        while (row.Read())
        {
            var hour = row.GetInt64(0);
            var summary = into(hour);
            summary.Checks += row.GetInt64(1);
            summary.Failures += row.GetInt64(2);
            summary.Warnings += row.GetInt64(3);
            summary.Timed += row.GetInt64(4);
            summary.SumMicros += row.GetInt64(5);
            summary.MaxMicros = Math.Max(summary.MaxMicros, row.GetInt64(6));
            SummaryCodec.AddSketch(summary.Latencies, row.GetFieldValue<byte[]>(7));
            SummaryCodec.AddObserved(summary.Observed, row.GetFieldValue<byte[]>(8), hour * HourMicros);
        }
    }
}
