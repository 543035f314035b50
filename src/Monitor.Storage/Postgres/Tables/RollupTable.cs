using Monitor.Core.History;
using Monitor.Storage.Codecs;
using Monitor.Storage.Rollups;

namespace Monitor.Storage.Postgres.Tables;

/// <summary>What hours add up to.</summary>
internal static class RollupTable
{
    public const long HourMicros = 3_600 * Micros.PerSecond;

    public static PgStatement Write(IReadOnlyList<(long Target, long Hour, ResultSummary Summary)> hours) => new(
        """
        INSERT INTO rollups (target_id, hour, checks, failures, warnings, timed, sum_us, max_us, sketch, observed)
        SELECT * FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bytea[], $10::bytea[])
        ON CONFLICT (target_id, hour) DO UPDATE SET checks = excluded.checks, failures = excluded.failures, warnings = excluded.warnings, timed = excluded.timed,
            sum_us = excluded.sum_us, max_us = excluded.max_us, sketch = excluded.sketch, observed = excluded.observed
        """,
        hours.Select(row => row.Target).ToArray(), hours.Select(row => (int)row.Hour).ToArray(), hours.Select(row => row.Summary.Checks).ToArray(),
        hours.Select(row => row.Summary.Failures).ToArray(), hours.Select(row => row.Summary.Warnings).ToArray(), hours.Select(row => row.Summary.Timed).ToArray(),
        hours.Select(row => row.Summary.SumMicros).ToArray(), hours.Select(row => row.Summary.MaxMicros).ToArray(),
        hours.Select(row => SummaryCodec.EncodeSketch(row.Summary.Latencies)).ToArray(),
        hours.Select(row => SummaryCodec.EncodeObserved(row.Summary.Observed, row.Hour * HourMicros)).ToArray());

    /// <summary>Hours from <paramref name="from"/> up to before <paramref name="to"/>, oldest first, added into what <paramref name="into"/> answers for each.</summary>
    public static Task AddAsync(PgSession session, long targetId, long from, long to, Func<long, ResultSummary> into) => session.RowsAsync(
        row =>
        {
            var hour = row.GetInt32(0);
            var summary = into(hour);
            summary.Checks += row.GetInt64(1);
            summary.Failures += row.GetInt64(2);
            summary.Warnings += row.GetInt64(3);
            summary.Timed += row.GetInt64(4);
            summary.SumMicros += row.GetInt64(5);
            summary.MaxMicros = Math.Max(summary.MaxMicros, row.GetInt64(6));
            SummaryCodec.AddSketch(summary.Latencies, row.GetFieldValue<byte[]>(7));
            SummaryCodec.AddObserved(summary.Observed, row.GetFieldValue<byte[]>(8), hour * HourMicros);
            return hour;
        },
        """
        SELECT hour, checks, failures, warnings, timed, sum_us, max_us, sketch, observed FROM rollups
        WHERE target_id = $1 AND hour >= $2 AND hour < $3 ORDER BY hour
        """,
        targetId, from, to);
}
