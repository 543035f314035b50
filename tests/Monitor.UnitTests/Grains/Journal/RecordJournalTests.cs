using Monitor.Core.Ports;
using Monitor.Grains.Journal;
using Monitor.Tests.Shared;
using Monitor.UnitTests.Grains.Writing;
using Xunit;

namespace Monitor.UnitTests.Grains.Journal;

public sealed class RecordJournalTests
{
    private readonly FakeFiles _files = new();
    private readonly LogLines _lines = new();

    [Fact]
    public void A_kill_at_any_byte_of_an_append_leaves_all_that_was_appended_before()
    {
        Journal().Append([Batch(1), Batch(2)]);
        var whole = _files.Files.Single();
        var confirmed = whole.Value.Length;
        var journal = Journal();
        _files.Files.Clear();
        journal.Append([Batch(1), Batch(2)]);
        journal.Append([Batch(3)]);
        var all = _files.Files.Single();
        for (var length = confirmed; length < all.Value.Length; length++)
        {
            _files.Files.Clear();
            _files.Files[all.Key] = all.Value[..length];
            var next = Journal();
            next.Open();
            Assert.Equal([1, 2], Drained(next));
            Assert.Empty(_files.Files);
            Assert.Empty(_files.Aside);
        }
    }

    [Fact]
    public void What_is_appended_while_it_is_being_read_comes_after_what_is_there()
    {
        var journal = Journal();
        journal.Append([Batch(1), Batch(2)]);
        Assert.Equal(1, journal.Peek()?.Sequence);
        journal.Append([Batch(3)]);
        journal.Remove();
        journal.Append([Batch(4)]);
        Assert.Equal([2, 3, 4], Drained(journal));
        Assert.True(journal.IsEmpty);
        Assert.Empty(_files.Files);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_write_that_failed_half_way_does_not_hide_those_after_it(bool cannotTruncate)
    {
        var journal = Journal();
        journal.Append([Batch(1)]);
        _files.Room = 30;
        _files.CannotTruncate = cannotTruncate;
        Assert.Throws<IOException>(() => journal.Append([Batch(2)]));
        _files.Room = long.MaxValue;
        journal.Append([Batch(2)]);

        var next = Journal();
        next.Open();
        Assert.Equal([1, 2], Drained(next));
        Assert.Empty(_files.Aside);
    }

    [Fact]
    public void A_full_journal_refuses_decisions_rather_than_drop_older_ones()
    {
        var journal = Journal(4000);
        var appended = 0;
        var refused = Record.Exception(() => AppendAll(journal, ref appended));
        Assert.IsType<IOException>(refused);
        Assert.InRange(_files.Length, 1, 4000);
        Assert.Equal(Enumerable.Range(1, appended), Drained(journal).Select(sequence => (int)sequence));
    }

    private static void AppendAll(RecordJournal journal, ref int appended)
    {
        for (; appended < 1000; appended++)
        {
            journal.Append([Batch(appended + 1)]);
        }
    }

    private static CommitBatch Batch(long sequence) => new("one", sequence, [], [Samples.State(sequence)], []);

    private static List<long> Drained(RecordJournal journal)
    {
        var sequences = new List<long>();
        while (journal.Peek() is { } batch)
        {
            sequences.Add(batch.Sequence);
            journal.Remove();
        }

        return sequences;
    }

    private RecordJournal Journal(long bytes = 1 << 20) =>
        new(_files, new JournalOptions("journal", bytes), new FakeTime(), new ListLog<RecordJournal>(_lines));
}
