using Microsoft.Extensions.Logging.Abstractions;
using Monitor.Core.Ports;
using Monitor.Grains.Journal;
using Monitor.Grains.Writing;
using Monitor.Tests.Shared;
using Monitor.UnitTests.Grains.Journal;
using Xunit;

namespace Monitor.UnitTests.Grains.Writing;

public sealed class BacklogTests
{
    /// <summary>The store may be quicker than the disk: then the journal takes, last of all, what is done already.</summary>
    [Fact]
    public async Task What_the_journal_takes_after_the_store_has_it_does_not_stay_there()
    {
        var (time, files) = (new FakeTime(), new FakeFiles());
        var journal = new RecordJournal(files, new JournalOptions("journal", 1L << 20), time, NullLogger<RecordJournal>.Instance);
        var backlog = new Backlog(journal, time, NullLogger.Instance);
        for (var sequence = 0; sequence < 30_000; sequence += 3)
        {
            var kept = Task.WhenAll(Enumerable.Range(sequence + 1, 3).Select(number => backlog.KeepAsync(new CommitBatch("one", number, [], [Samples.State(1, number)], []))));
            Drain(backlog);
            await kept;
            Assert.Equal(files.List().Count == 0, backlog.IsEmpty);
            Drain(backlog);
            Assert.Empty(files.List());
        }
    }

    private static void Drain(Backlog backlog)
    {
        while (backlog.Peek() is { } batch)
        {
            backlog.Remove(batch);
        }
    }
}
