using Monitor.Grains.Writing;
using Monitor.UnitTests.Grains.Journal;
using Xunit;

namespace Monitor.UnitTests.Grains.Writing;

/// <summary>A process that starts while the store is away, behind what earlier ones left in the journal.</summary>
public sealed class StartBehindTests
{
    [Fact]
    public async Task What_is_decided_now_goes_in_behind_what_earlier_processes_left_and_nothing_is_taken_for_done()
    {
        var (store, files) = (new FakeStore { Faults = _ => Fault.Before }, new FakeFiles());
        await using (var first = await new WriterRig(store, files).StartedAsync())
        {
            // Its sequences are higher than those that a new process would begin with.
            for (var version = 0; version < 20; version++)
            {
                Assert.Equal(Durability.Kept, await first.RunUntilAsync(first.WriteAsync(Samples.State(1, version))));
            }

            // Kept may mean in memory while the disk is slower than the clock; a process that ends then leaves less.
            await first.RunUntilAsync(() => first.Journaled == 20);
        }

        await using var second = new WriterRig(store, files);
        second.Journal.Open();
        var left = second.Journal.Look();
        await second.Writer.StartBehindAsync(left.Max(batch => batch.Sequence), StoreCondition.NoAnswer);
        Assert.True(second.Condition.HasGap);
        Assert.False(second.Condition.IsAvailable);
        Assert.Equal(left.Count, left.Select(batch => batch.Sequence).Distinct().Count());
        for (var version = 20; version < 40; version++)
        {
            Assert.Equal(Durability.Kept, await second.RunUntilAsync(second.WriteAsync(Samples.State(1, version))));
        }

        // An append that is under way when the store takes all leaves a file behind for a moment.
        await second.RunUntilAsync(() => second.Journaled == 40);
        store.Faults = _ => Fault.None;
        await second.RunUntilAsync(() => !second.Condition.HasGap);
        Assert.Equal(Enumerable.Range(0, 40), store.States[1].Select(state => (int)state.ExpectedVersion));
        Assert.Empty(files.Files);
        Assert.Equal(Durability.Committed, await second.WriteAsync(Samples.State(1, 40)));
    }

    [Fact]
    public async Task With_an_empty_journal_the_store_is_away_until_it_has_taken_a_write()
    {
        var store = new FakeStore { Faults = _ => Fault.Before };
        await using var rig = new WriterRig(store);
        rig.Journal.Open();
        await rig.Writer.StartBehindAsync(0, StoreCondition.NoAnswer);
        await rig.RunUntilAsync(() => store.Tried.Count > 2);
        Assert.True(rig.Condition.HasGap);
        store.Faults = _ => Fault.None;
        await rig.RunUntilAsync(() => !rig.Condition.HasGap);
    }
}
