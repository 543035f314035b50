using System.Collections.Concurrent;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Text;

namespace Monitor.SystemTests.Gateway;

/// <summary>Running targets as a test wants them; remembers which edits it was told of.</summary>
internal sealed class FakeRuntime : ITargetRuntime, IChannelTester, ICondition
{
    public ConcurrentDictionary<long, LiveTarget> Running { get; } = new();

    public ConcurrentQueue<long> TargetsChanged { get; } = new();

    public ConcurrentQueue<long> ChannelsChanged { get; } = new();

    public ConcurrentQueue<object> DryRuns { get; } = new();

    public List<LocalizedText> Trouble { get; } = [];

    public ChannelTest Test { get; set; } = new(true, 200, 0, "ok", """{"errcode":0,"errmsg":"ok"}""", null);

    public IReadOnlyList<long> Here() => [.. Running.Keys];

    public LiveTarget? Live(long targetId) => Running.GetValueOrDefault(targetId);

    public Task<CheckRecord?> ProbeNowAsync(long targetId, CancellationToken cancellationToken) =>
        Task.FromResult(Running.ContainsKey(targetId) ? Record(targetId) : null);

    public Task<CheckRecord> DryRunAsync(IProber prober, object config, TimeSpan timeout, CancellationToken cancellationToken)
    {
        DryRuns.Enqueue(config);
        return Task.FromResult(Record(0));
    }

    public Task TargetChangedAsync(long targetId, CancellationToken cancellationToken)
    {
        TargetsChanged.Enqueue(targetId);
        return Task.CompletedTask;
    }

    public Task ChannelChangedAsync(long channelId, CancellationToken cancellationToken)
    {
        ChannelsChanged.Enqueue(channelId);
        return Task.CompletedTask;
    }

    public IReadOnlyList<long> Unprobed() => [];

    public RuntimeFigures Figures() => new(Running.Count, 256, 12.5, 1.25);

    public Task<ChannelTest> TestAsync(long channelId, CancellationToken cancellationToken) => Task.FromResult(Test);

    public IReadOnlyList<LocalizedText> Reasons() => Trouble;

    public static CheckRecord Record(long targetId, DateTimeOffset? at = null) => new()
    {
        TargetId = targetId,
        CheckedAt = at ?? new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero),
        Outcome = ProbeOutcome.Failed,
        Stage = FailureStage.Connect,
        Latency = TimeSpan.FromMicroseconds(4200),
        Message = "connect: 10.0.0.5:5432 refused",
        Warnings = ["证书还有 3 天到期"],
        Metrics = new ProbeMetrics(
        [
            new Metric("dns_ms", 0.25), new Metric("version", "16.1"), new Metric("is_replica", true), new Metric("rate", double.PositiveInfinity),
            new Metric("nodes_down", MetricValue.Of(["a:1"])), new Metric("lag_by_topic", MetricValue.Of(new Dictionary<string, double> { ["订单"] = 12 })),
        ]),
        Trigger = ProbeTrigger.Manual,
        Silo = "node-1",
        Zone = "default",
    };
}
