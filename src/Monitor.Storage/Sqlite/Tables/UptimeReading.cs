using Monitor.Core.Alerts;
using Monitor.Core.History;
using Monitor.Core.Ports;
using Monitor.Core.Text;
using Monitor.Storage.Codecs;

namespace Monitor.Storage.Sqlite.Tables;

/// <summary>Uptime and history of one target: whole hours from rollups, their edges and the last minutes from results. Lives for one read.</summary>
internal sealed class UptimeReading
{
    private readonly SqliteSession _session;
    private readonly long _targetId;
    private readonly ResultReading _results;
    private readonly long _reach;

    public UptimeReading(SqliteSession session, long targetId)
    {
        _session = session;
        _targetId = targetId;
        _results = new ResultReading(session);
        _reach = ReachOf(session, targetId);
    }

    /// <summary>Microseconds that a result of the target speaks for; what a target that is gone had is not known any more.</summary>
    public static long ReachOf(SqliteSession session, long targetId)
    {
        var (interval, timeout) = session.First(
            row => (row.GetInt32(0), row.GetInt32(1)), "SELECT interval_seconds, timeout_seconds FROM probe_targets WHERE id = @1", targetId);
        return Micros.Of(UptimeMath.Reach(interval, timeout));
    }

    public Uptime Uptime(long from, long to)
    {
        var firstHour = CeilingHour(from);
        var endHour = Math.Max(firstHour, to / RollupTable.HourMicros);
        var summary = new ResultSummary();
        var wholeFrom = Math.Min(firstHour * RollupTable.HourMicros, to);
        var wholeTo = Math.Max(wholeFrom, Math.Min(endHour * RollupTable.HourMicros, to));

        // What was seen just before the window speaks for its beginning.
        AddRaw(summary, from - _reach, wholeFrom, from);
        RollupTable.Add(_session, _targetId, firstHour, endHour, _ => summary);
        foreach (var row in _results.NotPacked(_targetId, wholeFrom, wholeTo))
        {
            summary.Add(row.At, row.Outcome, row.HasWarnings, row.LatencyMicros, _reach);
        }

        AddRaw(summary, wholeTo, to, from);
        return UptimeMath.Of(summary, Outages(from, to), from, to);
    }

    public IReadOnlyList<HistoryPoint> History(long from, long to, long step)
    {
        var steps = new SortedDictionary<long, ResultSummary>();
        if (step % RollupTable.HourMicros == 0)
        {
            AddHours(steps, from, to, step);
            return Points(steps);
        }

        var rawFrom = Math.Max(from, FirstRawHour() * RollupTable.HourMicros);
        if (from < rawFrom)
        {
            // Hours are all that is left: a finer step would pretend to more.
            var coarse = Math.Max(1, (step + RollupTable.HourMicros - 1) / RollupTable.HourMicros) * RollupTable.HourMicros;
            RollupTable.Add(
                _session, _targetId, CeilingHour(from), CeilingHour(Math.Min(to, rawFrom)),
                hour => At(steps, hour * RollupTable.HourMicros / coarse * coarse));
        }

        foreach (var row in _results.Descending(_targetId, rawFrom, to).Where(row => row.IsConclusive))
        {
            At(steps, row.At / step * step).Count(row.Outcome, row.HasWarnings, row.LatencyMicros);
        }

        return Points(steps);
    }

    /// <summary>Steps of whole hours need no results but those of the edges and those that no rollup knows yet.</summary>
    private void AddHours(SortedDictionary<long, ResultSummary> steps, long from, long to, long step)
    {
        var (firstHour, endHour) = (CeilingHour(from), to / RollupTable.HourMicros);
        var wholeFrom = Math.Min(firstHour * RollupTable.HourMicros, to);
        var wholeTo = Math.Max(wholeFrom, endHour * RollupTable.HourMicros);
        RollupTable.Add(_session, _targetId, firstHour, endHour, hour => At(steps, hour * RollupTable.HourMicros / step * step));
        var rest = _results.Descending(_targetId, from, wholeFrom).Concat(_results.NotPacked(_targetId, wholeFrom, wholeTo)).Concat(_results.Descending(_targetId, wholeTo, to));
        foreach (var row in rest.Where(row => row.IsConclusive))
        {
            At(steps, row.At / step * step).Count(row.Outcome, row.HasWarnings, row.LatencyMicros);
        }
    }

    private static HistoryPoint[] Points(SortedDictionary<long, ResultSummary> steps) =>
    [
        .. steps.Where(pair => pair.Value.Checks > 0).Select(pair => new HistoryPoint(
            Micros.ToTime(pair.Key),
            pair.Value.Checks,
            pair.Value.Failures,
            pair.Value.Warnings,
            pair.Value.Timed == 0 ? null : Math.Round(pair.Value.SumMicros / (double)pair.Value.Timed / 1_000, 3),
            pair.Value.Timed == 0 ? null : pair.Value.MaxMicros / 1_000.0)),
    ];

    private static long CeilingHour(long micros) => (micros + RollupTable.HourMicros - 1) / RollupTable.HourMicros;

    private static ResultSummary At(SortedDictionary<long, ResultSummary> steps, long start)
    {
        if (!steps.TryGetValue(start, out var summary))
        {
            steps.Add(start, summary = new ResultSummary());
        }

        return summary;
    }

    private void AddRaw(ResultSummary summary, long from, long to, long countFrom)
    {
        foreach (var row in _results.Descending(_targetId, from, to).Reverse())
        {
            if (row.At >= countFrom)
            {
                summary.Add(row.At, row.Outcome, row.HasWarnings, row.LatencyMicros, _reach);
            }
            else if (row.IsConclusive)
            {
                summary.Observed.Saw(row.At, _reach);
            }
            else if (row.Outcome == Core.Probing.ProbeOutcome.Skipped)
            {
                summary.Observed.Cut(row.At);
            }
        }
    }

    /// <summary>The hour of the oldest result that is still there; retention takes whole hours, so all since then is.</summary>
    private long FirstRawHour()
    {
        var block = _session.Number(
            "SELECT id FROM result_blocks WHERE id >= @1 AND id < @2 ORDER BY id LIMIT 1", BlockKey.Of(_targetId, 0), BlockKey.Of(_targetId + 1, 0));
        var first = Math.Min(block is { } id ? BlockKey.StartOf(id % BlockKey.Span) : long.MaxValue, _results.OldestOpen(_targetId) ?? long.MaxValue);
        return first / RollupTable.HourMicros;
    }

    private List<(long Start, long End)> Outages(long from, long to) => _session.Rows(
        row => (row.GetInt64(0), row.LongOrNull(1) ?? to),
        "SELECT started_at, resolved_at FROM alert_records WHERE target_id = @1 AND severity = @2 AND started_at < @4 AND (resolved_at IS NULL OR resolved_at > @3)",
        _targetId, AlertSeverity.Critical.Name(), from, to);
}
