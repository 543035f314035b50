using Microsoft.Extensions.Logging.Abstractions;
using Monitor.Core.Health;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Grains.Journal;
using Xunit;

namespace Monitor.SystemTests.Journal;

public sealed class JournalFolderTests : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), "monitor-journal-" + Path.GetRandomFileName(), "journal");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_folder)!, recursive: true);

    [Fact]
    public void What_one_process_appended_the_next_one_reads_and_leaves_an_empty_folder()
    {
        var journal = Journal();
        journal.Append([Batch(1), Batch(2)]);
        journal.Append([Batch(3)]);
        Assert.Equal([1, 2, 3], Drained());
        Assert.Empty(Directory.EnumerateFiles(_folder));
    }

    [Fact]
    public void Only_the_owner_may_read_it()
    {
        Journal().Append([Batch(1)]);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_folder));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Directory.EnumerateFiles(_folder).Single()));
    }

    [Fact]
    public void A_file_cut_at_any_byte_gives_back_every_whole_record_before()
    {
        Journal().Append([Batch(1), Batch(2)]);
        var path = Directory.EnumerateFiles(_folder).Single();
        var two = new FileInfo(path).Length;
        Assert.Equal([1, 2], Drained());
        Journal().Append([Batch(1), Batch(2), Batch(3)]);
        path = Directory.EnumerateFiles(_folder).Single();
        var all = File.ReadAllBytes(path);
        for (var length = (int)two; length < all.Length; length++)
        {
            File.WriteAllBytes(path, all[..length]);
            Assert.Equal([1, 2], Drained());
        }
    }

    [Fact]
    public void A_damaged_file_is_kept_aside_and_what_can_be_read_of_it_is_not_lost()
    {
        Journal().Append([Batch(1), Batch(2)]);
        var path = Directory.EnumerateFiles(_folder).Single();
        var all = File.ReadAllBytes(path);
        all[20] ^= 1;
        File.WriteAllBytes(path, all);
        Assert.Equal([2], Drained());
        Assert.StartsWith("journal.damaged-", Path.GetFileName(Directory.EnumerateFiles(_folder).Single()), StringComparison.Ordinal);
        Assert.Empty(Drained());
    }

    [Fact]
    public void A_place_that_cannot_be_written_is_an_error_that_the_writer_knows()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder)!);
        File.WriteAllText(_folder, "a file where the folder should be");
        Assert.ThrowsAny<IOException>(() => Journal().Append([Batch(1)]));
    }

    private static CommitBatch Batch(long sequence) => new(
        "one",
        sequence,
        [],
        [new StateWrite(sequence, "default", new Fence(0, 1, 1), 0, HealthState.New("http", DateTimeOffset.UnixEpoch), null, [], [])],
        []);

    private RecordJournal Journal() =>
        new(new JournalFolder(_folder), new JournalOptions(_folder), TimeProvider.System, NullLogger<RecordJournal>.Instance);

    private List<long> Drained()
    {
        var journal = Journal();
        journal.Open();
        var sequences = new List<long>();
        while (journal.Peek() is { } batch)
        {
            sequences.Add(batch.Sequence);
            journal.Remove();
        }

        return sequences;
    }
}
