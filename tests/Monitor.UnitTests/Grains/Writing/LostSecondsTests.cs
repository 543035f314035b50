using Monitor.Core.Alerts;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Grains.Writing;
using Xunit;

namespace Monitor.UnitTests.Grains.Writing;

/// <summary>A standby is promoted that has not got the last seconds: what was told of them has a record all the same, and is not told again.</summary>
public sealed class LostSecondsTests
{
    private static readonly Fence Old = new(ShardMap.Of(1), 1, 1, 1);
    private static readonly Fence Next = Old with { Epoch = 2, Timeline = 2 };

    [Fact]
    public async Task What_the_standby_has_not_got_is_in_it_before_the_shard_runs()
    {
        await using var rig = await new WriterRig().StartedAsync();
        await rig.WriteAsync(State(0));
        await rig.WriteAsync(State(1, fires: true));
        await rig.WriteAsync(State(2));
        await rig.WriteAsync(Samples.Claim(1));
        await rig.RunUntilAsync(rig.WriteAsync(Samples.Claim(1, DeliveryStatus.Sent)));
        rig.Store.States[1].RemoveRange(1, 2);
        rig.Store.Deliveries.Clear();

        rig.Recent.Renew([(Old, Next)]);
        await rig.Lost.RestoreAsync([Next], TestContext.Current.CancellationToken);
        var again = rig.Store.States[1][^1];
        Assert.Equal(2, rig.Store.States[1].Count);
        Assert.Equal((Next, 1, 3), (again.Fence, again.ExpectedVersion, again.State.ConsecutiveFailures));
        Assert.Equal(1, Assert.Single(again.Alerts).Episode);
        Assert.Equal(DeliveryStatus.Pending, Assert.Single(again.Deliveries).Status);
        Assert.Equal(DeliveryStatus.Sent, Assert.Single(rig.Store.Deliveries).Value.Status);

        // Once.
        var written = rig.Store.Written.Count;
        await rig.Lost.RestoreAsync([Next], TestContext.Current.CancellationToken);
        Assert.Equal(written, rig.Store.Written.Count);
    }

    [Fact]
    public async Task What_the_standby_has_is_left_as_it_is()
    {
        await using var rig = await new WriterRig().StartedAsync();
        await rig.WriteAsync(State(0));
        await rig.WriteAsync(State(1, fires: true));
        rig.Recent.Renew([(Old, Next)]);
        await rig.Lost.RestoreAsync([Next], TestContext.Current.CancellationToken);
        Assert.Equal([Old, Old], rig.Store.States[1].Select(state => state.Fence));
    }

    [Fact]
    public async Task A_store_that_goes_away_in_between_is_asked_again()
    {
        await using var rig = await new WriterRig().StartedAsync();
        await rig.WriteAsync(State(0));
        rig.Store.States[1].Clear();
        rig.Recent.Renew([(Old, Next)]);
        rig.Store.Faults = _ => Fault.Before;
        await Assert.ThrowsAsync<StoreUnavailableException>(() => rig.Lost.RestoreAsync([Next], TestContext.Current.CancellationToken));
        rig.Store.Faults = _ => Fault.None;
        await rig.Lost.RestoreAsync([Next], TestContext.Current.CancellationToken);
        Assert.Equal(Next, Assert.Single(rig.Store.States[1]).Fence);
    }

