using Monitor.Core.Alerts;
using Monitor.Core.Health;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Grains.Writing;
using Xunit;

namespace Monitor.UnitTests.Grains.Writing;

public sealed class RecordWriterTests
{
    [Fact]
    public async Task An_isolated_transition_and_the_claim_after_it_are_committed_while_the_clock_stands_still()
    {
        await using var rig = await new WriterRig().StartedAsync();
        Assert.Equal(Durability.Committed, await rig.WriteAsync(Samples.State(1)));
        Assert.Equal(Durability.Committed, await rig.WriteAsync(Samples.Claim(1)));
        Assert.Equal(DeliveryStatus.Sending, Assert.Single(rig.Store.Deliveries).Value.Status);
        Assert.Equal(2, rig.Store.Written.Count);
    }

    [Fact]
    public async Task First_successes_of_new_targets_wait_a_tenth_of_a_second_for_company_and_a_first_failure_does_not()
    {
        await using var rig = await new WriterRig().StartedAsync();
        StateWrite Success(long target) => Samples.State(target) with { State = HealthState.New("http", Samples.Start) };
        var first = new[] { rig.WriteAsync(Success(1)), rig.WriteAsync(Success(2)) };

        // What does not wait takes them along.
        Assert.Equal(Durability.Committed, await rig.WriteAsync(Samples.State(3)));
        Assert.Equal([Durability.Committed, Durability.Committed], await Task.WhenAll(first));
        Assert.Equal([1, 2, 3], Assert.Single(rig.Store.Tried).States.Select(state => state.TargetId));

        // From here on the clock stands still: what were to wait longer would never come.
        var alone = rig.WriteAsync(Success(4));
        await rig.Time.DueWithinAsync(TimeSpan.FromMilliseconds(100));
        Assert.Single(rig.Store.Tried);
        rig.Time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal(Durability.Committed, await alone);
    }

    [Fact]
    public async Task Plain_results_wait_for_company_but_less_than_a_second()
    {
        await using var rig = await new WriterRig().StartedAsync();
        rig.Writer.Add(Samples.Result(1));
        await rig.Time.DueWithinAsync(TimeSpan.FromMilliseconds(500));
        rig.Time.Advance(TimeSpan.FromMilliseconds(500));
        await rig.Time.DueWithinAsync(TimeSpan.FromMilliseconds(400));
        rig.Writer.Add(Samples.Result(2));
        Assert.Empty(rig.Store.Tried);
        rig.Time.Advance(TimeSpan.FromMilliseconds(450));
        await rig.Store.TriedAsync(1);
        Assert.Equal([1, 2], rig.Store.Tried[0].Results.Select(result => result.TargetId));
    }

    [Fact]
    public async Task A_failed_result_goes_within_a_tenth_of_a_second_and_takes_along_what_waits_in_the_order_it_came()
    {
        await using var rig = await new WriterRig().StartedAsync();
        rig.Writer.Add(Samples.Result(1));
        rig.Writer.Add(Samples.Result(1, 1));
        rig.Writer.Add(Samples.Result(1, 2, ProbeOutcome.Failed));
        await rig.Time.DueWithinAsync(TimeSpan.FromMilliseconds(100));
        rig.Time.Advance(TimeSpan.FromMilliseconds(100));
        await rig.Store.TriedAsync(1);
        Assert.Equal([0, 1, 2], rig.Store.Tried[0].Results.Select(result => (result.CheckedAt - Samples.Start).TotalSeconds));
    }

    [Fact]
    public async Task Five_thousand_targets_falling_within_fifteen_seconds_make_at_most_400_transactions()
    {
        await using var rig = await new WriterRig().StartedAsync();
        var writes = new List<Task<Durability>>();
        for (var target = 1; target <= 5000; target += 20)
        {
            var armed = rig.Time.Armed;
            for (var next = target; next < target + 20; next++)
            {
                writes.Add(rig.Writer.WriteAsync(Samples.State(next), Samples.Result(next, 0, ProbeOutcome.Failed), TestContext.Current.CancellationToken));
                rig.Time.Advance(TimeSpan.FromMilliseconds(3));
            }

            await rig.Time.ArmedBeyondAsync(armed);
        }

        await rig.RunUntilAsync(() => writes.All(write => write.IsCompleted));
        await rig.RunUntilAsync(() => rig.Condition.Reasons().Count == 0);
        Assert.InRange(rig.Store.Tried.Count, 10, 400);
        Assert.Equal(5000, rig.Store.States.Count);
        Assert.Equal(5000, rig.Store.Results.Count);
    }

