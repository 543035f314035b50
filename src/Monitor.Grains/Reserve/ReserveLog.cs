using System.Buffers;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Monitor.Core.Ports;
using Monitor.Grains.Journal;

namespace Monitor.Grains.Reserve;

/// <summary>
/// What a start without the store needs, on this silo's own disk: records in numbered files, each sealed by the key that every silo is given. A file begins with all that counts; what happens
/// is put behind it, and when that has grown, the next file begins. Not for two threads at once.
/// </summary>
public sealed partial class ReserveLog(IJournalFiles files, ISharedStore store, ILogger<ReserveLog> logger)
{
    /// <summary>Below this no file is written anew.</summary>
    private const long Small = 4L << 20;

    private string? _name;
    private long _number;
    private long _bytes;
    private long _begunWith;

    /// <summary>The file has grown enough to be begun anew.</summary>
    public bool IsLong => _bytes > Math.Max(Small, 3 * _begunWith);

    /// <summary>All that was kept; empty where nothing was, or it was another store's, or sealed by another key.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    internal ReserveState Read()
    {
        var state = new ReserveState();
        foreach (var name in files.List())
        {
            _number = Math.Max(_number, NumberOf(name));
            foreach (var payload in JournalFrame.Scan(files.Read(name)).Payloads)
            {
                if (store.Unseal(payload.Span) is { } plain && ReserveRecord.Decode(plain) is { } record)
                {
                    state.Take(record);
                }
                else
                {
                    LogUnreadable(name);
                }
            }
        }

        if (state.Store is { } of && of.Place != store.Place)
        {
            LogOfAnother(of.Place);
            return new ReserveState();
        }

        return state;
    }

    /// <summary>Returns when the records are on the disk, behind all before them. Nothing may be put behind what an earlier process left: begin anew first.</summary>
    /// <exception cref="IOException">They are not.</exception>
    internal void Append(IEnumerable<ReserveRecord> records)
    {
        if (_name is not { } name)
        {
            throw new InvalidOperationException("the reserve has not begun");
        }

        var data = Frames(records);
        files.Append(name, _bytes, data.WrittenMemory);
        _bytes += data.WrittenCount;
    }

    /// <summary>A file that begins with these, and the earlier ones go.</summary>
    /// <exception cref="IOException">The earlier ones are there as they were.</exception>
    internal void Begin(IEnumerable<ReserveRecord> whole)
    {
        var earlier = files.List();
        _number = Math.Max(_number, earlier.Count == 0 ? 0 : earlier.Max(NumberOf)) + 1;
        var name = string.Create(CultureInfo.InvariantCulture, $"{_number:D12}{RecordJournal.Suffix}");
        var data = Frames(whole);
        files.Replace(name, data.WrittenMemory);
        (_name, _bytes, _begunWith) = (name, data.WrittenCount, data.WrittenCount);
        foreach (var old in earlier)
        {
            files.Delete(old);
        }
    }

    private ArrayBufferWriter<byte> Frames(IEnumerable<ReserveRecord> records)
    {
        var frames = new ArrayBufferWriter<byte>();
        foreach (var record in records)
        {
            JournalFrame.Write(frames, store.Seal(record.Encode()));
        }

        return frames;
    }

    private static long NumberOf(string name) =>
        long.TryParse(Path.GetFileNameWithoutExtension(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    [LoggerMessage(Level = LogLevel.Warning, Message = "A record in {File}, kept for a start without the store, cannot be read; it is left out")]
    private partial void LogUnreadable(string file);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What was kept for a start without the store is of another one ({Place}); it counts for nothing")]
    private partial void LogOfAnother(string place);
}