    [Fact]
    public async Task What_was_decided_without_a_store_waits_for_the_claim_and_is_in_with_it()
    {
        await using var rig = await new WriterRig().StartedAsync();
        await rig.WriteAsync(State(0));
        rig.Store.Faults = _ => Fault.Before;
        Assert.Equal(Durability.Kept, await rig.WriteAsync(State(1)));
        Assert.Equal(Durability.Kept, await rig.WriteAsync(State(2, fires: true)));

        // The standby is there, has lost the first of them, and takes no fence of before.
        rig.Store.States[1].Clear();
        rig.Recent.IsHeld = fence => fence == Old;
        rig.Store.Outcomes = state => state.Fence.Timeline == 1 ? StateOutcome.FenceLost : null;
        rig.Store.Faults = _ => Fault.None;
        var tried = rig.Store.Tried.Count;
        await rig.RunUntilAsync(() => rig.Store.Tried.Count > tried + 3);
        Assert.NotEmpty(rig.Files.Files);

        rig.Recent.Renew([(Old, Next)]);
        rig.Recent.IsHeld = fence => fence == Next;
        await rig.Lost.RestoreAsync([Next], TestContext.Current.CancellationToken);
        await rig.RunUntilAsync(() => rig.Condition.Reasons().Count == 0);
        var again = Assert.Single(rig.Store.States[1]);
        Assert.Equal((Next, 0, 3), (again.Fence, again.ExpectedVersion, again.State.ConsecutiveFailures));
        Assert.Single(again.Alerts);
        Assert.Empty(rig.Files.Files);
        Assert.DoesNotContain(rig.Lines.All, line => line.Contains("does not fit", StringComparison.Ordinal));
        Assert.Equal(Durability.Committed, await rig.WriteAsync(State(1) with { Fence = Next }));
    }

    /// <summary>It is restored with the claim: taken for an episode of its own besides, it had two records.</summary>
    [Fact]
    public async Task A_decision_that_is_on_its_way_under_the_old_fence_while_its_shard_is_claimed_anew_is_in_once()
    {
        await using var rig = await new WriterRig().StartedAsync();
        await rig.WriteAsync(State(0));
        rig.Store.Faults = _ => Fault.Before;
        Assert.Equal(Durability.Kept, await rig.WriteAsync(State(1, fires: true)));

        rig.Recent.IsHeld = fence => fence == Old;
        rig.Store.Outcomes = state =>
        {
            if (state.Fence != Old)
            {
                return null;
            }

            rig.Recent.Renew([(Old, Next)]);
            rig.Recent.IsHeld = fence => fence == Next;
            return StateOutcome.FenceLost;
        };
        rig.Store.Faults = _ => Fault.None;
        await rig.RunUntilAsync(() => rig.Recent.Owes);
        await rig.Lost.RestoreAsync([Next], TestContext.Current.CancellationToken);
        await rig.RunUntilAsync(() => rig.Condition.Reasons().Count == 0);
        Assert.Single(rig.Store.States[1].SelectMany(state => state.Alerts));
        Assert.Empty(rig.Adopted.All);
        Assert.DoesNotContain(rig.Lines.All, line => line.Contains("does not fit", StringComparison.Ordinal));
    }

    /// <summary>The kept batch went in without it, and the process ended before it was restored: it was nowhere.</summary>
    [Fact]
    public async Task What_was_kept_stays_on_the_disk_until_what_is_owed_of_it_is_in_the_store()
    {
        await using var rig = await new WriterRig().StartedAsync();
        await rig.WriteAsync(State(0));
        rig.Store.Faults = _ => Fault.Before;
        Assert.Equal(Durability.Kept, await rig.WriteAsync(State(1, fires: true)));
        await rig.RunUntilAsync(() => rig.Journaled == 1);
        rig.Recent.Renew([(Old, Next)]);
        rig.Store.Faults = _ => Fault.None;
        await RunForAsync(rig, 5);
        Assert.Equal(1, rig.Journaled);

        await rig.Lost.RestoreAsync([Next], TestContext.Current.CancellationToken);
        await rig.RunUntilAsync(() => rig.Condition.Reasons().Count == 0);
        Assert.Single(rig.Store.States[1].SelectMany(state => state.Alerts));
        Assert.Empty(rig.Files.Files);
    }

