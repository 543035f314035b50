using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Monitor.Core.Health;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Targets;
using Monitor.Gateway.Api;
using Monitor.Gateway.Api.Targets;
using Monitor.Gateway.Web.Live;
using Monitor.Gateway.Web.Serving;
using Monitor.Gateway.Web.Viewing;

namespace Monitor.Gateway.Web.Targets;

/// <summary>The list of targets, and what can be done to many of them at once.</summary>
internal sealed class TargetListPages(
    ITargetStore store, ITargetRuntime runtime, TargetEdits edits, BoardReader reader, RecentPast past, ProberCatalog catalog, PageWriter writer, TimeProvider time)
{
    private const int MaxChannels = 500;

    public void Map(IEndpointRouteBuilder routes, PageRoutes pages)
    {
        pages.Get(routes, "/targets", Role.Viewer, ShowAsync);
        pages.Post(routes, "/targets/bulk", Role.Editor, BulkAsync);
    }

    public LiveTopic Topic(Visitor visitor, IReadOnlyList<long> ids) => new RowsTopic(writer, visitor, ids);

    private async Task<PageAnswer> ShowAsync(PageCall call)
    {
        var given = call.Query;
        var sort = given.Choice("sort", "name", TargetOperations.Sorts);
        var list = "targets:" + sort;
        var filter = new TargetFilter
        {
            Text = given.Text("q"),
            Statuses = given.Names<HealthStatus>("status"),
            Type = given.Text("type"),
            Group = given.Text("group"),
            Labels = [.. given.Texts("label").Where(label => label.Length <= 300).Take(32)],
            Sort = sort,
            Limit = (int)(given.Number("limit", 1, QueryReader.MaxLimit) ?? QueryReader.DefaultLimit),
        };
        var after = given.Cursor(list);
        if (given.Refused(out var refusal))
        {
            return new Refused(refusal);
        }

        var read = await Pages.ReadAsync(after, () => store.ListTargetsAsync(Query(filter, after), call.Aborted));
        if (read.Refused(out refusal!, out var page))
        {
            return new Refused(refusal);
        }

        var board = await reader.ReadAsync(call.Aborted);
        var channels = await store.ListChannelsAsync(new ChannelQuery(MaxChannels), call.Aborted);
        return Shown.Of<TargetListPage>(new TargetListModel
        {
            Rows = [.. page.Items.Select(row => OnBoard(board, row))],
            Total = page.Total ?? page.Items.Count,
            Filter = filter,
            Next = Cursor.Encode(list, page.Next),
            At = board.At,
            Types = [.. catalog.All.OrderBy(prober => prober.Type, StringComparer.Ordinal).Select(prober => (prober.Type, prober.Name))],
            Groups = board.Groups,
            Channels = channels.Items,
            Done = given.Text("done"),
            DoneCount = (int)(given.Number("n", 0, 10_000) ?? 0),
        });
    }

    private static TargetQuery Query(TargetFilter filter, PageKey? after) => new()
    {
        Type = filter.Type,
        Statuses = filter.Statuses,
        Group = filter.Group,
        Labels = [.. filter.Labels.Select(Label).OfType<KeyValuePair<string, string>>()],
        NameContains = filter.Text,
        Sort = filter.Sort.TrimStart('-') switch { "name" => TargetSort.Name, "status_since" => TargetSort.StatusSince, _ => TargetSort.Id },
        Descending = filter.Sort.StartsWith('-'),
        Limit = filter.Limit,
        After = after,
    };

    private static KeyValuePair<string, string>? Label(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 ? KeyValuePair.Create(text[..equals].Trim(), text[(equals + 1)..].Trim()) : null;
    }

    private BoardTarget OnBoard(Board board, TargetRow row) =>
        board.ById.TryGetValue(row.Target.Id, out var known) && known.Row.Target.Revision == row.Target.Revision
            ? known
            : new BoardTarget(row, runtime.Live(row.Target.Id), past.Of(row.Target.Id), null, board.At);

    private async Task<PageAnswer> BulkAsync(PageCall call)
    {
        var ids = call.Form["id"].Select(text => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0).Where(id => id > 0).Distinct().ToArray();
        var back = call.Text("back") is var given && GoTo.IsLocal(given) && given.StartsWith("/targets", StringComparison.Ordinal) ? given : "/targets";
        if (ids.Length == 0)
        {
            return Back(back, "nothing", 0);
        }

        var (name, change) = Change(call);
        if (name == "delete" && call.Text("sure") != "yes")
        {
            return await AskAsync(call, ids, back);
        }

        var done = 0;
        foreach (var id in ids)
        {
            var edit = call.Edit(time.GetUtcNow());
            if (change is null)
            {
                done += await edits.DeleteAsync(id, Expectation.Any, edit, call.Aborted) is null ? 1 : 0;
            }
            else if ((await edits.ChangeAsync(id, change, Expectation.Any, edit, call.Aborted)).Refused(out var refusal, out _))
            {
                if (refusal.Status != StatusCodes.Status404NotFound)
                {
                    return new Refused(refusal);
                }
            }
            else
            {
                done++;
            }
        }

        return Back(back, name, done);
    }

    /// <summary>What is asked for; a change of null deletes.</summary>
    private static (string Name, Func<TargetSettings, TargetSettings>? Change) Change(PageCall call)
    {
        switch (call.Text("do"))
        {
            case "enable":
                return ("enable", settings => settings with { Enabled = true });
            case "disable":
                return ("disable", settings => settings with { Enabled = false });
            case "group":
                var group = call.Text("group").Trim() is { Length: > 0 and <= 200 } text && !text.Any(char.IsControl) ? text : null;
                return ("group", settings => settings with { Group = group });
            case "channels":
                long[] channels = [.. call.Form["channel"].Select(text => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0).Where(id => id > 0).Distinct()];
                return ("channels", settings => settings with { ChannelIds = channels });
            case "delete":
                return ("delete", null);
            default:
                return ("nothing", settings => settings);
        }
    }

    private async Task<PageAnswer> AskAsync(PageCall call, IReadOnlyList<long> ids, string back)
    {
        var board = await reader.ReadAsync(call.Aborted);
        return Shown.Of<DeletionPage>(new DeletionModel([.. ids.Where(board.ById.ContainsKey).Select(id => (id, board.ById[id].Name))], back));
    }

    private static GoTo Back(string address, string done, int count)
    {
        var plain = System.Text.RegularExpressions.Regex.Replace(address, "(?<=[?&])(done|n)=[^&]*&?", "", System.Text.RegularExpressions.RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)).TrimEnd('?', '&');
        return GoTo.Local(string.Create(CultureInfo.InvariantCulture, $"{plain}{(plain.Contains('?', StringComparison.Ordinal) ? '&' : '?')}done={done}&n={count}"));
    }

    /// <summary>The rows of one page of the list.</summary>
    private sealed class RowsTopic(PageWriter writer, Visitor visitor, IReadOnlyList<long> ids) : CountTopic(visitor)
    {
        private readonly Dictionary<long, (BoardTarget Target, string Html)> _drawn = [];

        public override bool IsDue(Board board, Board? drawnFrom) => true;

        protected override async Task<bool> DrawAsync(
            Dictionary<string, (string Html, long? ChangedAt)> parts, Board board, Visitor visitor, CancellationToken cancellationToken)
        {
            foreach (var id in ids)
            {
                if (!board.ById.TryGetValue(id, out var target))
                {
                    continue;
                }

                if (!_drawn.TryGetValue(id, out var drawn) || drawn.Target.ChangedAt != target.ChangedAt || !ReferenceEquals(drawn.Target.Last, target.Last))
                {
                    drawn = (target, await writer.FragmentAsync<TargetRowView>(visitor, new TargetRowModel(target, visitor.CanEdit)));
                    _drawn[id] = drawn;
                }

                parts["r-" + id.ToString(CultureInfo.InvariantCulture)] = (drawn.Html, null);
            }

            return false;
        }
    }
}
