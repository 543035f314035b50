using Monitor.Core.Alerts;
using Monitor.Core.Ports;
using Monitor.Core.Text;
using Monitor.Grains.Writing;
using Monitor.UnitTests.Grains.Journal;
using Xunit;

namespace Monitor.UnitTests.Grains.Writing;

/// <summary>What was told while nobody could write it down, and whose shard has moved on, is not dropped: an alert that people heard of would have no end.</summary>
public sealed class StraysTests
{
    [Fact]
    public async Task A_decision_whose_shard_has_moved_on_is_adopted_with_what_was_told_of_it()
    {
        await using var rig = await new WriterRig().StartedAsync();
        await AwayAsync(rig, Transition(0, over: false));
        await rig.RunUntilAsync(rig.WriteAsync(Samples.Claim(1)));
        await rig.RunUntilAsync(rig.WriteAsync(Samples.Claim(1, DeliveryStatus.Sent)));
        await BackAsync(rig);
        await rig.RunUntilAsync(() => rig.Adopted.All.Count > 0);
        var stray = Assert.Single(rig.Adopted.All);
        Assert.Equal((1L, 1, true), (stray.Alert.TargetId, stray.Alert.Episode, stray.Alert.IsOpen));
        Assert.Equal(DeliveryStatus.Sent, Assert.Single(stray.Deliveries).Status);
    }

    [Fact]
    public async Task The_last_word_on_an_episode_counts_and_it_is_adopted_once()
    {
        await using var rig = await new WriterRig().StartedAsync();
        await AwayAsync(rig, Transition(0, over: false));
        Assert.Equal(Durability.Kept, await rig.WriteAsync(Transition(1, over: true)));
        await BackAsync(rig);
        await rig.RunUntilAsync(() => rig.Adopted.All.Count > 0);
        var stray = Assert.Single(rig.Adopted.All);
        Assert.False(stray.Alert.IsOpen);
        Assert.Equal([DeliveryKind.Firing, DeliveryKind.Resolved], stray.Deliveries.Select(row => row.Key.Kind));
    }

    [Fact]
    public async Task What_has_to_wait_is_tried_again()
    {
        await using var rig = await new WriterRig().StartedAsync();
        var tries = 0;
        rig.Adopted.Answer = _ => Interlocked.Increment(ref tries) switch
        {
            1 => false,
            2 => throw new StoreUnavailableException(new LocalizedText("away", "away")),
            _ => true,
        };
        await AwayAsync(rig, Transition(0, over: false));
        await BackAsync(rig);
        await rig.RunUntilAsync(() => rig.Adopted.All.Count > 0);
        Assert.Equal(3, tries);
    }

    [Fact]
    public async Task What_an_earlier_process_left_is_adopted_at_the_start()
    {
        var files = new FakeFiles();
        await using (var first = await new WriterRig(files: files).StartedAsync())
        {
            await AwayAsync(first, Transition(0, over: false));
        }

        await using var second = new WriterRig(files: files);
        second.Store.Outcomes = _ => StateOutcome.FenceLost;
        await second.Writer.ReplayAsync(null, TestContext.Current.CancellationToken);
        await second.Writer.StartAsync();
        await second.RunUntilAsync(() => second.Adopted.All.Count > 0);
        Assert.Equal(1, Assert.Single(second.Adopted.All).Alert.Episode);
    }

    /// <summary>The writer's journal has let go of it by then: a silo that was killed while such a target was still down left nothing of what it had told.</summary>
    [Fact]
    public async Task What_waits_until_its_target_is_well_survives_a_kill()
    {
        var (files, own) = (new FakeFiles(), new FakeFiles());
        await using (var first = await new WriterRig(files: files, strayFiles: own).StartedAsync())
        {
            var tries = 0;
            first.Adopted.Answer = _ => Interlocked.Increment(ref tries) < 0;
            await AwayAsync(first, Transition(0, over: false));
            await first.RunUntilAsync(first.WriteAsync(Samples.Claim(1, DeliveryStatus.Sent)));
            await BackAsync(first);
            await first.RunUntilAsync(() => Volatile.Read(ref tries) > 0);
        }

        Assert.Empty(files.List());
        await using var second = await new WriterRig(files: files, strayFiles: own).StartedAsync();
        await second.RunUntilAsync(() => second.Adopted.All.Count > 0);
        var stray = Assert.Single(second.Adopted.All);
        Assert.Equal((1, true), (stray.Alert.Episode, stray.Alert.IsOpen));
        Assert.Equal(DeliveryStatus.Sent, Assert.Single(stray.Deliveries).Status);

        // And once it has its record, nothing stays.
        await second.RunUntilAsync(() => own.List().Count == 0);
    }

