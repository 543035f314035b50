using System.Globalization;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Targets;
using Monitor.Core.Text;
using Monitor.Grains.Notifying;
using Monitor.Grains.Probing;
using Monitor.Grains.Scheduling;
using Monitor.Grains.Shards;
using Monitor.Grains.Targets;

namespace Monitor.Grains.Runtime;

/// <summary>The running targets, for the gateway.</summary>
public sealed class TargetRuntime(
    ShardHost host,
    ProberWorkers workers,
    RecordMaker records,
    IGrainStore store,
    IDeliveryQueue deliveries,
    SilenceWatch silence,
    PulseWindow pulse) : ITargetRuntime, ICondition
{
    public LiveTarget? Live(long targetId) => host.Find(targetId) is { } grain ? Live(grain) : null;

    /// <summary>Everything that runs here, by id.</summary>
    internal IEnumerable<(long Id, LiveTarget Live)> All() => host.Grains.Select(grain => (grain.Id, Live(grain)));

    public async Task<CheckRecord?> ProbeNowAsync(long targetId, CancellationToken cancellationToken) =>
        host.Find(targetId) is { } grain ? await grain.ProbeNowAsync().WaitAsync(cancellationToken) : null;

    public async Task<CheckRecord> DryRunAsync(IProber prober, object config, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var request = new ProbeRequest(config, default, timeout);
        var run = await workers.RunAsync(prober, request, cancellationToken);
        if (run.Ending == ProbeEnding.Stalled)
        {
            run = await workers.RunAsync(prober, request, cancellationToken);
        }

        if (run.Ending == ProbeEnding.Stopped)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }

        return records.Make(run, 0, prober, ProbeTrigger.Manual, null);
    }

    public Task TargetChangedAsync(long targetId, CancellationToken cancellationToken) => host.TargetChangedAsync(targetId, cancellationToken);

    public Task TargetCreatedAsync(Target target, CancellationToken cancellationToken) => host.TargetCreatedAsync(target);

    public async Task ChannelChangedAsync(long channelId, CancellationToken cancellationToken)
    {
        var channels = await store.LoadChannelsAsync(cancellationToken);
        if (channels.FirstOrDefault(channel => channel.Id == channelId) is { } channel)
        {
            deliveries.ChannelChanged(channel);
        }
        else
        {
            deliveries.ChannelDeleted(channelId);
        }
    }

    public IReadOnlyList<long> Unprobed() => silence.Unprobed();

    public IReadOnlyList<long> Here() => [.. host.Grains.Select(grain => grain.Id)];

    public RuntimeFigures Figures() => new(host.TargetCount, host.Shards.Count, pulse.PerSecond(), pulse.LatenessP99());

    public IReadOnlyList<LocalizedText> Reasons()
    {
        var unprobed = Unprobed().Count;
        var count = unprobed.ToString(CultureInfo.InvariantCulture);
        return unprobed == 0
            ? []
            : [new LocalizedText($"{count} enabled targets have not been probed for two intervals", $"{count} 个已启用的目标超过两个间隔未被探测")];
    }

    private static LiveTarget Live(TargetGrain grain) => new(grain.State, grain.LastResult, grain.IsUnprobed);
}
