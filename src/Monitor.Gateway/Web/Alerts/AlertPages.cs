using Microsoft.AspNetCore.Routing;
using Monitor.Core.Alerts;
using Monitor.Core.Channels;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Text;
using Monitor.Gateway.Api;
using Monitor.Gateway.Api.Targets;
using Monitor.Gateway.Web.Live;
using Monitor.Gateway.Web.Serving;
using Monitor.Gateway.Web.Viewing;

namespace Monitor.Gateway.Web.Alerts;

/// <summary>What fires now, what has fired, and the story of one alert.</summary>
internal sealed class AlertPages(IHistoryStore history, ITargetStore store, BoardReader reader, PageWriter writer)
{
    private const string AlertList = "alerts:fired_at";
    private const int MaxChannels = 500;
    private const int ResultsShown = 15;

    private static readonly string[] Statuses = ["firing", "resolved"];
    private static readonly TimeSpan Before = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan After = TimeSpan.FromSeconds(5);
    private static readonly Problem Missing = Problem.NotFound(new LocalizedText("there is no such alert", "告警不存在"));

    public void Map(IEndpointRouteBuilder routes, PageRoutes pages)
    {
        pages.Get(routes, "/alerts", Role.Viewer, ListAsync);
        pages.Get(routes, "/alerts/{id:long:min(1)}", Role.Viewer, ShowAsync);
    }

    public LiveTopic Topic(Visitor visitor) => new OpenTopic(this, visitor);

    public LiveTopic Topic(Visitor visitor, long id) => new AlertTopic(this, visitor, id);

    private async Task<PageAnswer> ListAsync(PageCall call)
    {
        var given = call.Query;
        var status = given.Text("status") is null ? null : given.Choice("status", "", Statuses);
        var query = new AlertQuery(
            status is null ? null : status == "firing",
            given.Name<AlertSeverity>("severity"),
            given.Number("target_id", 1, TargetFields.MaxId),
            Day(call, "from", 0),
            Day(call, "to", 1),
            QueryReader.DefaultLimit,
            given.Cursor(AlertList));
        if (given.Refused(out var refusal))
        {
            return new Refused(refusal);
        }

        if ((await Pages.ReadAsync(query.After, () => history.ListAlertsAsync(query, call.Aborted))).Refused(out refusal!, out var page))
        {
            return new Refused(refusal);
        }

        var board = await reader.ReadAsync(call.Aborted);
        return Shown.Of<AlertListPage>(new AlertListModel
        {
            Open = board.OpenAlerts,
            Rows = page.Items,
            Total = page.Total ?? page.Items.Count,
            Channels = await ChannelsAsync(call.Aborted),
            Status = status,
            Severity = query.Severity,
            TargetId = query.TargetId,
            From = given.Text("from"),
            To = given.Text("to"),
            Next = Cursor.Encode(AlertList, page.Next),
        });
    }

    /// <summary>A day as the visitor means it: in his zone, the last one included.</summary>
    private static DateTimeOffset? Day(PageCall call, string name, int plus)
    {
        if (call.Query.Time(name) is not { } at)
        {
            return null;
        }

        if (call.Query.Text(name)!.Length > 10)
        {
            return at;
        }

        var day = at.UtcDateTime.Date is var date && date < DateTime.MaxValue.Date ? date.AddDays(plus) : date;
        return new DateTimeOffset(DateTime.SpecifyKind(day, DateTimeKind.Unspecified), call.Visitor.Zone.GetUtcOffset(DateTime.SpecifyKind(day, DateTimeKind.Unspecified)));
    }

    private async Task<PageAnswer> ShowAsync(PageCall call) =>
        await ModelAsync(call.Id, call.Aborted) is { } model ? Shown.Of<AlertPage>(model) : new Refused(Missing);

    private async Task<AlertModel?> ModelAsync(long id, CancellationToken cancellationToken)
    {
        if (await history.FindAlertAsync(id, cancellationToken) is not { } row)
        {
            return null;
        }

        var alert = row.Alert;
        var first = await ResultsAsync(alert.TargetId, alert.StartedAt - Before, alert.FiredAt + After, cancellationToken);
        var last = alert.ResolvedAt is { } over
            ? await ResultsAsync(alert.TargetId, Max(over - Before, alert.FiredAt + After), over + After, cancellationToken)
            : [];
        CheckRecord[] results = [.. last, .. first];
        return new AlertModel(row, await ChannelsAsync(cancellationToken), [.. results.Reverse()], await store.FindTargetAsync(alert.TargetId, cancellationToken) is not null);
    }

    private static DateTimeOffset Max(DateTimeOffset left, DateTimeOffset right) => left > right ? left : right;

    private async Task<IReadOnlyList<CheckRecord>> ResultsAsync(long targetId, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken) =>
        (await history.ListResultsAsync(new ResultQuery(targetId, from, to, null, ResultsShown), cancellationToken)).Items;

    private async Task<IReadOnlyList<Channel>> ChannelsAsync(CancellationToken cancellationToken) =>
        (await store.ListChannelsAsync(new ChannelQuery(MaxChannels), cancellationToken)).Items;

    private sealed class OpenTopic(AlertPages pages, Visitor visitor) : CountTopic(visitor)
    {
        protected override async Task<bool> DrawAsync(
            Dictionary<string, (string Html, long? ChangedAt)> parts, Board board, Visitor visitor, CancellationToken cancellationToken)
        {
            var model = new AlertListModel { Open = board.OpenAlerts, Rows = [], Total = 0, Channels = await pages.ChannelsAsync(cancellationToken) };
            parts["a-open"] = (await pages.Writer.FragmentAsync<OpenAlerts>(visitor, model), null);
            return false;
        }
    }

    private sealed class AlertTopic(AlertPages pages, Visitor visitor, long id) : CountTopic(visitor)
    {
        protected override async Task<bool> DrawAsync(
            Dictionary<string, (string Html, long? ChangedAt)> parts, Board board, Visitor visitor, CancellationToken cancellationToken)
        {
            if (await pages.ModelAsync(id, cancellationToken) is { } model)
            {
                parts["a-story"] = (await pages.Writer.FragmentAsync<AlertStory>(visitor, model), null);
            }

            return false;
        }
    }

    private PageWriter Writer => writer;
}