    [Fact]
    public async Task A_counter_that_is_refused_leaves_nothing_behind()
    {
        await using var rig = await new WriterRig().StartedAsync();
        await AwayAsync(rig, Samples.State(1));
        await BackAsync(rig);
        Assert.Empty(rig.StrayFiles.List());
        Assert.Empty(rig.Adopted.All);
    }

    /// <summary>The silo got its shard back while its first one waited, knew nothing of it, and lost it again: two outages that people heard of became one record.</summary>
    [Fact]
    public async Task Two_outages_under_one_number_are_adopted_each_with_what_was_told_of_it()
    {
        await using var rig = await new WriterRig().StartedAsync();
        var waits = 0;
        rig.Adopted.Answer = _ => Interlocked.Increment(ref waits) < 0;
        await AwayAsync(rig, Transition(0, over: false));
        await rig.RunUntilAsync(rig.WriteAsync(Samples.Claim(1, DeliveryStatus.Sent)));
        await BackAsync(rig);
        await rig.RunUntilAsync(() => Volatile.Read(ref waits) > 0);

        var later = Samples.Start.AddMinutes(5);
        var next = Transition(0, over: false);
        await AwayAsync(rig, next with { Alerts = [next.Alerts[0] with { StartedAt = later, FiredAt = later }], Deliveries = [next.Deliveries[0] with { CreatedAt = later }] });
        await BackAsync(rig);
        rig.Adopted.Answer = _ => true;
        await rig.RunUntilAsync(() => rig.Adopted.All.Count > 1);
        Assert.Equal(
            [(Samples.Start, DeliveryStatus.Sent), (later, DeliveryStatus.Pending)],
            rig.Adopted.All.Select(stray => (stray.Alert.FiredAt, Assert.Single(stray.Deliveries).Status)).Order());
    }

    [Fact]
    public async Task A_disk_that_does_not_take_what_waits_delays_nothing()
    {
        var own = new FakeFiles { Denied = true };
        await using var rig = await new WriterRig(strayFiles: own).StartedAsync();
        await AwayAsync(rig, Transition(0, over: false));
        await BackAsync(rig);
        await rig.RunUntilAsync(() => rig.Adopted.All.Count > 0);
        Assert.Contains(rig.Lines.All, line => line.StartsWith("Error", StringComparison.Ordinal) && line.Contains("waits in memory", StringComparison.Ordinal));
    }

    private static async Task AwayAsync(WriterRig rig, StateWrite write)
    {
        rig.Store.Faults = _ => Fault.Before;
        Assert.Equal(Durability.Kept, await rig.WriteAsync(write));
    }

    private static async Task BackAsync(WriterRig rig)
    {
        rig.Store.Outcomes = _ => StateOutcome.FenceLost;
        rig.Store.Faults = _ => Fault.None;
        await rig.RunUntilAsync(() => rig.Condition.Reasons().Count == 0);
    }

    private static StateWrite Transition(long expectedVersion, bool over) => Samples.State(1, expectedVersion) with
    {
        Alerts =
        [
            new AlertRecord
            {
                TargetId = 1, Episode = 1, TargetName = "orders", TargetType = "http", Endpoint = "place", Severity = AlertSeverity.Critical, Message = "down",
                StartedAt = Samples.Start, FiredAt = Samples.Start, FailureCount = 3, ResolvedAt = over ? Samples.Start.AddSeconds(9) : null,
                ResolvedReason = over ? ResolvedReason.Recovered : null,
            },
        ],
        Deliveries = [new Delivery { Key = new DeliveryKey(1, 1, over ? DeliveryKind.Resolved : DeliveryKind.Firing, 1), CreatedAt = Samples.Start }],
    };
}
