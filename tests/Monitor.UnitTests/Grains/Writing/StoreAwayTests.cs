using Monitor.Core.Alerts;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Text;
using Monitor.Grains.Writing;
using Monitor.UnitTests.Grains.Journal;
using Xunit;

namespace Monitor.UnitTests.Grains.Writing;

/// <summary>The store is away: those who wait go on, and afterwards the records agree with what was told.</summary>
public sealed class StoreAwayTests
{
    [Fact]
    public async Task What_the_store_refuses_is_kept_in_the_journal_at_once_and_goes_in_in_order_when_it_is_back()
    {
        await using var rig = await new WriterRig().StartedAsync();
        rig.Store.Faults = _ => Fault.Before;
        Assert.Equal(Durability.Kept, await rig.WriteAsync(Samples.State(1)));
        Assert.Equal(Durability.Kept, await rig.WriteAsync(Samples.Claim(1)));
        Assert.Equal(Durability.Kept, await rig.WriteAsync(Samples.State(1, 1)));
        Assert.Equal(Durability.Kept, await rig.RunUntilAsync(rig.WriteAsync(Samples.Claim(1, DeliveryStatus.Sent))));
        await rig.RunUntilAsync(() => rig.Journaled == 4);

        rig.Store.Faults = _ => Fault.None;
        await rig.RunUntilAsync(() => rig.Condition.Reasons().Count == 0);
        Assert.Equal([0, 1], rig.Store.States[1].Select(state => (int)state.ExpectedVersion));
        Assert.Equal(DeliveryStatus.Sent, Assert.Single(rig.Store.Deliveries).Value.Status);
        Assert.Empty(rig.Files.Files);
        Assert.Equal(Durability.Committed, await rig.WriteAsync(Samples.State(1, 2)));
    }

    /// <summary>A robot's owner that was not asked finds them in the store, and would tell once more what is pending there.</summary>
    [Fact]
    public async Task What_was_told_without_the_store_never_is_pending_in_it_and_what_was_not_is_so_once_all_is_there()
    {
        await using var rig = await new WriterRig().StartedAsync();
        rig.Store.Faults = _ => Fault.Before;
        await rig.WriteAsync(Deciding(1));
        await rig.WriteAsync(Deciding(2));
        await rig.WriteAsync(Samples.Claim(1));
        await rig.RunUntilAsync(rig.WriteAsync(Samples.Claim(1, DeliveryStatus.Sent)));
        rig.Store.Faults = _ => Fault.None;
        await rig.RunUntilAsync(() => rig.Store.Written.Any(batch => batch.Deliveries.SelectMany(write => write.Deliveries).Any(row => row.Key.TargetId == 2)));

        var rows = rig.Store.Written.SelectMany(batch => batch.States).SelectMany(state => state.Deliveries).ToArray();
        Assert.Equal([DeliveryStatus.Sent, DeliveryStatus.Sending], rows.OrderBy(row => row.Key.TargetId).Select(row => row.Status));
        var free = rig.Store.Written.SelectMany(batch => batch.Deliveries).SelectMany(write => write.Deliveries).Where(row => row.Key.TargetId == 2);
        Assert.Equal(DeliveryStatus.Pending, Assert.Single(free).Status);
        Assert.False(rig.Condition.HasGap);
    }

    [Fact]
    public async Task After_a_restart_too_what_was_told_without_the_store_goes_in_as_told()
    {
        var files = new FakeFiles();
        var store = new FakeStore { Faults = _ => Fault.Before };
        await using (var first = await new WriterRig(store, files).StartedAsync())
        {
            await first.WriteAsync(Deciding(1));
            await first.WriteAsync(Samples.Claim(1));
            await first.RunUntilAsync(first.WriteAsync(Samples.Claim(1, DeliveryStatus.Sent)));
        }

        await using var second = await new WriterRig(new FakeStore(store), files).StartedAsync();
        Assert.Equal(DeliveryStatus.Sent, Assert.Single(second.Store.Written.SelectMany(batch => batch.States).SelectMany(state => state.Deliveries)).Status);
    }

    private static StateWrite Deciding(long target) => Samples.State(target) with
    {
        Deliveries = [new Delivery { Key = new DeliveryKey(target, 1, DeliveryKind.Firing, 1), CreatedAt = Samples.Start }],
    };

