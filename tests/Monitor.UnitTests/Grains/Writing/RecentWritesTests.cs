using Monitor.Core.Alerts;
using Monitor.Core.Ports;
using Monitor.Grains.Writing;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.UnitTests.Grains.Writing;

public sealed class RecentWritesTests
{
    private static readonly Delivery Firing = new() { Key = new DeliveryKey(1, 1, DeliveryKind.Firing, 1), Status = DeliveryStatus.Sent, CreatedAt = Samples.Start };

    private static readonly Delivery Recovery = Firing with { Key = Firing.Key with { Kind = DeliveryKind.Resolved }, CreatedAt = Samples.Start.AddSeconds(9) };

    /// <summary>By now another outage may have the number: a firing that came alone marked that one's as sent, and nobody heard of it.</summary>
    [Fact]
    public void What_was_told_comes_with_the_recovery_that_was_told_of_it_and_after_that()
    {
        var recent = new RecentWrites(new FakeTime());
        recent.Take(new DeliveryWrite([Firing], []));
        recent.Take(new DeliveryWrite([Recovery], []));

        var decided = Batch([Samples.State(1) with { Deliveries = [Firing with { Status = DeliveryStatus.Pending }] }], []);
        Assert.Equal([Recovery, Firing], recent.Told(decided, lend: false).Deliveries.SelectMany(write => write.Deliveries));
        var marked = Batch([], [new DeliveryWrite([Firing], [])]);
        Assert.Equal([Recovery, Firing], recent.Told(marked, lend: false).Deliveries.SelectMany(write => write.Deliveries));
    }

    [Fact]
    public void A_recovery_that_is_on_its_way_does_not_go_before_its_decision()
    {
        var recent = new RecentWrites(new FakeTime());
        recent.Take(new DeliveryWrite([Firing], []));
        recent.Take(new DeliveryWrite([Recovery with { Status = DeliveryStatus.Sending }], []));
        var marked = Batch([], [new DeliveryWrite([Firing], [])]);
        Assert.Same(marked, recent.Told(marked, lend: false));
    }

    private static CommitBatch Batch(IReadOnlyList<StateWrite> states, IReadOnlyList<DeliveryWrite> deliveries) => new("run", 1, [], states, deliveries);
}
