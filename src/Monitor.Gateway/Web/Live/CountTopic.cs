using System.Globalization;
using Monitor.Gateway.Web.Components;
using Monitor.Gateway.Web.Text;
using Monitor.Gateway.Web.Viewing;

namespace Monitor.Gateway.Web.Live;

/// <summary>What every page follows: how many targets are down, beside the alerts in the navigation, and whether the store is away.</summary>
internal class CountTopic(Visitor visitor) : LiveTopic(visitor)
{
    public override bool IsDue(Board board, Board? drawnFrom) => drawnFrom is null || board.Version != drawnFrom.Version;

    protected sealed override async Task<LiveDrawing> DrawAsync(Board board, Visitor visitor, CancellationToken cancellationToken)
    {
        var parts = new Dictionary<string, (string Html, long? ChangedAt)>(StringComparer.Ordinal) { ["nav-count"] = (Count(visitor), null), ["store-away"] = (StoreAwayDrawing.Html(visitor), null) };
        var isStale = await DrawAsync(parts, board, visitor, cancellationToken);
        return new LiveDrawing(parts, isStale);
    }

    /// <summary>Adds the view's own parts; true when the page is to be read anew.</summary>
    protected virtual Task<bool> DrawAsync(
        Dictionary<string, (string Html, long? ChangedAt)> parts, Board board, Visitor visitor, CancellationToken cancellationToken) => Task.FromResult(false);

    private static string Count(Visitor visitor)
    {
        var count = visitor.Unhealthy;
        return string.Create(CultureInfo.InvariantCulture, $"<span class=\"count\" id=\"nav-count\" data-count=\"{count}\"{(count == 0 ? " hidden" : "")}>{count}<span class=\"hidden\"> {visitor.T(CommonWords.DownNow)}</span></span>");
    }
}
