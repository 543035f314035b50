using Microsoft.Extensions.Logging.Abstractions;
using Monitor.Core.Alerts;
using Monitor.Core.Health;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Storage.Postgres;
using Monitor.Tests.Shared;
using Xunit;
using static Monitor.Tests.Shared.StoreExamples;

namespace Monitor.SystemTests.Storage;

/// <summary>Episodes that were decided elsewhere, taken in beside what the shard's owner has written.</summary>
public sealed class PostgresStrayTests(SharedPostgres shared)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stray_episode_gets_a_number_of_its_own_and_the_owner_reads_its_state_again()
    {
        var (store, fence, id) = await OpenAsync();
        await using var _ = store;
        await store.CommitAsync(Batch(states: [Write(fence, id, 0, Healthy(Start) with { LastEpisode = 1 }, [Over(id, 1, 0)])]), Token);
        var stray = new StrayEpisode(Alert(id, 1, Start.AddHours(1)), Core.Targets.Target.DefaultLocation, [Sent(Delivery(id, 1, 7, Start.AddHours(1)))]);
        Assert.False(await store.AdoptAsync(stray, Token));
        await store.CommitAsync(Batch([Failed(id, Start.AddHours(2))]), Token);
        Assert.False(await store.AdoptAsync(stray, Token));
        await store.CommitAsync(Batch([Ok(id, Start.AddHours(3))]), Token);
        Assert.True(await store.AdoptAsync(stray, Token));

        var alerts = (await store.ListAlertsAsync(new AlertQuery(null, null, id, null, null), Token)).Items.OrderBy(row => row.Alert.Episode).ToArray();
        Assert.Equal([(1, null), (2, 1)], alerts.Select(row => (row.Alert.Episode, row.Alert.ToldAs)));
        Assert.Equal(ResolvedReason.Recovered, alerts[1].Alert.ResolvedReason);
        Assert.Equal([DeliveryStatus.Sent, DeliveryStatus.Pending], alerts[1].Deliveries.Select(row => row.Status));
        var recovery = Assert.Single(await store.LoadOpenDeliveriesAsync(Token));
        Assert.Equal((DeliveryKind.Resolved, $"#{id}-1"), (recovery.Delivery.Key.Kind, recovery.Alert.Reference));
        var stored = (await store.LoadTargetAsync(id, Token))!;
        Assert.Equal((2L, 2), (stored.Version, stored.State!.LastEpisode));
        Assert.Equal([StateOutcome.VersionLost], await store.CommitAsync(Batch(states: [Write(fence, id, 1, Healthy(Start))]), Token));

        // Once more changes nothing: it is there.
        Assert.True(await store.AdoptAsync(stray, Token));
        Assert.Equal(2, (await store.LoadTargetAsync(id, Token))!.Version);
    }

    [Fact]
    public async Task An_open_one_waits_while_its_target_may_be_down()
    {
        var (store, fence, id) = await OpenAsync();
        await using var _ = store;
        await store.CommitAsync(Batch([Ok(id, Start.AddSeconds(1))], [Write(fence, id, 0, Healthy(Start) with { ConsecutiveFailures = 2 })]), Token);
        var stray = new StrayEpisode(Alert(id, 1, Start), Core.Targets.Target.DefaultLocation, [Delivery(id, 1, 7, Start) with { Status = DeliveryStatus.Sent }]);
        Assert.False(await store.AdoptAsync(stray, Token));
        Assert.Equal(1, (await store.LoadTargetAsync(id, Token))!.Version);
        await store.CommitAsync(Batch(states: [Write(fence, id, 1, Healthy(Start))]), Token);
        Assert.True(await store.AdoptAsync(stray, Token));
        Assert.Equal(1, (await store.LoadTargetAsync(id, Token))!.State!.LastEpisode);
    }

    [Fact]
    public async Task What_was_told_of_an_outage_without_a_record_does_not_pass_for_the_notices_of_the_next_one_under_its_number()
    {
        var (store, fence, id) = await OpenAsync();
        await using var _ = store;
        var (firing, recovery) = (Delivery(id, 1, 7, Start), Delivery(id, 1, 7, Start.AddMinutes(1)) with { Key = new DeliveryKey(id, 1, DeliveryKind.Resolved, 7) });
        await store.CommitAsync(Batch(deliveries: [new DeliveryWrite([Sent(firing), Sent(recovery)], [])]), Token);
        var next = Start.AddMinutes(10);
        var state = Healthy(next) with { LastEpisode = 1 };
        await store.CommitAsync(Batch(states: [Write(fence, id, 0, state, [Alert(id, 1, next)], [firing with { CreatedAt = next }])]), Token);
        Assert.Equal(DeliveryStatus.Pending, Assert.Single(await store.LoadOpenDeliveriesAsync(Token)).Delivery.Status);

        // Its silo says it once more, when it is back: the firing that is told meanwhile is another's, and so is the recovery that is yet to come.
        await store.CommitAsync(Batch(deliveries: [new DeliveryWrite([Sent(firing with { CreatedAt = next })], []), new DeliveryWrite([Sent(recovery)], [])]), Token);
        await store.CommitAsync(
            Batch(states: [Write(fence, id, 1, state, [Alert(id, 1, next) with { ResolvedAt = next.AddMinutes(1), ResolvedReason = ResolvedReason.Recovered }], [recovery with { CreatedAt = next.AddMinutes(1) }])]), Token);
        Assert.Equal(DeliveryKind.Resolved, Assert.Single(await store.LoadOpenDeliveriesAsync(Token)).Delivery.Key.Kind);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_robots_owners_know_told_of_an_outage_that_lost_its_number_is_not_told_again(bool beforeTheNext)
    {
        var (store, fence, id) = await OpenAsync();
        await using var _ = store;
        var (firing, recovery) = (Delivery(id, 1, 7, Start), Delivery(id, 1, 7, Start.AddMinutes(1)) with { Key = new DeliveryKey(id, 1, DeliveryKind.Resolved, 7) });
        var next = Start.AddMinutes(10);
        await store.CommitAsync(Batch(deliveries: beforeTheNext ? [new DeliveryWrite([Sent(firing), Sent(recovery)], [])] : []), Token);
        await store.CommitAsync(Batch(states: [Write(fence, id, 0, Healthy(next) with { LastEpisode = 1 }, [Alert(id, 1, next)], [firing with { CreatedAt = next }])]), Token);
        await store.CommitAsync(Batch(deliveries: [new DeliveryWrite([Sent(recovery)], []), new DeliveryWrite([Sent(firing)], [])]), Token);

        // Its silo stood still before it heard of that.
        var over = Alert(id, 1, Start) with { ResolvedAt = Start.AddMinutes(1), ResolvedReason = ResolvedReason.Recovered };
        Assert.True(await store.AdoptAsync(new StrayEpisode(over, Core.Targets.Target.DefaultLocation, [firing with { Status = DeliveryStatus.Sending }, recovery]), Token));

        var alerts = (await store.ListAlertsAsync(new AlertQuery(null, null, id, null, null), Token)).Items.OrderBy(row => row.Alert.Episode).ToArray();
        Assert.Equal([(1, null), (2, 1)], alerts.Select(row => (row.Alert.Episode, row.Alert.ToldAs)));
        Assert.Equal([DeliveryStatus.Sent, DeliveryStatus.Sent], alerts[1].Deliveries.Select(row => row.Status));
        var open = Assert.Single(await store.LoadOpenDeliveriesAsync(Token));
        Assert.Equal((1, DeliveryKind.Firing, next), (open.Delivery.Key.Episode, open.Delivery.Key.Kind, open.Delivery.CreatedAt));
    }

    /// <summary>
    /// Its new owner had a bad check of before the gap in the store: so the next outage began, by what is stored, before the one that was told and is over. It was taken for that one, and told to nobody.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_fired_after_a_recovery_was_told_is_told_however_early_it_began(bool beforeTheNext)
    {
        var (store, fence, id) = await OpenAsync();
        await using var _ = store;
        var (firing, recovery) = (Delivery(id, 1, 7, Start), Delivery(id, 1, 7, Start.AddMinutes(1)) with { Key = new DeliveryKey(id, 1, DeliveryKind.Resolved, 7) });
        var told = new DeliveryWrite([Sent(firing), Sent(recovery)], []);
        var next = Start.AddMinutes(10);
        await store.CommitAsync(Batch(deliveries: beforeTheNext ? [told] : []), Token);
        var alert = Alert(id, 1, next) with { StartedAt = Start };
        await store.CommitAsync(Batch(states: [Write(fence, id, 0, Healthy(next) with { LastEpisode = 1 }, [alert], [firing with { CreatedAt = next }])]), Token);
        await store.CommitAsync(Batch(deliveries: [told]), Token);

        var open = Assert.Single(await store.LoadOpenDeliveriesAsync(Token));
        Assert.Equal((DeliveryStatus.Pending, next), (open.Delivery.Status, open.Delivery.CreatedAt));
    }

    /// <summary>
    /// A silo that was cut off told of its number 2, and a robot's owner wrote that down. For the new owner that outage was number 1, and it gives number 2 to the next: which passed for told, and nobody heard of it.
    /// </summary>
    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task What_was_told_before_the_target_was_well_does_not_pass_for_told_of_the_next_outage(bool beforeTheNext, bool byARecord)
    {
        var (store, fence, id) = await OpenAsync();
        await using var _ = store;
        var told = new DeliveryWrite([Sent(Delivery(id, 2, 7, Start))], []);
        await store.CommitAsync(Batch(deliveries: beforeTheNext ? [told] : []), Token);
        var first = Alert(id, 1, Start.AddSeconds(3)) with { ResolvedAt = Start.AddMinutes(1), ResolvedReason = ResolvedReason.Recovered };
        await store.CommitAsync(Batch(byARecord ? [] : [Ok(id, Start.AddMinutes(1))], byARecord ? [Write(fence, id, 0, Healthy(Start) with { LastEpisode = 1 }, [first])] : []), Token);

        var next = Start.AddMinutes(10);
        await store.CommitAsync(Batch(states: [Write(fence, id, byARecord ? 1 : 0, Healthy(next) with { LastEpisode = 2 }, [Alert(id, 2, next)], [Delivery(id, 2, 7, next)])]), Token);
        await store.CommitAsync(Batch(deliveries: [told]), Token);
        var open = Assert.Single(await store.LoadOpenDeliveriesAsync(Token));
        Assert.Equal((2, DeliveryStatus.Pending, next, true), (open.Delivery.Key.Episode, open.Delivery.Status, open.Delivery.CreatedAt, open.IsNext));
    }

    [Fact]
    public async Task What_was_told_of_the_same_outage_stays_told()
    {
        var (store, fence, id) = await OpenAsync();
        await using var _ = store;
        var firing = Delivery(id, 1, 7, Start);
        await store.CommitAsync(Batch(deliveries: [new DeliveryWrite([Sent(firing)], [])]), Token);
        await store.CommitAsync(
            Batch(states: [Write(fence, id, 0, Healthy(Start) with { LastEpisode = 1 }, [Alert(id, 1, Start.AddMinutes(1))], [firing with { CreatedAt = Start.AddMinutes(1) }])]), Token);
        Assert.Empty(await store.LoadOpenDeliveriesAsync(Token));
    }

    [Fact]
    public async Task A_recovery_that_was_told_ends_what_the_owner_has_open_and_the_owner_sees_its_target_move()
    {
        var (store, fence, id) = await OpenAsync();
        await using var _ = store;
        var alert = Alert(id, 1, Start);
        var down = Healthy(Start) with { Status = HealthStatus.Unhealthy, LastEpisode = 1, ConsecutiveFailures = 9, FailingSince = Start, Outage = new OpenEpisode(1, Start, Start, 3, [7]) };
        var (firing, recovery) = (Delivery(id, 1, 7, Start), Delivery(id, 1, 7, Start.AddMinutes(2)) with { Key = new DeliveryKey(id, 1, DeliveryKind.Resolved, 7) });
        await store.CommitAsync(Batch(states: [Write(fence, id, 0, down, [alert], [firing])], deliveries: [new DeliveryWrite([Sent(firing)], [])]), Token);
        await store.CommitAsync(Batch([Failed(id, Start.AddMinutes(1)), Failed(id, Start.AddMinutes(3))]), Token);
        var before = (await store.LoadRevisionsAsync(Token)).Single(row => row.TargetId == id);

        var over = alert with { ResolvedAt = Start.AddMinutes(2), ResolvedReason = ResolvedReason.Recovered };
        Assert.True(await store.AdoptAsync(new StrayEpisode(over, Core.Targets.Target.DefaultLocation, [Sent(firing), Sent(recovery)]), Token));

        var row = Assert.Single((await store.ListAlertsAsync(new AlertQuery(null, null, id, null, null), Token)).Items);
        Assert.Equal((over.ResolvedAt, ResolvedReason.Recovered, null), (row.Alert.ResolvedAt, row.Alert.ResolvedReason, row.Alert.ToldAs));
        Assert.Equal([DeliveryStatus.Sent, DeliveryStatus.Sent], row.Deliveries.Select(one => one.Status));
        var stored = (await store.LoadTargetAsync(id, Token))!;
        Assert.Equal((null, 1, Start.AddMinutes(3)), (stored.State!.Outage, stored.State.ConsecutiveFailures, stored.State.FailingSince));
        Assert.Equal(before with { StateVersion = 2 }, (await store.LoadRevisionsAsync(Token)).Single(one => one.TargetId == id));
        Assert.Equal([before with { StateVersion = 2 }], (await store.LoadEditsAsync([new MovedShard(ShardMap.Of(id), 1, 2)], Token)).Targets);
        Assert.Empty(await store.LoadOpenDeliveriesAsync(Token));
    }

    [Fact]
    public async Task The_same_outage_under_another_number_gets_its_end_told_and_is_no_outage_more()
    {
        var (store, fence, id) = await OpenAsync();
        await using var _ = store;
        var over = Alert(id, 1, Start.AddSeconds(5)) with { ResolvedAt = Start.AddMinutes(2), ResolvedReason = ResolvedReason.Recovered };
        await store.CommitAsync(Batch(
            [Failed(id, Start.AddMinutes(1)), Ok(id, Start.AddMinutes(2))],
            [Write(fence, id, 0, Healthy(Start) with { LastEpisode = 1 }, [over], [Delivery(id, 1, 7, Start.AddSeconds(5)), Delivery(id, 1, 7, Start.AddMinutes(2), DeliveryKind.Resolved)])]), Token);
        await store.CommitAsync(Batch(deliveries: [.. (await store.LoadOpenDeliveriesAsync(Token)).Select(row => new DeliveryWrite([Sent(row.Delivery)], []))]), Token);

        var stray = new StrayEpisode(Alert(id, 2, Start), Core.Targets.Target.DefaultLocation, [Sent(Delivery(id, 2, 8, Start))]);
        Assert.True(await store.AdoptAsync(stray, Token));
        var recovery = Assert.Single(await store.LoadOpenDeliveriesAsync(Token));
        Assert.Equal((DeliveryKind.Resolved, 8, $"#{id}-2", over.ResolvedAt), (recovery.Delivery.Key.Kind, recovery.Delivery.Key.ChannelId, recovery.Alert.Reference, recovery.Alert.ResolvedAt));

        var page = await store.ListAlertsAsync(new AlertQuery(null, null, id, null, null), Token);
        var row = Assert.Single(page.Items);
        Assert.Equal((1, 1L), (row.Alert.Episode, page.Total));
        Assert.Equal([(1, 7L), (2, 8), (1, 7), (2, 8)], row.Deliveries.Select(one => (one.Key.Episode, one.Key.ChannelId)));
        Assert.Equal((2, $"#{id}-2"), (Assert.Single(row.Others).Key, row.Others[2]));
        Assert.Equal(4, (await store.FindAlertAsync(row.Alert.Id, Token))!.Deliveries.Count);
        Assert.Null(await store.FindAlertAsync(recovery.Alert.Id, Token));
        Assert.Equal(2, (await store.LoadTargetAsync(id, Token))!.State!.LastEpisode);

        // Once more changes nothing: it is there.
        Assert.True(await store.AdoptAsync(stray, Token));
        Assert.Single(await store.LoadOpenDeliveriesAsync(Token));
    }

    /// <summary>It had been well between them, by what is stored in rows or, after a while, in blocks.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_outage_after_the_target_was_well_is_another_though_nobody_has_ended_the_first(bool packed)
    {
        var (store, fence, id) = await OpenAsync();
        await using var _ = store;
        var next = Over(id, 1, 1);
        await store.CommitAsync(Batch([Failed(id, Start.AddMinutes(1)), Ok(id, Start.AddMinutes(2))], [Write(fence, id, 0, Healthy(Start) with { LastEpisode = 1 }, [next])]), Token);
        while (packed && await store.MaintainAsync(Start.AddHours(1), new Retention(TimeSpan.FromDays(7), TimeSpan.FromDays(400), TimeSpan.FromDays(400)), Token))
        {
        }

        await store.CommitAsync(Batch([Ok(id, Start.AddHours(2))]), Token);
        Assert.True(await store.AdoptAsync(new StrayEpisode(Alert(id, 1, Start), Core.Targets.Target.DefaultLocation, [Sent(Delivery(id, 1, 7, Start))]), Token));
        var alerts = (await store.ListAlertsAsync(new AlertQuery(null, null, id, null, null), Token)).Items.OrderBy(row => row.Alert.Episode).ToArray();
        Assert.Equal([(1, null), (2, 1)], alerts.Select(row => (row.Alert.Episode, row.Alert.ToldAs)));
        Assert.Equal(Start.AddMinutes(2), alerts[1].Alert.ResolvedAt);
    }

    private static Delivery Sent(Delivery row) => row with { Status = DeliveryStatus.Sent, SentAt = row.CreatedAt };

    private static AlertRecord Over(long id, int episode, int hours) =>
        Alert(id, episode, Start.AddHours(hours)) with { ResolvedAt = Start.AddHours(hours).AddMinutes(1), ResolvedReason = ResolvedReason.Recovered };

    private async Task<(PostgresStore Store, Fence Fence, long Target)> OpenAsync()
    {
        var store = new PostgresStore(
            new PostgresStoreOptions(await shared.ConnectionAsync(await shared.DatabaseAsync(Token), Token), SharedPostgres.MasterKey), TimeProvider.System, NullLogger<PostgresStore>.Instance);
        await store.OpenAsync(Token);
        var fences = await store.ClaimAllAsync(new SiloIdentity("a", "z", "http://a", Start), Token);
        var id = (await store.CreateTargetAsync(StoreExamples.Target(), By(), Token)).Value!.Id;
        return (store, fences.Single(fence => fence.Shard == ShardMap.Of(id)), id);
    }
}
