using Monitor.Core.Alerts;
using Monitor.Core.Channels;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Grains.Notifying;
using Xunit;
using static Monitor.UnitTests.Grains.Notifying.RobotSimulation;

namespace Monitor.UnitTests.Grains.Notifying;

/// <summary>What a robot's owner holds of other silos' decisions, when the store is back.</summary>
public sealed class BorrowedTests
{
    private static readonly Channel Ours = NewChannel(1, "a");
    private static readonly int Shard = RobotScope.ShardOf(RobotScope.NameOf(AwaySimulation.Options.RobotSecret(), Ours.Settings.WebhookUrl));
    private readonly DeliveryRouter _router = new(AwaySimulation.Options, new RobotScope(new Fence(Shard, 1, 1), () => true));
    private TimeSpan _now = TimeSpan.FromSeconds(50);

    public BorrowedTests() => _router.Load([Ours], [], [], At());

    [Fact]
    public void What_it_has_no_right_to_waits_until_the_store_gives_it_one()
    {
        _router.Borrow([Open(DeliveryKind.Firing)], new Commission(() => _now, () => false));
        Assert.Null(Next());
        Look(Open(DeliveryKind.Firing));
        Assert.NotNull(Next());
    }

    [Fact]
    public void What_has_come_to_an_end_elsewhere_is_forgotten_when_the_store_does_not_know_it_as_open()
    {
        _router.Borrow([Open(DeliveryKind.Firing)], new Commission(() => _now, () => false));
        Look();
        Assert.False(_router.TryFind(Key(DeliveryKind.Firing), out _));
        Look(Open(DeliveryKind.Resolved));
        Assert.Equal(DeliveryKind.Resolved, Assert.Single(Next()!.Notices).Kind);
    }

    [Fact]
    public void A_recovery_does_not_overtake_a_firing_that_waits_for_its_right()
    {
        _router.Borrow([Open(DeliveryKind.Firing)], new Commission(() => _now, () => false));
        _router.Add([Open(DeliveryKind.Resolved)]);
        Assert.Null(Next());
    }

    [Fact]
    public void A_right_ends_before_who_lent_it_stands_in()
    {
        var right = new Commission(() => _now, () => false);
        right.Take(Call(1, 0));
        Assert.False(right.Holds);
        right.Take(Call(2, 1));
        Assert.True(right.Holds);
        _now += Commission.Term;
        Assert.False(right.Holds);
        Assert.True(Commission.Term < Outbox.Patience);

        // Of an outbox that was begun anew the old rounds prove nothing.
        right.Take(Call(3, 2) with { Run = "b" });
        Assert.False(right.Holds);
    }

    [Fact]
    public void What_another_was_sending_and_never_ended_is_taken_up_when_that_one_has_had_its_time()
    {
        Look(Open(DeliveryKind.Firing, DeliveryStatus.Sending));
        _now += RobotScope.OrphanAge - TimeSpan.FromSeconds(1);
        Look(Open(DeliveryKind.Firing, DeliveryStatus.Sending));
        Assert.Null(Next());
        _now += TimeSpan.FromSeconds(1);
        Look(Open(DeliveryKind.Firing, DeliveryStatus.Sending));
        Assert.Equal(1, Next()!.Repeated);
    }

    [Fact]
    public void What_is_heard_of_while_it_is_on_its_way_does_not_wait_again_when_it_comes_back_untold()
    {
        _router.Add([Open(DeliveryKind.Firing)]);
        var (desk, dispatch) = (_router.Desks.Single(), Next()!);
        desk.Claim(dispatch, At());
        _router.Learn(Row(DeliveryKind.Firing, 3));
        _router.Abandon(desk, dispatch, At(), TimeSpan.Zero);
        Assert.Null(Next());
        Assert.True(_router.TryFind(Key(DeliveryKind.Firing), out var ended));
        Assert.Equal(DeliveryStatus.Sent, ended!.Status);
    }

    [Fact]
    public void What_another_was_sending_and_gave_back_is_taken_up_at_once()
    {
        Look(Open(DeliveryKind.Firing, DeliveryStatus.Sending));
        Look(Open(DeliveryKind.Firing));
        Assert.Equal(0, Next()!.Repeated);
    }

    /// <summary>Whatever its first bad check was: its owner may have had one of before the other.</summary>
    [Theory]
    [InlineData(30)]
    [InlineData(2)]
    public void An_outage_that_was_given_the_number_of_one_that_is_over_is_told_once(int began)
    {
        _router.Learn(Row(DeliveryKind.Firing, 3));
        _router.Learn(Row(DeliveryKind.Resolved, 20));
        var firing = Later(DeliveryKind.Firing, 30, began);
        Look(firing);
        Assert.Equal(DeliveryKind.Firing, Assert.Single(Next()!.Notices).Kind);
        _router.Learn(Row(DeliveryKind.Firing, 33));
        Look(firing);
        Assert.Null(Next());
        Look(Later(DeliveryKind.Resolved, 30));
        Assert.Equal(DeliveryKind.Resolved, Assert.Single(Next()!.Notices).Kind);
    }

    [Fact]
    public void The_same_outage_as_another_silo_has_seen_it_is_not_told_again()
    {
        // Only the firing was told; who took the shard over knows of failures since then.
        _router.Learn(Row(DeliveryKind.Firing, 3));
        Look(Later(DeliveryKind.Firing, 30));
        Assert.Null(Next());
        _router.Learn(Row(DeliveryKind.Resolved, 40));
        Look(Later(DeliveryKind.Resolved, 30));
        Assert.Null(Next());
    }

    /// <summary>Nobody has ended the one that was told here; that its target was well since then only the store knows.</summary>
    [Fact]
    public void An_outage_that_the_store_knows_for_another_is_told_once()
    {
        _router.Learn(Row(DeliveryKind.Firing, 3));
        var firing = Later(DeliveryKind.Firing, 30) with { IsNext = true };
        Look(firing);
        Assert.Equal(DeliveryKind.Firing, Assert.Single(Next()!.Notices).Kind);
        _router.Learn(firing.Delivery with { Status = DeliveryStatus.Sent, CreatedAt = firing.Delivery.CreatedAt.AddTicks(7) });
        Look(firing);
        Assert.Null(Next());
    }

    private static Delivery Row(DeliveryKind kind, int seconds) => new() { Key = Key(kind), CreatedAt = Epoch.AddSeconds(seconds), Status = DeliveryStatus.Sent };

    private static OpenDelivery Later(DeliveryKind kind, int seconds, int? began = null) => new(
        new Delivery { Key = Key(kind), CreatedAt = Epoch.AddSeconds(seconds + 3) },
        (kind == DeliveryKind.Resolved ? Over(NewAlert(7)) : NewAlert(7)) with { StartedAt = Epoch.AddSeconds(began ?? seconds), FiredAt = Epoch.AddSeconds(seconds + 3) });

    private static BringCall Call(long round, long heard) => new(Shard, 2, "a", round, heard, [], []);

    private static DeliveryKey Key(DeliveryKind kind) => new(7, 1, kind, 1);

    private static OpenDelivery Open(DeliveryKind kind, DeliveryStatus status = DeliveryStatus.Pending) => new(
        new Delivery { Key = Key(kind), CreatedAt = Epoch, Status = status }, kind == DeliveryKind.Resolved ? Over(NewAlert(7)) : NewAlert(7));

    private void Look(params OpenDelivery[] open) => _router.Look([Ours], open, At());

    private Dispatch? Next() => Assert.Single(_router.Desks).Next(At()).Send;

    private Moment At() => new(_now, Epoch + _now);
}