    [Fact]
    public async Task One_commit_stays_short_however_much_waits()
    {
        await using var rig = await new WriterRig().StartedAsync();
        rig.Store.Faults = batch => batch.Sequence == 1 ? Fault.Hang : Fault.None;
        var first = rig.WriteAsync(Samples.State(1));
        await rig.Store.TriedAsync(1);
        for (var number = 0; number < 12_000; number++)
        {
            rig.Writer.Add(Samples.Result(2, number));
        }

        var last = rig.WriteAsync(Samples.State(3));
        rig.Store.Gate.SetResult();
        await Task.WhenAll(first, last);
        Assert.All(rig.Store.Written, batch => Assert.InRange(batch.Results.Count, 0, 5000));
        Assert.Equal(Enumerable.Range(0, 12_000), rig.Store.Written.SelectMany(batch => batch.Results).Select(result => (int)(result.CheckedAt - Samples.Start).TotalSeconds));
        Assert.Equal(4, rig.Store.Written.Count);
    }

    [Fact]
    public async Task Each_state_hears_its_own_outcome_and_the_results_go_in_whatever_it_is()
    {
        await using var rig = await new WriterRig().StartedAsync();
        rig.Store.Outcomes = state => state.TargetId switch
        {
            2 => StateOutcome.VersionLost,
            3 => StateOutcome.FenceLost,
            _ => null,
        };
        rig.Store.Faults = batch => batch.Sequence == 1 ? Fault.Hang : Fault.None;
        var busy = rig.WriteAsync(Samples.Claim(9));
        await rig.Store.TriedAsync(1);
        var writes = Enumerable.Range(1, 4)
            .Select(target => rig.Writer.WriteAsync(Samples.State(target), Samples.Result(target), TestContext.Current.CancellationToken))
            .ToList();
        rig.Store.Gate.SetResult();
        Assert.Equal([Durability.Committed, Durability.VersionLost, Durability.FenceLost, Durability.Committed], await Task.WhenAll(writes));
        Assert.Equal(Durability.Committed, await busy);
        Assert.Equal(2, rig.Store.Written.Count);
        Assert.Equal(4, rig.Store.Results.Count);
    }

    [Fact]
    public async Task Who_cancels_stops_waiting_but_the_write_goes_on()
    {
        await using var rig = await new WriterRig().StartedAsync();
        rig.Store.Faults = batch => batch.Sequence == 1 ? Fault.Hang : Fault.None;
        using var cancel = new CancellationTokenSource();
        var write = rig.Writer.WriteAsync(Samples.State(1), null, cancel.Token);
        await rig.Store.TriedAsync(1);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write);
        rig.Store.Gate.SetResult();
        await rig.WriteAsync(Samples.State(2));
        Assert.Equal([1, 2], rig.Store.States.Keys.Order());
    }

    [Fact]
    public async Task A_record_that_the_store_can_never_take_is_left_out_and_all_others_go_in()
    {
        await using var rig = await new WriterRig().StartedAsync();
        rig.Store.Faults = batch => batch.Results.Any(result => result.TargetId == 13) ? Fault.Defect : Fault.None;
        for (var target = 1; target <= 20; target++)
        {
            rig.Writer.Add(Samples.Result(target));
        }

        Assert.Equal(Durability.Committed, await rig.WriteAsync(Samples.State(1)));
        Assert.Equal(Enumerable.Range(1, 20).Where(target => target != 13), rig.Store.Results.Select(result => (int)result.Item1).Order());
        Assert.Empty(rig.Condition.Reasons());
        Assert.Single(rig.Lines.All, line => line.Contains("left out", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_loop_turns_at_least_twice_a_second_while_it_waits_and_while_the_store_hangs()
    {
        await using var rig = await new WriterRig().StartedAsync();
        await TurnsAsync(rig);
        rig.Store.Faults = _ => Fault.Hang;
        var write = rig.WriteAsync(Samples.State(1));
        await rig.Store.TriedAsync(1);
        for (var i = 0; i < 10; i++)
        {
            await TurnsAsync(rig);
        }

        Assert.Equal(Durability.Kept, await write);
    }

    [Fact]
    public async Task A_stop_brings_what_waits_into_the_store_and_takes_nothing_after_it()
    {
        var rig = await new WriterRig().StartedAsync();
        rig.Writer.Add(Samples.Result(1));
        await rig.Writer.StopAsync(TestContext.Current.CancellationToken);
        Assert.Single(rig.Store.Results);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rig.WriteAsync(Samples.State(1)));
        rig.Writer.Add(Samples.Result(2));
        Assert.Single(rig.Store.Results);
        await rig.DisposeAsync();
    }

    private static async Task TurnsAsync(WriterRig rig)
    {
        var armed = rig.Time.Armed;
        rig.Time.Advance(TimeSpan.FromMilliseconds(500));
        await rig.Time.ArmedBeyondAsync(armed);
        Assert.InRange(rig.Time.GetElapsedTime(rig.Writer.LastTurned), TimeSpan.Zero, TimeSpan.FromMilliseconds(500));
    }
}
