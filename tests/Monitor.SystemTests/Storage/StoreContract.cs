using Monitor.Core.Alerts;
using Monitor.Core.Health;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Core.Text;
using Monitor.Tests.Shared;
using Xunit;
using static Monitor.Tests.Shared.StoreExamples;

namespace Monitor.SystemTests.Storage;

/// <summary>What every store must do. A kind of store runs it by saying how one is made; each test has one of its own.</summary>
public abstract partial class StoreContract : IAsyncLifetime
{
    protected StorePorts Store { get; private set; } = null!;

    protected Fence[] Fences { get; private set; } = [];

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    protected static readonly Retention Kept = new(TimeSpan.FromDays(7), TimeSpan.FromDays(400), TimeSpan.FromDays(400));

    public async ValueTask InitializeAsync()
    {
        Store = await OpenAsync(Token);
        Fences = await Store.ClaimAsync(Token);
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>An empty store, opened.</summary>
    protected abstract Task<StorePorts> OpenAsync(CancellationToken cancellationToken);

    protected abstract Task CloseAsync();

    protected Fence FenceOf(long target) => Fences[ShardMap.Of(target)];

    protected async Task<long> TargetAsync(string name = "网关") => (await Store.Targets.CreateTargetAsync(Target(name), By(), Token)).Value!.Id;

    protected async Task<long> ChannelAsync(string name = "值班群") => (await Store.Targets.CreateChannelAsync(Channel(name), By(), Token)).Value!.Id;

    protected async Task<StateOutcome> WriteAsync(StateWrite write) => (await Store.Grains.CommitAsync(Batch(states: [write]), Token))[0];

    protected async Task MaintainAsync(DateTimeOffset now, Retention? retention = null)
    {
        while (await Store.Lifecycle.MaintainAsync(now, retention ?? Kept, Token))
        {
        }
    }

    [Fact]
    public async Task A_state_is_written_where_its_version_fits_and_loaded_with_it()
    {
        var id = await TargetAsync();
        var state = Healthy(Start);
        Assert.Equal(StateOutcome.Committed, await WriteAsync(Write(FenceOf(id), id, 0, state) with { Memory = new byte[] { 1, 2, 3 } }));
        var loaded = await Store.Grains.LoadTargetAsync(id, Token);
        Assert.Equal(state, loaded!.State);
        Assert.Equal(1, loaded.Version);
        Assert.Equal([1, 2, 3], loaded.Memory.ToArray());

        Assert.Equal(StateOutcome.Committed, await WriteAsync(Write(FenceOf(id), id, 1, state with { ConsecutiveFailures = 1 })));
        loaded = await Store.Grains.LoadTargetAsync(id, Token);
        Assert.Equal([1, 2, 3], loaded!.Memory.ToArray());
        Assert.Equal(2, loaded.Version);
    }

    [Fact]
    public async Task A_write_of_another_version_drops_out_alone()
    {
        var first = await TargetAsync();
        var second = await TargetAsync("second");
        await WriteAsync(Write(FenceOf(first), first, 0, Healthy(Start)));
        var outcomes = await Store.Grains.CommitAsync(
            Batch(
                [Ok(first, Start)],
                [
                    Write(FenceOf(first), first, 0, Healthy(Start) with { ConsecutiveFailures = 2 }, [Alert(first, 1, Start)]),
                    Write(FenceOf(second), second, 0, Healthy(Start)),
                ]),
            Token);
        Assert.Equal([StateOutcome.VersionLost, StateOutcome.Committed], outcomes);
        Assert.Empty((await Store.History.ListAlertsAsync(new AlertQuery(null, null, first, null, null), Token)).Items);
        Assert.Single((await Store.History.ListResultsAsync(new ResultQuery(first, null, null, null), Token)).Items);
    }

    [Fact]
    public async Task A_fence_of_an_earlier_claim_commits_nothing()
    {
        var id = await TargetAsync();
        var old = FenceOf(id);
        var renewed = await Store.ClaimAsync(Token);
        Assert.Equal(StateOutcome.FenceLost, await WriteAsync(Write(old, id, 0, Healthy(Start), [Alert(id, 1, Start)])));
        Assert.Null((await Store.Grains.LoadTargetAsync(id, Token))!.State);
        Assert.Equal(StateOutcome.Committed, await WriteAsync(Write(renewed[old.Shard], id, 0, Healthy(Start))));
        Assert.Equal(256, renewed.Length);
        Assert.All(renewed, fence => Assert.True(fence.Epoch == old.Epoch + 1 && fence.Owner != old.Owner));
    }

    [Fact]
    public async Task A_fence_of_another_shard_opens_no_target()
    {
        var id = await TargetAsync();
        var other = Fences[(ShardMap.Of(id) + 1) % ShardMap.Count];
        Assert.Equal(StateOutcome.FenceLost, await WriteAsync(Write(other, id, 0, Healthy(Start))));
    }

    [Fact]
    public async Task A_batch_given_again_is_taken_as_written()
    {
        var id = await TargetAsync();
        var channel = await ChannelAsync();
        var batch = Batch(
            [Failed(id, Start)],
            [Write(FenceOf(id), id, 0, Healthy(Start) with { Status = HealthStatus.Unhealthy }, [Alert(id, 1, Start)], [Delivery(id, 1, channel, Start)])],
            [new DeliveryWrite([Delivery(id, 1, channel, Start) with { Status = DeliveryStatus.Sent, SentAt = Start }], [new SendSlot("r", "m", Start, Start)])]);
        Assert.Equal([StateOutcome.Committed, StateOutcome.Committed], await Store.Grains.CommitAsync(batch, Token));
        Assert.Equal([StateOutcome.Committed, StateOutcome.Committed], await Store.Grains.CommitAsync(batch, Token));
        Assert.Equal(1, (await Store.Grains.LoadTargetAsync(id, Token))!.Version);
        var alert = Assert.Single((await Store.History.ListAlertsAsync(new AlertQuery(null, null, id, null, null), Token)).Items);
        Assert.Equal(DeliveryStatus.Sent, Assert.Single(alert.Deliveries).Status);
        Assert.Single((await Store.History.ListResultsAsync(new ResultQuery(id, null, null, null), Token)).Items);
        Assert.Single(await Store.Grains.LoadSendsAsync(Start.AddMinutes(-1), Token));
    }

    [Fact]
    public async Task A_claim_under_a_lost_fence_writes_nothing_and_takes_nothing_else_along()
    {
        var id = await TargetAsync();
        var (mine, theirs) = (await ChannelAsync("a"), await ChannelAsync("b"));
        Delivery[] rows = [Delivery(id, 1, mine, Start), Delivery(id, 1, theirs, Start)];
        await WriteAsync(Write(FenceOf(id), id, 0, Healthy(Start), [Alert(id, 1, Start)], rows));
        var (held, lost) = (Fences[3], Fences[4] with { Epoch = Fences[4].Epoch - 1 });
        var outcomes = await Store.Grains.CommitAsync(
            Batch(deliveries:
            [
                new DeliveryWrite([rows[1] with { Status = DeliveryStatus.Sending }], [new SendSlot("r", "lost", Start, null)], lost),
                new DeliveryWrite([rows[0] with { Status = DeliveryStatus.Sending }], [new SendSlot("r", "held", Start, null)], held),
            ]),
            Token);

        Assert.Equal([StateOutcome.FenceLost, StateOutcome.Committed], outcomes);
        var stored = (await Store.Grains.LoadOpenDeliveriesAsync(Token)).ToDictionary(open => open.Delivery.Key.ChannelId, open => open.Delivery.Status);
        Assert.Equal((DeliveryStatus.Sending, DeliveryStatus.Pending), (stored[mine], stored[theirs]));
        Assert.Equal("held", Assert.Single(await Store.Grains.LoadSendsAsync(Start.AddMinutes(-1), Token)).MessageId);
    }

    [Theory]
    [InlineData(DeliveryStatus.Sent)]
    [InlineData(DeliveryStatus.Superseded)]
    [InlineData(DeliveryStatus.Suppressed)]
    [InlineData(DeliveryStatus.Dead)]
    public async Task A_delivery_never_goes_back_from_where_it_has_come_to(DeliveryStatus settled)
    {
        var id = await TargetAsync();
        var delivery = Delivery(id, 1, 1, Start);
        await WriteAsync(Write(FenceOf(id), id, 0, Healthy(Start), [Alert(id, 1, Start)], [delivery]));
        Assert.Equal(delivery, Assert.Single(await Store.Grains.LoadOpenDeliveriesAsync(Token)).Delivery);

        await ProgressAsync(delivery with { Status = DeliveryStatus.Sending, MessageId = "m-1", Attempts = 1 });
        await ProgressAsync(delivery with { Status = settled, MessageId = "m-1", Attempts = 1, SentAt = Start, Reason = "r", LastError = "e" });
        await ProgressAsync(delivery with { Status = DeliveryStatus.Sending, MessageId = "m-2", Attempts = 2 });

        // Of an alert that is still open, whoever sends the recovery has to know that its firing was never heard.
        var stillToKnow = settled is DeliveryStatus.Suppressed or DeliveryStatus.Dead ? settled : (DeliveryStatus?)null;
        Assert.Equal(stillToKnow, (await Store.Grains.LoadOpenDeliveriesAsync(Token)).SingleOrDefault()?.Delivery.Status);
        var stored = Assert.Single((await Store.History.ListAlertsAsync(new AlertQuery(null, null, id, null, null), Token)).Items).Deliveries;
        Assert.Equal(
            delivery with { Status = settled, MessageId = "m-1", Attempts = 1, SentAt = Start, Reason = "r", LastError = "e" }, Assert.Single(stored));
    }

    [Fact]
    public async Task Open_deliveries_come_oldest_first_and_a_firing_before_its_recovery()
    {
        var id = await TargetAsync();
        await WriteAsync(Write(
            FenceOf(id), id, 0, Healthy(Start), [Alert(id, 1, Start), Alert(id, 2, Start)],
            [Delivery(id, 2, 1, Start.AddSeconds(1)), Delivery(id, 1, 1, Start, DeliveryKind.Resolved), Delivery(id, 1, 1, Start)]));
        var open = await Store.Grains.LoadOpenDeliveriesAsync(Token);
        Assert.Equal(["firing 1", "resolved 1", "firing 2"], open.Select(item => $"{item.Delivery.Key.Kind.Name()} {item.Alert.Episode}"));
    }

    [Fact]
    public async Task A_send_is_known_by_its_message_and_its_end_is_kept()
    {
        await Store.Grains.CommitAsync(Batch(deliveries: [new DeliveryWrite([], [new SendSlot("robot", "m", Start, null)])]), Token);
        Assert.Equal([new SendSlot("robot", "m", Start, null)], await Store.Grains.LoadSendsAsync(Start, Token));
        await Store.Grains.CommitAsync(Batch(deliveries: [new DeliveryWrite([], [new SendSlot("robot", "m", Start, Start.AddSeconds(1))])]), Token);
        await Store.Grains.CommitAsync(Batch(deliveries: [new DeliveryWrite([], [new SendSlot("robot", "m", Start, null)])]), Token);
        Assert.Equal([new SendSlot("robot", "m", Start, Start.AddSeconds(1))], await Store.Grains.LoadSendsAsync(Start.AddSeconds(1), Token));
        Assert.Empty(await Store.Grains.LoadSendsAsync(Start.AddSeconds(2), Token));
    }

    [Fact]
    public async Task A_resolved_alert_is_not_opened_again_by_an_older_copy()
    {
        var id = await TargetAsync();
        var alert = Alert(id, 1, Start);
        await WriteAsync(Write(FenceOf(id), id, 0, Healthy(Start), [alert]));
        var over = alert with { ResolvedAt = Start.AddMinutes(5), ResolvedReason = ResolvedReason.Recovered, RecoveredIntoDegraded = true, FailureCount = 9, ToldAs = 7 };
        await WriteAsync(Write(FenceOf(id), id, 1, Healthy(Start), [over]));
        await WriteAsync(Write(FenceOf(id), id, 2, Healthy(Start), [alert]));
        var stored = Assert.Single((await Store.History.ListAlertsAsync(new AlertQuery(null, null, id, null, null), Token)).Items).Alert;
        Assert.Equal(over with { Id = stored.Id }, stored);
        Assert.Equal(stored, (await Store.History.FindAlertAsync(stored.Id, Token))!.Alert);
    }

    [Fact]
    public async Task A_deleted_target_leaves_a_tombstone_until_its_owner_removes_it_and_its_alerts_stay()
    {
        var id = await TargetAsync();
        await WriteAsync(Write(FenceOf(id), id, 0, Healthy(Start), [Alert(id, 1, Start)]));
        var outcome = await Store.Targets.DeleteTargetAsync(id, null, By(), Token);
        Assert.Equal(EditProblem.None, outcome.Problem);
        Assert.Null(await Store.Targets.FindTargetAsync(id, Token));
        Assert.Empty((await Store.Targets.ListTargetsAsync(new TargetQuery(), Token)).Items);
        Assert.True(Assert.Single(await Store.Grains.LoadTargetsAsync([ShardMap.Of(id)], Token)).Deleted);

        var over = Alert(id, 1, Start) with { ResolvedAt = Start.AddMinutes(1), ResolvedReason = ResolvedReason.Deleted };
        var remove = Write(FenceOf(id), id, 1, Healthy(Start), [over], [Delivery(id, 1, 1, Start, DeliveryKind.Resolved)]) with { RemoveTarget = true };
        Assert.Equal(StateOutcome.Committed, await WriteAsync(remove));
        Assert.Equal(StateOutcome.Committed, await WriteAsync(remove));
        Assert.Null(await Store.Grains.LoadTargetAsync(id, Token));
        Assert.Equal(ResolvedReason.Deleted, Assert.Single((await Store.History.ListAlertsAsync(new AlertQuery(null, null, id, null, null), Token)).Items).Alert.ResolvedReason);
        Assert.Single(await Store.Grains.LoadOpenDeliveriesAsync(Token));
        Assert.True(await TargetAsync() > id);
    }

    [Fact]
    public async Task Only_a_deleted_target_can_be_removed()
    {
        var id = await TargetAsync();
        Assert.Equal(StateOutcome.VersionLost, await WriteAsync(Write(FenceOf(id), id, 0, Healthy(Start)) with { RemoveTarget = true }));
        Assert.NotNull(await Store.Targets.FindTargetAsync(id, Token));
    }

    private Task<IReadOnlyList<StateOutcome>> ProgressAsync(Delivery delivery) => Store.Grains.CommitAsync(Batch(deliveries: [new DeliveryWrite([delivery], [])]), Token);
}
