using Microsoft.AspNetCore.Routing;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Gateway.Web.Live;
using Monitor.Gateway.Web.Serving;
using Monitor.Gateway.Web.Viewing;

namespace Monitor.Gateway.Web.Cluster;

/// <summary>The monitor itself: its silos, their shards, and what is not well.</summary>
internal sealed class ClusterPages(SiloIdentity silo, ITargetRuntime runtime, BoardReader reader, PageWriter writer, TimeProvider time)
{
    public void Map(IEndpointRouteBuilder routes, PageRoutes pages) => pages.Get(routes, "/cluster", Role.Viewer, ShowAsync);

    public LiveTopic Topic(Visitor visitor) => new ClusterTopic(this, visitor);

    private async Task<PageAnswer> ShowAsync(PageCall call) => Shown.Of<ClusterPage>(Model(await reader.ReadAsync(call.Aborted)));

    private ClusterModel Model(Board board)
    {
        var figures = runtime.Figures();
        var line = new SiloLine(
            silo.Name, silo.Zone, silo.Address, silo.StartedAt, time.GetUtcNow(), figures.Shards, figures.Targets, figures.ProbesPerSecond, figures.ScheduleLagP99Milliseconds, IsThis: true);
        var unprobed = runtime.Unprobed().Take(100).Select(id => (id, board.ById.GetValueOrDefault(id)?.Name ?? "")).ToArray();
        return new ClusterModel([line], ShardMap.Count, ShardMap.Count - figures.Shards, board.Reasons, unprobed);
    }

    private sealed class ClusterTopic(ClusterPages pages, Visitor visitor) : CountTopic(visitor)
    {
        private static readonly TimeSpan Pace = TimeSpan.FromSeconds(2);

        public override bool IsDue(Board board, Board? drawnFrom) => base.IsDue(board, drawnFrom) || board.At - drawnFrom!.At >= Pace;

        protected override async Task<bool> DrawAsync(
            Dictionary<string, (string Html, long? ChangedAt)> parts, Board board, Visitor visitor, CancellationToken cancellationToken)
        {
            parts["c-cluster"] = (await pages.Writer.FragmentAsync<ClusterView>(visitor, pages.Model(board)), null);
            return false;
        }
    }

    private PageWriter Writer => writer;
}
