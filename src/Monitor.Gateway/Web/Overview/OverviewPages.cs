using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Routing;
using Monitor.Core.Ports;
using Monitor.Gateway.Web.Live;
using Monitor.Gateway.Web.Serving;
using Monitor.Gateway.Web.Viewing;

namespace Monitor.Gateway.Web.Overview;

/// <summary>The first page: what is broken, and everything at a glance.</summary>
internal sealed class OverviewPages(BoardReader reader, ITargetStore store, PageWriter writer, HtmlEncoder encoder)
{
    private const int MaxChannels = 500;

    /// <summary>Beyond these a page that is read anew is smaller than its parts.</summary>
    private const int MaxParts = 300;

    private Dictionary<long, string>? _channels;

    public void Map(IEndpointRouteBuilder routes, PageRoutes pages) => pages.Get(routes, "/", Role.Viewer, ShowAsync);

    public LiveTopic Topic(Visitor visitor) => new OverviewTopic(this, visitor);

    private async Task<PageAnswer> ShowAsync(PageCall call) =>
        Shown.Of<OverviewPage>(await ModelAsync(await reader.ReadAsync(call.Aborted), call.Aborted));

    private async Task<OverviewModel> ModelAsync(Board board, CancellationToken cancellationToken)
    {
        try
        {
            var channels = await store.ListChannelsAsync(new ChannelQuery(MaxChannels), cancellationToken);
            _channels = channels.Items.ToDictionary(channel => channel.Id, channel => channel.Settings.Name);
        }
        catch (StoreUnavailableException) when (_channels is not null)
        {
            // While the store is away this is the page that must be there: with the names as they were.
        }

        return new OverviewModel(board, _channels);
    }

    private sealed class OverviewTopic(OverviewPages pages, Visitor visitor) : CountTopic(visitor)
    {
        private int? _shape;
        private DateTimeOffset _tilesAt = DateTimeOffset.MaxValue;

        protected override async Task<bool> DrawAsync(
            Dictionary<string, (string Html, long? ChangedAt)> parts, Board board, Visitor visitor, CancellationToken cancellationToken)
        {
            var model = await pages.ModelAsync(board, cancellationToken);
            var shape = model.Shape();
            var isStale = _shape is { } before && before != shape;
            _shape = shape;
            parts["o-conditions"] = (await pages.Writer.FragmentAsync<OverviewConditions>(visitor, model), null);
            parts["o-summary"] = (await pages.Writer.FragmentAsync<OverviewSummary>(visitor, model), null);
            parts["o-trouble"] = (await pages.Writer.FragmentAsync<TroubleList>(visitor, model), null);
            foreach (var group in model.Groups)
            {
                parts[group.Id] = (await pages.Writer.FragmentAsync<GroupHead>(visitor, group), null);
            }

            foreach (var target in board.Targets)
            {
                parts[TileDrawing.Id(target.Id)] = (TileDrawing.Html(target, visitor.Language, pages.Encoder), target.ChangedAt.ToUnixTimeMilliseconds());
            }

            var changed = board.Targets.Count(target => target.ChangedAt > _tilesAt);
            _tilesAt = board.At;
            return isStale || changed > MaxParts;
        }
    }

    private PageWriter Writer => writer;

    private HtmlEncoder Encoder => encoder;
}