    [Fact]
    public async Task A_commit_that_was_done_but_reported_as_failed_is_given_again_as_it_was()
    {
        await using var rig = await new WriterRig().StartedAsync();
        rig.Store.Faults = _ => rig.Store.Tried.Count == 0 ? Fault.After : Fault.None;
        Assert.Equal(Durability.Kept, await rig.Writer.WriteAsync(Samples.State(1), Samples.Result(1), TestContext.Current.CancellationToken));
        Assert.Equal(Durability.Kept, await rig.WriteAsync(Samples.State(1, 1)));
        await rig.RunUntilAsync(() => rig.Condition.Reasons().Count == 0);
        Assert.Equal(rig.Store.Tried[0].Sequence, rig.Store.Tried[1].Sequence);
        Assert.Equal(rig.Store.Tried[0].Silo, rig.Store.Tried[1].Silo);
        Assert.Equal([0, 1], rig.Store.States[1].Select(state => (int)state.ExpectedVersion));
        Assert.DoesNotContain(rig.Lines.All, line => line.Contains("does not fit", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_commit_that_hangs_lets_everybody_go_on_after_a_second_and_is_never_overtaken(bool fails)
    {
        await using var rig = await new WriterRig().StartedAsync();
        rig.Store.Faults = _ => rig.Store.Tried.Count > 0 ? Fault.None : fails ? Fault.HangThenFail : Fault.Hang;
        var first = rig.WriteAsync(Samples.State(1));
        await rig.Store.TriedAsync(1);
        rig.Time.Advance(TimeSpan.FromMilliseconds(900));
        Assert.False(first.IsCompleted);
        Assert.Equal(Durability.Kept, await rig.RunUntilAsync(first));
        Assert.Equal(Durability.Kept, await rig.WriteAsync(Samples.State(1, 1)));
        Assert.Contains("does not answer", Assert.Single(rig.Condition.Reasons()).English, StringComparison.Ordinal);
        await rig.RunUntilAsync(() => rig.Time.GetUtcNow() > Samples.Start.AddSeconds(20) && rig.Journaled == 2);
        Assert.Single(rig.Store.Tried);

        rig.Store.Gate.SetResult();
        await rig.RunUntilAsync(() => rig.Condition.Reasons().Count == 0);
        Assert.False(rig.Store.Overlapped);
        Assert.Equal([0, 1], rig.Store.States[1].Select(state => (int)state.ExpectedVersion));
        Assert.Empty(rig.Files.Files);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Where_the_journal_takes_nothing_either_memory_keeps_the_order(bool denied)
    {
        await using var rig = new WriterRig();
        rig.Files.Denied = denied;
        rig.Files.Room = 100;
        rig.Files.CannotTruncate = true;
        rig.Store.Faults = _ => Fault.Before;
        await rig.StartedAsync();
        for (var version = 0; version < 5; version++)
        {
            Assert.Equal(Durability.Kept, await rig.WriteAsync(Samples.State(1, version)));
        }

        Assert.Contains("5 records waiting in memory", Assert.Single(rig.Condition.Reasons()).English, StringComparison.Ordinal);
        rig.Store.Faults = _ => Fault.None;
        await rig.RunUntilAsync(() => rig.Condition.Reasons().Count == 0);
        Assert.Equal([0, 1, 2, 3, 4], rig.Store.States[1].Select(state => (int)state.ExpectedVersion));
        Assert.Single(rig.Lines.All, line => line.Contains("journal: does not take records", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_memory_kept_moves_into_the_journal_as_soon_as_that_takes_it()
    {
        await using var rig = new WriterRig();
        rig.Files.Denied = true;
        rig.Store.Faults = _ => Fault.Before;
        await rig.StartedAsync();
        await rig.WriteAsync(Samples.State(1));
        rig.Files.Denied = false;
        await rig.RunUntilAsync(() => rig.Files.Length > 0);

        var next = await new WriterRig(files: rig.Files.AfterKill()).StartedAsync();
        Assert.Single(next.Store.States);
        await next.DisposeAsync();
    }

    [Fact]
    public async Task A_journal_whose_disk_hangs_holds_nobody_up()
    {
        await using var rig = new WriterRig();
        var gate = new TaskCompletionSource();
        rig.Files.Gate = gate.Task;
        rig.Store.Faults = _ => Fault.Before;
        await rig.StartedAsync();
        Assert.Equal(Durability.Kept, await rig.RunUntilAsync(rig.WriteAsync(Samples.State(1))));
        Assert.Equal(Durability.Kept, await rig.WriteAsync(Samples.State(1, 1)));
        gate.SetResult();
        rig.Store.Faults = _ => Fault.None;
        await rig.RunUntilAsync(() => rig.Condition.Reasons().Count == 0);
        Assert.Equal([0, 1], rig.Store.States[1].Select(state => (int)state.ExpectedVersion));
    }

    [Fact]
    public async Task A_full_journal_gives_up_the_oldest_plain_successes_and_never_a_decision()
    {
        await using var rig = await new WriterRig(journalBytes: 40_000).StartedAsync();
        rig.Store.Faults = _ => Fault.Before;
        for (var number = 0; number < 300; number++)
        {
            rig.Writer.Add(Samples.Result(2, number));
            rig.Writer.Add(Samples.Result(3, number, number % 50 == 0 ? ProbeOutcome.Failed : ProbeOutcome.Ok));
            if (number % 10 == 0)
            {
                rig.Time.Advance(CommitPace.Interval);
                Assert.Equal(Durability.Kept, await rig.WriteAsync(Samples.State(1, number / 10)));
            }
        }

        rig.Time.Advance(CommitPace.Interval);
        await rig.WriteAsync(Samples.Claim(9));
        Assert.InRange(rig.Files.Length, 1, 40_000);
        rig.Store.Faults = _ => Fault.None;
        await rig.RunUntilAsync(() => rig.Condition.Reasons().Count == 0);
        Assert.Equal(Enumerable.Range(0, 30), rig.Store.States[1].Select(state => (int)state.ExpectedVersion));
        Assert.Equal(6, rig.Store.Written.SelectMany(batch => batch.Results).Count(result => !result.Success));
        Assert.InRange(rig.Store.Results.Count, 50, 599);
        Assert.Contains((3, Samples.Start.AddSeconds(299)), rig.Store.Results);
        Assert.DoesNotContain((3, Samples.Start.AddSeconds(1)), rig.Store.Results);
    }

    [Fact]
    public async Task What_a_killed_process_left_goes_in_before_anything_newer_under_the_present_fences()
    {
        var rig = await new WriterRig().StartedAsync();
        rig.Store.Faults = _ => Fault.Before;
        await rig.Writer.WriteAsync(Samples.State(1), Samples.Result(1), TestContext.Current.CancellationToken);
        await rig.WriteAsync(Samples.State(1, 1));
        var left = rig.Files.AfterKill();
        await rig.DisposeAsync();

        await using var next = new WriterRig(files: left);
        Assert.Equal(3, await next.Writer.ReplayAsync(WriterRig.Present, TestContext.Current.CancellationToken));
        Assert.Equal([7L, 7L], next.Store.States[1].Select(state => state.Fence.Epoch));
        Assert.Single(next.Store.Results);
        Assert.Empty(left.Files);
        await next.Writer.StartAsync();
        Assert.Equal(Durability.Committed, await next.WriteAsync(Samples.State(1, 2)));
    }

    [Fact]
    public async Task A_kill_in_the_middle_of_the_replay_makes_nothing_twice()
    {
        var rig = await new WriterRig().StartedAsync();
        rig.Store.Faults = _ => Fault.Before;
        await rig.WriteAsync(Samples.State(1));
        await rig.WriteAsync(Samples.State(1, 1));
        var left = rig.Files.AfterKill();
        await rig.DisposeAsync();

        var store = new FakeStore { Faults = batch => batch.States[0].ExpectedVersion == 1 ? Fault.After : Fault.None };
        var killed = new WriterRig(store, left.AfterKill());
        await Assert.ThrowsAsync<StoreUnavailableException>(() => killed.Writer.ReplayAsync(WriterRig.Present, TestContext.Current.CancellationToken));
        store.Faults = _ => Fault.None;
        Assert.Equal(2, await killed.Writer.ReplayAsync(WriterRig.Present, TestContext.Current.CancellationToken));
        await killed.DisposeAsync();
        await using var again = await new WriterRig(store, left.AfterKill()).StartedAsync();
        Assert.Equal([0, 1], store.States[1].Select(state => (int)state.ExpectedVersion));
    }

    [Fact]
    public async Task The_writer_does_not_start_over_a_journal_that_has_not_been_replayed()
    {
        await using var rig = new WriterRig();
        await Assert.ThrowsAsync<InvalidOperationException>(rig.Writer.StartAsync);
    }

    [Fact]
    public async Task A_stop_while_the_store_is_away_leaves_everything_in_the_journal()
    {
        var rig = await new WriterRig().StartedAsync();
        rig.Store.Faults = _ => Fault.Before;
        await rig.WriteAsync(Samples.State(1));
        rig.Writer.Add(Samples.Result(1));
        await rig.Writer.StopAsync(TestContext.Current.CancellationToken);
        await using var next = await new WriterRig(files: rig.Files.AfterKill()).StartedAsync();
        Assert.Single(next.Store.States);
        Assert.Single(next.Store.Results);
        await rig.DisposeAsync();
    }

    [Fact]
    public async Task A_stop_that_loses_records_says_how_many()
    {
        var rig = new WriterRig();
        rig.Files.Denied = true;
        rig.Store.Faults = _ => Fault.Before;
        await rig.StartedAsync();
        await rig.WriteAsync(Samples.State(1));
        await rig.Writer.StopAsync(TestContext.Current.CancellationToken);
        Assert.Contains(rig.Lines.All, line => line.StartsWith("Critical: writer: 1 records are lost", StringComparison.Ordinal));
        await rig.DisposeAsync();
    }

    [Fact]
    public async Task Going_away_and_coming_back_are_one_line_each_and_a_reason_meanwhile()
    {
        await using var rig = await new WriterRig().StartedAsync();
        Assert.Empty(rig.Condition.Reasons());
        rig.Store.Faults = _ => Fault.Before;
        await rig.WriteAsync(Samples.State(1));
        Assert.False(rig.Condition.IsAvailable);
        Assert.Equal("store: disk full (since 2026-01-01T00:00:00Z), 1 records waiting in the journal", Assert.Single(rig.Condition.Reasons()).English);
        await rig.RunUntilAsync(() => rig.Store.Tried.Count > 20);
        rig.Store.Faults = _ => Fault.None;

        // The line is written just after the condition has turned.
        await rig.RunUntilAsync(() => rig.Condition.Reasons().Count == 0 && rig.Lines.All.Count(line => line.Contains("store:", StringComparison.Ordinal)) > 1);
        Assert.True(rig.Condition.IsAvailable);
        Assert.Equal(2, rig.Lines.All.Count(line => line.Contains("store:", StringComparison.Ordinal)));
        Assert.Contains(rig.Lines.All, line => line.Contains("back; it had been away since 2026-01-01", StringComparison.Ordinal));
    }

    [Fact]
    public void Trouble_that_only_the_store_knows_of_is_a_reason_too()
    {
        var condition = new StoreCondition(new FakeStore { WriteTrouble = new LocalizedText("read-only file system", "只读文件系统") });
        Assert.Equal("store: read-only file system", Assert.Single(condition.Reasons()).English);
        Assert.Equal("存储：只读文件系统", Assert.Single(condition.Reasons()).Chinese);
    }

    [Fact]
    public async Task A_journal_with_a_damaged_record_does_not_keep_the_service_from_starting()
    {
        var files = new FakeFiles();
        var rig = await new WriterRig(files: files).StartedAsync();
        rig.Store.Faults = _ => Fault.Before;
        await rig.WriteAsync(Samples.State(1));
        var first = files.Length;
        await rig.WriteAsync(Samples.State(2));
        await rig.WriteAsync(Samples.State(3));
        var left = files.AfterKill();
        await rig.DisposeAsync();

        left.Files.Values.First()[first + 40] ^= 1;
        await using var next = await new WriterRig(files: left).StartedAsync();
        Assert.Equal([1, 3], next.Store.States.Keys.Order());
        Assert.StartsWith("journal.damaged-20260101T", Assert.Single(left.Aside).Key, StringComparison.Ordinal);
        Assert.Contains(next.Lines.All, line => line.Contains("was damaged", StringComparison.Ordinal));
    }
}
