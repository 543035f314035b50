using Monitor.Core.Alerts;
using Monitor.Core.History;
using Monitor.Core.Ports;
using Monitor.Core.Text;
using Monitor.Storage.Codecs;

namespace Monitor.Storage.Postgres.Tables;

/// <summary>Uptime and history of one target: whole hours from rollups, their edges and the last minutes from results. Lives for one read.</summary>
internal sealed class UptimeReading
{
    private readonly PgSession _session;
    private readonly long _targetId;
    private readonly ResultReading _results;
    private readonly long _reach;

    private UptimeReading(PgSession session, long targetId, long reach)
    {
        _session = session;
        _targetId = targetId;
        _results = new ResultReading(session);
        _reach = reach;
    }

    public static async Task<UptimeReading> OfAsync(PgSession session, long targetId)
    {
        var (interval, timeout) = await session.FirstAsync(
            row => (row.GetInt32(0), row.GetInt32(1)), "SELECT interval_seconds, timeout_seconds FROM probe_targets WHERE id = $1", targetId);
        return new UptimeReading(session, targetId, ReachOf(interval, timeout));
    }

    /// <summary>Microseconds that a result of the target speaks for; what a target that is gone had (0, 0) is not known any more.</summary>
    public static long ReachOf(int interval, int timeout) => Micros.Of(UptimeMath.Reach(interval, timeout));

    public async Task<Uptime> UptimeAsync(long from, long to)
    {
        var firstHour = CeilingHour(from);
        var endHour = Math.Max(firstHour, to / RollupTable.HourMicros);
        var summary = new ResultSummary();
        var wholeFrom = Math.Min(firstHour * RollupTable.HourMicros, to);
        var wholeTo = Math.Max(wholeFrom, Math.Min(endHour * RollupTable.HourMicros, to));

        // What was seen just before the window speaks for its beginning.
        await AddRawAsync(summary, from - _reach, wholeFrom, from);
        await RollupTable.AddAsync(_session, _targetId, firstHour, endHour, _ => summary);
        foreach (var row in await _results.NotPackedAsync(_targetId, wholeFrom, wholeTo))
        {
            summary.Add(row.At, row.Outcome, row.HasWarnings, row.LatencyMicros, _reach);
        }

        await AddRawAsync(summary, wholeTo, to, from);
        return UptimeMath.Of(summary, await OutagesAsync(from, to), from, to);
    }

    public async Task<IReadOnlyList<HistoryPoint>> HistoryAsync(long from, long to, long step)
    {
        var steps = new SortedDictionary<long, ResultSummary>();
        var rawFrom = Math.Max(from, await FirstRawHourAsync() * RollupTable.HourMicros);
        if (from < rawFrom)
        {
            // Hours are all that is left: a finer step would pretend to more.
            var coarse = Math.Max(1, (step + RollupTable.HourMicros - 1) / RollupTable.HourMicros) * RollupTable.HourMicros;
            await RollupTable.AddAsync(
                _session, _targetId, CeilingHour(from), CeilingHour(Math.Min(to, rawFrom)),
                hour => At(steps, hour * RollupTable.HourMicros / coarse * coarse));
        }

        await foreach (var row in _results.DescendingAsync(_targetId, rawFrom, to, cancellationToken: _session.CancellationToken).Where(row => row.IsConclusive))
        {
            At(steps, row.At / step * step).Count(row.Outcome, row.HasWarnings, row.LatencyMicros);
        }

        return
        [
            .. steps.Where(pair => pair.Value.Checks > 0).Select(pair => new HistoryPoint(
                Micros.ToTime(pair.Key),
                pair.Value.Checks,
                pair.Value.Failures,
                pair.Value.Warnings,
                pair.Value.Timed == 0 ? null : Math.Round(pair.Value.SumMicros / (double)pair.Value.Timed / 1_000, 3),
                pair.Value.Timed == 0 ? null : pair.Value.MaxMicros / 1_000.0)),
        ];
    }

    private static long CeilingHour(long micros) => (micros + RollupTable.HourMicros - 1) / RollupTable.HourMicros;

    private static ResultSummary At(SortedDictionary<long, ResultSummary> steps, long start)
    {
        if (!steps.TryGetValue(start, out var summary))
        {
            steps.Add(start, summary = new ResultSummary());
        }

        return summary;
    }

    private async Task AddRawAsync(ResultSummary summary, long from, long to, long countFrom)
    {
        foreach (var row in Enumerable.Reverse(await _results.DescendingAsync(_targetId, from, to, cancellationToken: _session.CancellationToken).ToListAsync(_session.CancellationToken)))
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
    private async Task<long> FirstRawHourAsync()
    {
        var block = await _session.NumberAsync("SELECT ten_minutes FROM result_blocks WHERE target_id = $1 ORDER BY ten_minutes LIMIT 1", _targetId);
        var open = await _session.NumberAsync("SELECT checked_at FROM probe_results WHERE target_id = $1 ORDER BY checked_at LIMIT 1", _targetId);
        var first = Math.Min(block is { } window ? BlockKey.StartOf(window) : long.MaxValue, open ?? long.MaxValue);
        return first / RollupTable.HourMicros;
    }

    private Task<List<(long Start, long End)>> OutagesAsync(long from, long to) => _session.RowsAsync(
        row => (row.GetInt64(0), row.LongOrNull(1) ?? to),
        "SELECT started_at, resolved_at FROM alert_records WHERE target_id = $1 AND severity = $2 AND started_at < $4 AND (resolved_at IS NULL OR resolved_at > $3) AND same_as IS NULL",
        _targetId, AlertSeverity.Critical.Name(), from, to);
}
