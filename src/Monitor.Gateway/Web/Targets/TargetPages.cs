using System.Globalization;
using Microsoft.AspNetCore.Routing;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Text;
using Monitor.Gateway.Api;
using Monitor.Gateway.Api.Targets;
using Monitor.Gateway.Web.Charts;
using Monitor.Gateway.Web.Live;
using Monitor.Gateway.Web.Serving;
using Monitor.Gateway.Web.Verdicts;
using Monitor.Gateway.Web.Viewing;

namespace Monitor.Gateway.Web.Targets;

/// <summary>One target.</summary>
internal sealed class TargetPages(
    ITargetStore store,
    IHistoryStore history,
    ITargetRuntime runtime,
    TargetEdits edits,
    RecentPast past,
    ProberCatalog catalog,
    PageWriter writer,
    TimeProvider time)
{
    private const int ResultsShown = 20;
    private const int ResultsPerPage = 100;
    private const int AlertsShown = 10;
    private const int MaxChannels = 500;

    public void Map(IEndpointRouteBuilder routes, PageRoutes pages)
    {
        pages.Get(routes, "/targets/{id:long:min(1)}", Role.Viewer, call => ShowAsync(call, probed: null));
        pages.Post(routes, "/targets/{id:long:min(1)}/probe", Role.Editor, ProbeAsync);
        pages.Post(routes, "/targets/{id:long:min(1)}/enable", Role.Editor, call => SwitchAsync(call, enabled: true));
        pages.Post(routes, "/targets/{id:long:min(1)}/disable", Role.Editor, call => SwitchAsync(call, enabled: false));
    }

    public LiveTopic Topic(Visitor visitor, long id, TargetRange range) => new TargetTopic(this, visitor, id, range);

    private async Task<PageAnswer> ShowAsync(PageCall call, CheckRecord? probed)
    {
        if (TargetRanges.Find(call.Query.Text("range")) is not { } range)
        {
            call.Query.Choice("range", "24h", [.. TargetRanges.All.Select(one => one.Key)]);
            _ = call.Query.Refused(out var unknown);
            return new Refused(unknown);
        }

        var list = "results:" + call.Id.ToString(CultureInfo.InvariantCulture);
        var only = call.Query.Text("results") == "failures";
        var after = call.Query.Cursor(list);
        if (call.Query.Refused(out var refusal))
        {
            return new Refused(refusal);
        }

        if (await ModelAsync(call.Visitor, call.Id, range, only, after, call.Aborted) is not { } model)
        {
            return new Refused(TargetEdits.Missing);
        }

        return Shown.Of<TargetPage>(model with { Probed = probed, IsSaved = call.Query.Text("saved") is not null });
    }

    private async Task<PageAnswer> ProbeAsync(PageCall call)
    {
        if (await store.FindTargetAsync(call.Id, call.Aborted) is null)
        {
            return new Refused(TargetEdits.Missing);
        }

        return await runtime.ProbeNowAsync(call.Id, call.Aborted) is { } result ? await ShowAsync(call, result) : new Refused(ProbesApi.NotRunning);
    }

    private async Task<PageAnswer> SwitchAsync(PageCall call, bool enabled)
    {
        var edited = await edits.ChangeAsync(call.Id, settings => settings with { Enabled = enabled }, Expectation.Any, call.Edit(time.GetUtcNow()), call.Aborted);
        return edited.Refused(out var refusal, out _) ? new Refused(refusal) : new GoTo("/targets/" + call.Id.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Null when there is no such target.</summary>
    private async Task<TargetModel?> ModelAsync(Visitor visitor, long id, TargetRange range, bool onlyFailures, PageKey? after, CancellationToken cancellationToken)
    {
        if (await store.FindTargetAsync(id, cancellationToken) is not { } row)
        {
            return null;
        }

        var now = time.GetUtcNow();
        var from = now - range.Length;
        var current = new BoardTarget(row, runtime.Live(id), past.Of(id), null, now);
        var channels = (await store.ListChannelsAsync(new ChannelQuery(MaxChannels), cancellationToken)).Items;
        var seen = await PastAsync(current, range, onlyFailures, after, now, cancellationToken) ?? await WithoutStoreAsync(current, cancellationToken);
        return new TargetModel
        {
            Target = row.Target,
            Now = current,
            TypeName = catalog.Find(row.Target.Settings.Type)?.Name ?? new LocalizedText(row.Target.Settings.Type, row.Target.Settings.Type),
            Range = range,
            Chart = new LatencyChart(seen.Points, from, now, range.Step),
            Bars = UptimeBars.Of(seen.Points, now, range.Length, range.Bar),
            Uptimes = seen.Uptimes,
            Results = seen.Results.Items,
            OlderResults = Cursor.Encode("results:" + id.ToString(CultureInfo.InvariantCulture), seen.Results.Next),
            OnlyFailures = onlyFailures,
            Alerts = seen.Alerts,
            IsWithoutHistory = !seen.IsKnown,
            Channels = channels,
            Why = Verdict.Explain(visitor, current, row.Target.Settings, seen.Latest, seen.Alerts, channels),
        };
    }

    /// <summary>Null while the store is away.</summary>
    private async Task<Past?> PastAsync(BoardTarget target, TargetRange range, bool onlyFailures, PageKey? after, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var id = target.Id;
        try
        {
            var points = await history.HistoryAsync(id, now - range.Length, now, range.Step, cancellationToken);
            var limit = after is null && !onlyFailures ? ResultsShown : ResultsPerPage;
            var results = await history.ListResultsAsync(new ResultQuery(id, null, null, onlyFailures ? false : null, limit, after), cancellationToken);
            var latest = after is null && !onlyFailures ? results : await history.ListResultsAsync(new ResultQuery(id, null, null, null, ResultsShown), cancellationToken);
            var alerts = await history.ListAlertsAsync(new AlertQuery(null, null, id, null, null, AlertsShown), cancellationToken);
            var uptimes = new List<(TargetRange Range, Uptime Uptime)>();
            foreach (var window in TargetRanges.All.Skip(1))
            {
                uptimes.Add((window, await history.UptimeAsync(id, now - window.Length, now, cancellationToken)));
            }

            return new Past(points, results, latest.Items, alerts.Items, uptimes, IsKnown: true);
        }
        catch (StoreUnavailableException)
        {
            return null;
        }
    }

    /// <summary>What this process knows by itself: the last result, and the alerts that are open.</summary>
    private async Task<Past> WithoutStoreAsync(BoardTarget target, CancellationToken cancellationToken)
    {
        var open = await history.ListAlertsAsync(new AlertQuery(true, null, target.Id, null, null, AlertsShown), cancellationToken);
        CheckRecord[] last = target.Last is { } result ? [result] : [];
        return new Past([], new Page<CheckRecord>(last, null, null), last, [.. open.Items.Where(row => row.Alert.Id != 0)], [], IsKnown: false);
    }

    private sealed record Past(
        IReadOnlyList<HistoryPoint> Points, Page<CheckRecord> Results, IReadOnlyList<CheckRecord> Latest, IReadOnlyList<AlertRow> Alerts,
        IReadOnlyList<(TargetRange Range, Uptime Uptime)> Uptimes, bool IsKnown);

    private sealed class TargetTopic(TargetPages pages, Visitor visitor, long id, TargetRange range) : CountTopic(visitor)
    {
        /// <summary>A chart of hours does not change with every check.</summary>
        private static readonly TimeSpan ChartPace = TimeSpan.FromSeconds(20);

        private DateTimeOffset _chartAt;
        private (string Chart, string Uptime) _chart;
        private long _revision = -1;

        public override bool IsDue(Board board, Board? drawnFrom) =>
            base.IsDue(board, drawnFrom) || !ReferenceEquals(board.ById.GetValueOrDefault(id)?.Last, drawnFrom!.ById.GetValueOrDefault(id)?.Last);

        protected override async Task<bool> DrawAsync(
            Dictionary<string, (string Html, long? ChangedAt)> parts, Board board, Visitor visitor, CancellationToken cancellationToken)
        {
            if (await pages.ModelAsync(visitor, id, range, onlyFailures: false, after: null, cancellationToken) is not { } model)
            {
                return true;
            }

            var writer = pages.Writer;
            parts["d-state"] = (await writer.FragmentAsync<TargetState>(visitor, model), null);
            parts["d-metrics"] = (await writer.FragmentAsync<MetricsView>(visitor, model), null);
            parts["d-results"] = (await writer.FragmentAsync<ResultTable>(visitor, model), null);
            parts["d-alerts"] = (await writer.FragmentAsync<TargetAlerts>(visitor, model), null);
            parts["d-why"] = (await writer.FragmentAsync<WhyList>(visitor, model), null);
            if (board.At - _chartAt >= ChartPace)
            {
                _chartAt = board.At;
                _chart = (await writer.FragmentAsync<ChartView>(visitor, model), await writer.FragmentAsync<UptimeView>(visitor, model));
            }

            parts["d-chart"] = (_chart.Chart, null);
            parts["d-uptime"] = (_chart.Uptime, null);
            var isStale = _revision >= 0 && _revision != model.Target.Revision;
            _revision = model.Target.Revision;
            return isStale;
        }
    }

    private PageWriter Writer => writer;
}
