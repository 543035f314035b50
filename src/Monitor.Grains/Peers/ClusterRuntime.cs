using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Shards;
using Monitor.Core.Targets;
using Monitor.Core.Text;
using Monitor.Grains.Notifying;
using Monitor.Grains.Runtime;

namespace Monitor.Grains.Peers;

/// <summary>The running targets and robots of the whole cluster: what is not here is asked of its owner.</summary>
public sealed class ClusterRuntime(TargetRuntime here, ShardNotifiers robots, IGrainStore store, ICluster cluster, PeerClient peers, SiloIdentity silo, TimeProvider time)
    : ITargetRuntime, IChannelTester, ISiloDirectory
{
    private static readonly LocalizedText NoOwner = new(
        "the silo that sends to this robot does not answer; it is not known whether the message went out", "负责该机器人的节点没有应答，消息是否发出未知");

    public LiveTarget? Live(long targetId) => here.Live(targetId);

    public async Task<CheckRecord?> ProbeNowAsync(long targetId, CancellationToken cancellationToken) =>
        await here.ProbeNowAsync(targetId, cancellationToken) is { } record ? record
        : Owner(ShardMap.Of(targetId)) is { } owner ? await peers.ProbeAsync(owner, targetId, cancellationToken) : null;

    public Task<CheckRecord> DryRunAsync(IProber prober, object config, TimeSpan timeout, CancellationToken cancellationToken) =>
        here.DryRunAsync(prober, config, timeout, cancellationToken);

    /// <summary>Another owner sees it in its shard's version, within a second.</summary>
    public Task TargetChangedAsync(long targetId, CancellationToken cancellationToken) => here.TargetChangedAsync(targetId, cancellationToken);

    public Task TargetCreatedAsync(Target target, CancellationToken cancellationToken) => here.TargetCreatedAsync(target, cancellationToken);

    public Task ChannelChangedAsync(long channelId, CancellationToken cancellationToken) => here.ChannelChangedAsync(channelId, cancellationToken);

    public IReadOnlyList<long> Unprobed() => here.Unprobed();

    public IReadOnlyList<long> Here() => here.Here();

    public RuntimeFigures Figures() => here.Figures();

    public async Task<ChannelTest> TestAsync(long channelId, CancellationToken cancellationToken)
    {
        var channel = (await store.LoadChannelsAsync(cancellationToken)).FirstOrDefault(channel => channel.Id == channelId);
        if (channel is null || Owner(robots.ShardOf(channel)) is not { } owner)
        {
            return await robots.TestAsync(channelId, cancellationToken);
        }

        return await peers.TestAsync(owner, channelId, cancellationToken) ?? new ChannelTest(false, null, null, null, NoOwner.English, null);
    }

    public async Task<SiloDirectory> ReadAsync(CancellationToken cancellationToken)
    {
        if (cluster.View is not { } view)
        {
            return new SiloDirectory([new SiloReport(silo.Name, silo.Zone, silo.Address, silo.StartedAt, time.GetUtcNow(), here.Figures().Shards, here.Figures())], 0);
        }

        var living = view.Silos.Where(row => !row.Dead).OrderBy(row => row.Name, StringComparer.Ordinal).ToArray();
        var reports = await Task.WhenAll(living.Select(row => ReportAsync(row, view, cancellationToken)));
        return new SiloDirectory(reports, view.Shards.Count(shard => view.OwnerOf(shard.Shard) is null));
    }

    private async Task<SiloReport> ReportAsync(SiloRow row, ClusterView view, CancellationToken cancellationToken)
    {
        var answer = row.Id == cluster.Self
            ? new ReportAnswer(silo.StartedAt, here.Figures())
            : await peers.ReportAsync(row, cancellationToken);
        return new SiloReport(
            row.Name, row.Zone, row.Address, answer?.StartedAt, cluster.LastSeen(row.Id), view.Shards.Count(shard => shard.Owner == row.Id), answer?.Figures);
    }

    /// <summary>Null when it is this silo, or nobody.</summary>
    private SiloRow? Owner(int shard) => cluster.View?.OwnerOf(shard) is { } owner && owner.Id != cluster.Self ? owner : null;
}
