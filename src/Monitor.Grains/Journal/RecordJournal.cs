using System.Buffers;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Monitor.Core.Diagnostics;
using Monitor.Core.Ports;

namespace Monitor.Grains.Journal;

/// <summary>
/// The batches that could not be committed, in order, in numbered segment files. Bounded: when full, the oldest plain successes go first.
/// A reader works on whole segments, oldest first; a segment that is being read takes no more records. All calls may come from any thread.
/// </summary>
public sealed partial class RecordJournal(IJournalFiles files, JournalOptions options, TimeProvider time, ILogger<RecordJournal> logger)
{
    public const string Suffix = ".log";

    private readonly Lock _lock = new();
    private readonly List<Segment> _segments = [];
    private readonly long _segmentBytes = Math.Clamp(options.MaxBytes / 16, 1, 4L << 20);
    private Queue<CommitBatch>? _reading;
    private long _lastNumber;

    /// <summary>True when nothing waits here.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_lock)
            {
                return _segments.Count == 0;
            }
        }
    }

    /// <summary>Finds what a process before this one has left. A folder that cannot be read is told in the log and counts as empty: the service must start.</summary>
    public void Open()
    {
        lock (_lock)
        {
            _segments.Clear();
            _reading = null;
            try
            {
                foreach (var name in files.List())
                {
                    var parsed = long.TryParse(Path.GetFileNameWithoutExtension(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number);
                    _lastNumber = Math.Max(_lastNumber, parsed ? number : 0);
                    _segments.Add(new Segment(name) { Sealed = true });
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                LogUnreadable(e, options.Folder);
            }
        }
    }

    /// <summary>Returns when the batches are on the disk.</summary>
    /// <exception cref="IOException">They are not: no room, or the bound is reached with nothing left to give up.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public void Append(IReadOnlyList<CommitBatch> batches)
    {
        lock (_lock)
        {
            var data = Frames(batches);
            if (!HasRoom_NeedsLock(data.WrittenCount))
            {
                data = MakeRoom_NeedsLock(batches, data);
            }

            if (data.WrittenCount == 0)
            {
                return;
            }

            var segment = Active_NeedsLock();
            try
            {
                files.Append(segment.Name, segment.Bytes, data.WrittenMemory);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                DropTail_NeedsLock(segment);
                throw;
            }

            segment.Bytes += data.WrittenCount;
        }
    }

    /// <summary>All that waits, oldest first, and stays. What cannot be read is left out; whoever takes it finds that, too.</summary>
    public IReadOnlyList<CommitBatch> Look()
    {
        lock (_lock)
        {
            var batches = new List<CommitBatch>();
            foreach (var segment in _segments)
            {
                try
                {
                    batches.AddRange(Load_NeedsLock(segment));
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    LogUnreadable(e, options.Folder);
                }
            }

            return batches;
        }
    }

    /// <summary>The oldest batch that waits; null when there is none.</summary>
    /// <exception cref="IOException">It cannot be read just now.</exception>
    public CommitBatch? Peek()
    {
        lock (_lock)
        {
            while (_segments.Count > 0)
            {
                _reading ??= Load_NeedsLock(_segments[0]);
                if (_reading.TryPeek(out var batch))
                {
                    return batch;
                }

                Release_NeedsLock();
            }

            return null;
        }
    }

    /// <summary>The batch that <see cref="Peek"/> gave is in the store.</summary>
    public void Remove()
    {
        lock (_lock)
        {
            if (_reading is { Count: > 0 } reading)
            {
                reading.Dequeue();
                if (reading.Count == 0)
                {
                    Release_NeedsLock();
                }
            }
        }
    }

    /// <summary>All of it is in the store. What could not be read of it is kept for a person.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            while (_segments.Count > 0)
            {
                Release_NeedsLock();
            }
        }
    }

    /// <summary>The oldest segment cannot be read at all: without this it would keep every later one, and the start, waiting.</summary>
    public void SetOldestAside()
    {
        lock (_lock)
        {
            if (_segments.Count > 0)
            {
                _segments[0].Damaged = true;
                Release_NeedsLock();
            }
        }
    }

    private static ArrayBufferWriter<byte> Frames(IEnumerable<CommitBatch> batches)
    {
        var frames = new ArrayBufferWriter<byte>();
        var payload = new ArrayBufferWriter<byte>();
        foreach (var batch in batches)
        {
            payload.ResetWrittenCount();
            JournalCodec.Encode(payload, batch);
            JournalFrame.Write(frames, payload.WrittenSpan);
        }

        return frames;
    }

    private Queue<CommitBatch> Load_NeedsLock(Segment segment)
    {
        segment.Sealed = true;
        var scan = JournalFrame.Scan(files.Read(segment.Name));
        segment.Damaged |= scan.Damaged;
        var batches = new Queue<CommitBatch>();
        foreach (var payload in scan.Payloads)
        {
            try
            {
                batches.Enqueue(JournalCodec.Decode(payload.Span));
            }
            catch (FormatException e)
            {
                segment.Damaged = true;
                LogUndecodable(segment.Name, e.Message);
            }
        }

        return batches;
    }

    /// <summary>All of the oldest segment is in the store. What could not be read of it is kept for a person; a file that will not go is read again next time.</summary>
    private void Release_NeedsLock()
    {
        var segment = _segments[0];
        _segments.RemoveAt(0);
        _reading = null;
        try
        {
            if (segment.Damaged)
            {
                var aside = string.Create(CultureInfo.InvariantCulture, $"journal.damaged-{time.GetUtcNow():yyyyMMdd'T'HHmmss.fff'Z'}-{segment.Name}.kept");
                files.SetAside(segment.Name, aside);
                LogDamaged(segment.Name, options.Folder, aside);
            }
            else
            {
                files.Delete(segment.Name);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotReleased(e, segment.Name);
        }
    }

    private Segment Active_NeedsLock()
    {
        if (_segments.Count > 0 && _segments[^1] is { Sealed: false } last && last.Bytes < _segmentBytes)
        {
            return last;
        }

        var segment = new Segment(string.Create(CultureInfo.InvariantCulture, $"{++_lastNumber:D12}{Suffix}"));
        _segments.Add(segment);
        return segment;
    }

    /// <summary>Half a record must not stay in front of the next one; where even that fails, the next one gets a file of its own.</summary>
    private void DropTail_NeedsLock(Segment segment)
    {
        try
        {
            if (segment.Bytes == 0)
            {
                _segments.Remove(segment);
                files.Delete(segment.Name);
            }
            else
            {
                files.Truncate(segment.Name, segment.Bytes);
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            segment.Sealed = true;
        }
    }

    private bool HasRoom_NeedsLock(long bytes) => _segments.Sum(segment => segment.Bytes) + bytes <= options.MaxBytes;

    /// <summary>Gives up plain successes, oldest first, those that are to be appended last. Decisions are never given up.</summary>
    private ArrayBufferWriter<byte> MakeRoom_NeedsLock(IReadOnlyList<CommitBatch> batches, ArrayBufferWriter<byte> data)
    {
        for (var i = 0; i < _segments.Count && !HasRoom_NeedsLock(data.WrittenCount); i++)
        {
            var segment = _segments[i];
            if (!segment.Shed)
            {
                Shed_NeedsLock(segment);
            }
        }

        if (HasRoom_NeedsLock(data.WrittenCount))
        {
            return data;
        }

        var (kept, dropped) = PlainSuccesses.Drop(batches);
        data = Frames(kept);
        if (!HasRoom_NeedsLock(data.WrittenCount))
        {
            throw new IOException($"the journal has reached its bound of {options.MaxBytes} bytes");
        }

        Telemetry.ResultsDropped.Add(dropped);
        return data;
    }

    private void Shed_NeedsLock(Segment segment)
    {
        var isRead = segment == _segments[0] && _reading is not null;
        CommitBatch[] batches = isRead ? [.. _reading!] : [.. Load_NeedsLock(segment)];
        var (kept, dropped) = PlainSuccesses.Drop(batches);
        if (dropped > 0 && !segment.Damaged)
        {
            var frames = Frames(kept);
            files.Replace(segment.Name, frames.WrittenMemory);
            segment.Bytes = frames.WrittenCount;
            if (isRead)
            {
                // The first one may be on its way into the store just now: it stays as it was handed out.
                _reading = new Queue<CommitBatch>([batches[0], .. PlainSuccesses.Drop(batches[1..]).Kept]);
            }

            Telemetry.ResultsDropped.Add(dropped);
            LogShed(dropped);
        }

        segment.Shed = true;
    }

    private sealed class Segment(string name)
    {
        public string Name { get; } = name;

        /// <summary>Where the next record goes: the end of the last whole one.</summary>
        public long Bytes { get; set; }

        /// <summary>Takes no more records.</summary>
        public bool Sealed { get; set; }

        /// <summary>Holds no plain successes any more.</summary>
        public bool Shed { get; set; }

        public bool Damaged { get; set; }
    }
}
