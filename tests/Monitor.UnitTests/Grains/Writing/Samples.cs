using Monitor.Core.Alerts;
using Monitor.Core.Health;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Shards;
using Monitor.Core.Targets;

namespace Monitor.UnitTests.Grains.Writing;

internal static class Samples
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static CheckRecord Result(long target, int number = 0, ProbeOutcome outcome = ProbeOutcome.Ok) => new()
    {
        TargetId = target,
        CheckedAt = Start.AddSeconds(number),
        Outcome = outcome,
        Stage = outcome == ProbeOutcome.Failed ? FailureStage.Connect : null,
        Latency = TimeSpan.FromMilliseconds(12),
        Message = outcome == ProbeOutcome.Failed ? "connect: refused" : "HTTP 200",
        Trigger = ProbeTrigger.Schedule,
        Silo = "one",
        Zone = "here",
    };

    public static StateWrite State(long target, long expectedVersion = 0, long epoch = 1) => new(
        target,
        "default",
        new Fence(ShardMap.Of(target), 1, epoch),
        expectedVersion,
        HealthState.New("http", Start) with { ConsecutiveFailures = (int)expectedVersion + 1 },
        null,
        [],
        []);

    public static DeliveryWrite Claim(long target, DeliveryStatus status = DeliveryStatus.Sending) => new(
        [new Delivery { Key = new DeliveryKey(target, 1, DeliveryKind.Firing, 1), Status = status, CreatedAt = Start }],
        []);

    public static StoredTarget Stored(long id, long version) => new(
        new Target
        {
            Id = id,
            Shard = ShardMap.Of(id),
            Revision = 1,
            Settings = new TargetSettings { Name = "orders", Type = "http", Config = "{}", MaskedConfig = "{}", Endpoint = "place" },
            CreatedAt = Start,
            UpdatedAt = Start,
            CreatedBy = "admin",
            UpdatedBy = "admin",
        },
        null,
        version,
        default,
        null,
        Deleted: false);
}
