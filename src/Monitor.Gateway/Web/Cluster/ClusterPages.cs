using Microsoft.AspNetCore.Routing;
using Monitor.Core.Ports;
using Monitor.Gateway.Api.Service;
using Monitor.Gateway.Web.Live;
using Monitor.Gateway.Web.Serving;
using Monitor.Gateway.Web.Viewing;

namespace Monitor.Gateway.Web.Cluster;

/// <summary>The monitor itself: its silos, their shards, and what is not well.</summary>
internal sealed class ClusterPages(ClusterFigures figures, ITargetRuntime runtime, BoardReader reader, PageWriter writer)
{
    public void Map(IEndpointRouteBuilder routes, PageRoutes pages) => pages.Get(routes, "/cluster", Role.Viewer, ShowAsync);

    public LiveTopic Topic(Visitor visitor) => new ClusterTopic(this, visitor);

    private async Task<PageAnswer> ShowAsync(PageCall call) => Shown.Of<ClusterPage>(await ModelAsync(await reader.ReadAsync(call.Aborted), call.Aborted));

    private async Task<ClusterModel> ModelAsync(Board board, CancellationToken cancellationToken)
    {
        var unprobed = runtime.Unprobed().Take(100).Select(id => (id, board.ById.GetValueOrDefault(id)?.Name ?? "")).ToArray();
        return new ClusterModel(await figures.ReadAsync(cancellationToken), board.Reasons, unprobed);
    }

    private sealed class ClusterTopic(ClusterPages pages, Visitor visitor) : CountTopic(visitor)
    {
        private static readonly TimeSpan Pace = TimeSpan.FromSeconds(2);

        public override bool IsDue(Board board, Board? drawnFrom) => base.IsDue(board, drawnFrom) || board.At - drawnFrom!.At >= Pace;

        protected override async Task<bool> DrawAsync(
            Dictionary<string, (string Html, long? ChangedAt)> parts, Board board, Visitor visitor, CancellationToken cancellationToken)
        {
            parts["c-cluster"] = (await pages.Writer.FragmentAsync<ClusterView>(visitor, await pages.ModelAsync(board, cancellationToken)), null);
            return false;
        }
    }

    private PageWriter Writer => writer;
}