    [Fact]
    public async Task What_is_owed_to_a_fence_that_is_lost_becomes_an_episode_of_its_own()
    {
        await using var rig = await new WriterRig().StartedAsync();
        await rig.WriteAsync(State(0));
        rig.Store.Faults = _ => Fault.Before;
        Assert.Equal(Durability.Kept, await rig.WriteAsync(State(1, fires: true)));
        rig.Recent.Renew([(Old, Next)]);
        rig.Store.Outcomes = state => state.Fence.Timeline == 1 ? StateOutcome.FenceLost : null;
        rig.Store.Faults = _ => Fault.None;

        rig.Recent.Forsake(fence => fence == Next);
        Assert.True(rig.Recent.Owes);
        rig.Recent.Forsake(_ => false);
        Assert.False(rig.Recent.Owes);
        await rig.RunUntilAsync(() => rig.Adopted.All.Count > 0);
        Assert.Equal(1, Assert.Single(rig.Adopted.All).Alert.Episode);
        Assert.Empty(rig.Recent.Owed([Next]).States);
    }

    [Fact]
    public async Task A_decision_under_the_old_fence_that_comes_after_the_claim_is_refused_and_not_told()
    {
        await using var rig = await new WriterRig().StartedAsync();
        rig.Store.Faults = _ => Fault.Before;
        Assert.Equal(Durability.Kept, await rig.WriteAsync(State(0)));
        rig.Recent.Renew([(Old, Next)]);
        Assert.Equal(Durability.FenceLost, await rig.WriteAsync(State(1)));
        Assert.Equal(Durability.Kept, await rig.WriteAsync(State(1) with { Fence = Next }));
        Assert.Equal(2, Assert.Single(rig.Recent.Owed([Next]).States).Version);
    }

    [Fact]
    public async Task What_is_older_than_a_minute_is_forgotten_unless_it_waits_for_the_store()
    {
        await using var rig = await new WriterRig().StartedAsync();
        await rig.WriteAsync(State(0));
        await RunForAsync(rig, 70);
        rig.Recent.Renew([(Old, Next)]);
        Assert.Empty(rig.Recent.Owed([Next]).States);

        rig.Store.Faults = _ => Fault.Before;
        Assert.Equal(Durability.Kept, await rig.WriteAsync(State(1) with { Fence = Next }));
        await RunForAsync(rig, 70);
        var after = Next with { Epoch = 3, Timeline = 3 };
        rig.Recent.Renew([(Next, after)]);
        Assert.Single(rig.Recent.Owed([after]).States);
    }

    [Fact]
    public async Task A_delivery_that_waits_again_is_not_told_of()
    {
        await using var rig = await new WriterRig().StartedAsync();
        await rig.WriteAsync(Samples.Claim(1));
        await rig.RunUntilAsync(rig.WriteAsync(Samples.Claim(1, DeliveryStatus.Pending)));
        await rig.WriteAsync(Samples.Claim(2));
        rig.Recent.Renew([(Old, Next)]);
        Assert.Equal([2L], rig.Recent.Owed([Next]).Rows.Deliveries.Select(row => row.Key.TargetId));
    }

    /// <summary>And until the writer has been through a turn of its own that began after that: a clock runs ahead of a loop that is not let run.</summary>
    private static async Task RunForAsync(WriterRig rig, int seconds)
    {
        var until = rig.Time.GetTimestamp() + (seconds * rig.Time.TimestampFrequency);
        await rig.RunUntilAsync(() => rig.Writer.LastTurned >= until);
        var began = rig.Writer.LastTurned;
        await rig.RunUntilAsync(() => rig.Writer.LastTurned > began);
    }

    private static StateWrite State(long expectedVersion, bool fires = false) => Samples.State(1, expectedVersion) with
    {
        Fence = Old,
        Alerts = fires
            ?
            [
                new AlertRecord
                {
                    TargetId = 1, Episode = 1, TargetName = "orders", TargetType = "http", Endpoint = "place", Severity = AlertSeverity.Critical, Message = "down",
                    StartedAt = Samples.Start, FiredAt = Samples.Start, FailureCount = 3,
                },
            ]
            : [],
        Deliveries = fires ? [new Delivery { Key = new DeliveryKey(1, 1, DeliveryKind.Firing, 1), CreatedAt = Samples.Start }] : [],
    };
}
