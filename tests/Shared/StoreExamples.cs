using Monitor.Core.Alerts;
using Monitor.Core.Channels;
using Monitor.Core.Health;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Shards;
using Monitor.Core.Targets;

namespace Monitor.Tests.Shared;

/// <summary>Valid records for tests of stores: each test changes what it is about.</summary>
public static class StoreExamples
{
    public static readonly DateTimeOffset Start = new(2026, 3, 1, 10, 0, 0, TimeSpan.Zero);

    public static readonly ProbeMetrics HttpMetrics = new(
    [
        new Metric("dns_ms", 0.412), new Metric("connect_ms", 1.204), new Metric("address", "10.0.0.5"), new Metric("status_code", 200),
        new Metric("ttfb_ms", 12.75), new Metric("transfer_ms", 0.381), new Metric("body_bytes", 1024), new Metric("redirects", 0),
        new Metric("http_version", "1.1"),
    ]);

    public static Edit By(string name = "admin", IdempotencyClaim? claim = null) => new(name, Start, claim);

    public static TargetSettings Target(string name = "网关") => new()
    {
        Name = name,
        Type = "http",
        Config = """{"url":"http://127.0.0.1/"}""",
        MaskedConfig = """{"url":"http://127.0.0.1/"}""",
        Endpoint = "http://127.0.0.1/",
    };

    public static ChannelSettings Channel(string name = "值班群") => new()
    {
        Name = name,
        WebhookUrl = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=s3cret-key",
        MaskedUrl = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=******",
    };

    public static CheckRecord Ok(long target, DateTimeOffset at, double milliseconds = 4.2, string message = "HTTP 200") => new()
    {
        TargetId = target,
        CheckedAt = at,
        Outcome = ProbeOutcome.Ok,
        Latency = TimeSpan.FromMilliseconds(milliseconds),
        Message = message,
        Trigger = ProbeTrigger.Schedule,
        Silo = "silo-1",
        Zone = "default",
    };

    public static CheckRecord Failed(long target, DateTimeOffset at) => Ok(target, at) with
    {
        Outcome = ProbeOutcome.Failed,
        Stage = FailureStage.Connect,
        Message = "connect: connection refused",
    };

    public static HealthState Healthy(DateTimeOffset since) => HealthState.New("http", since) with { Status = HealthStatus.Healthy };

    public static AlertRecord Alert(long target, int episode, DateTimeOffset at) => new()
    {
        TargetId = target,
        Episode = episode,
        TargetName = "网关",
        TargetType = "http",
        Endpoint = "http://127.0.0.1/",
        Severity = AlertSeverity.Critical,
        Message = "connect: connection refused",
        StartedAt = at - TimeSpan.FromSeconds(60),
        FiredAt = at,
        FailureCount = 3,
    };

    public static Delivery Delivery(long target, int episode, long channel, DateTimeOffset at, DeliveryKind kind = DeliveryKind.Firing) => new()
    {
        Key = new DeliveryKey(target, episode, kind, channel),
        CreatedAt = at,
    };

    public static StateWrite Write(
        Fence fence, long target, long version, HealthState state, IReadOnlyList<AlertRecord>? alerts = null, IReadOnlyList<Delivery>? deliveries = null) =>
        new(target, Core.Targets.Target.DefaultLocation, fence, version, state, null, alerts ?? [], deliveries ?? []);

    public static CommitBatch Batch(
        IReadOnlyList<CheckRecord>? results = null, IReadOnlyList<StateWrite>? states = null, IReadOnlyList<DeliveryWrite>? deliveries = null) =>
        new("silo-1", 1, results ?? [], states ?? [], deliveries ?? []);
}
