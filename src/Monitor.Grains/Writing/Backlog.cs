using Microsoft.Extensions.Logging;
using Monitor.Core.Diagnostics;
using Monitor.Core.Ports;
using Monitor.Grains.Journal;

namespace Monitor.Grains.Writing;

/// <summary>
/// The batches that wait for the store, in order: the older ones in the journal, after them those that the journal has not taken (yet), in memory.
/// Never the other way round, so that what a kill leaves behind is always a history without a hole.
/// </summary>
internal sealed partial class Backlog(RecordJournal journal, TimeProvider time, ILogger logger)
{
    private readonly Lock _lock = new();
    private readonly List<CommitBatch> _memory = [];
    private Task _append = Task.CompletedTask;
    private long _doneThrough;
    private int _inJournal;
    private int _memoryResults;
    private long? _refusedAt;
    private bool _empty = true;

    /// <summary>True once <see cref="Peek"/> has found nothing, and the journal's files are gone with that. False again when an append under way left one behind it.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_lock)
            {
                return _empty;
            }
        }
    }

    public bool HasMemory
    {
        get
        {
            lock (_lock)
            {
                return _memory.Count > 0;
            }
        }
    }

    /// <summary>Records, by where they wait.</summary>
    public (int Journal, int Memory) Waiting
    {
        get
        {
            lock (_lock)
            {
                return (_inJournal, _memory.Sum(Records));
            }
        }
    }

    /// <summary>Returns when the batch is in the journal, or is known to stay in memory for the time being. Never throws.</summary>
    public async Task KeepAsync(CommitBatch batch)
    {
        lock (_lock)
        {
            _empty = false;
            _memory.Add(batch);
            _memoryResults += batch.Results.Count;
        }

        await FlushAsync();
        LimitMemory();
    }

    /// <summary>Tries to move what is in memory into the journal.</summary>
    /// <param name="anyway">Also shortly after it refused.</param>
    public async Task FlushAsync(bool anyway = false)
    {
        lock (_lock)
        {
            if (!_append.IsCompleted || (!anyway && _refusedAt is { } at && time.GetElapsedTime(at) < WriterLimits.JournalRetry))
            {
                return;
            }

            _append = Task.Run(Append);
        }

        try
        {
            await _append.WaitAsync(WriterLimits.JournalPatience, time);
        }
        catch (TimeoutException)
        {
            LogJournalHangs();
        }
    }

    /// <summary>The batch that must be written next; null when nothing waits.</summary>
    /// <exception cref="IOException">The journal cannot be read just now.</exception>
    public CommitBatch? Peek()
    {
        while (true)
        {
            // An append may be moving batches from memory to the journal meanwhile: those that are done are known by their number, wherever they are.
            while (journal.Peek() is { } batch)
            {
                if (batch.Sequence > DoneThrough)
                {
                    return batch;
                }

                journal.Remove();
            }

            lock (_lock)
            {
                if (_memory.Count > 0)
                {
                    return _memory[0];
                }

                // Between the two looks an append may have moved the last one into the journal: then look again.
                if (journal.IsEmpty)
                {
                    _inJournal = 0;
                    _empty = true;
                    return null;
                }
            }
        }
    }

    /// <summary>The batch that <see cref="Peek"/> gave, or that was kept while its commit was under way, is in the store.</summary>
    public void Remove(CommitBatch batch)
    {
        lock (_lock)
        {
            _doneThrough = batch.Sequence;
            if (_memory.Count > 0 && _memory[0].Sequence == batch.Sequence)
            {
                _memoryResults -= _memory[0].Results.Count;
                _memory.RemoveAt(0);
            }
            else
            {
                _inJournal = Math.Max(0, _inJournal - Records(batch));
            }
        }
    }

    private long DoneThrough
    {
        get
        {
            lock (_lock)
            {
                return _doneThrough;
            }
        }
    }

    private static int Records(CommitBatch batch) => batch.Results.Count + batch.States.Count + batch.Deliveries.Count;

    /// <summary>The oldest alone first, to see whether the journal takes anything, then the others, as many at once as a commit has.</summary>
    private void Append()
    {
        try
        {
            for (var rows = 1; Head(rows) is { Count: > 0 } head; rows = WriterLimits.BatchRows)
            {
                journal.Append(head);
                Moved(head);
            }

            Refused(null);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Refused(e);
        }
    }

    private List<CommitBatch> Head(int rows)
    {
        lock (_lock)
        {
            var head = new List<CommitBatch>();
            for (var i = 0; i < _memory.Count && rows > 0; i++)
            {
                head.Add(_memory[i]);
                rows -= Records(_memory[i]);
            }

            return head;
        }
    }

    private void Moved(List<CommitBatch> batches)
    {
        lock (_lock)
        {
            foreach (var batch in batches.Where(batch => batch.Sequence > _doneThrough))
            {
                _inJournal += Records(batch);
            }

            var last = batches[^1].Sequence;
            _memory.RemoveAll(batch => batch.Sequence <= last);
            _memoryResults = _memory.Sum(batch => batch.Results.Count);

            // The store may have taken them all before the disk did: the file must go, or the next process would find in it what was done long ago.
            _empty &= journal.IsEmpty;
        }
    }

    private void Refused(Exception? reason)
    {
        bool changed;
        lock (_lock)
        {
            changed = _refusedAt is null != reason is null;
            _refusedAt = reason is null ? null : time.GetTimestamp();
        }

        if (changed && reason is not null)
        {
            LogJournalRefuses(reason);
        }
    }

    private void LimitMemory()
    {
        lock (_lock)
        {
            var before = _memoryResults;
            for (var i = 0; i < _memory.Count && _memoryResults > WriterLimits.MemoryResults; i++)
            {
                var rest = PlainSuccesses.Drop(_memory[i]);
                _memoryResults -= _memory[i].Results.Count - rest.Results.Count;
                _memory[i] = rest;
            }

            if (before > _memoryResults)
            {
                Telemetry.ResultsDropped.Add(before - _memoryResults);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "journal: does not take records; they wait in memory, where a kill would lose them")]
    private partial void LogJournalRefuses(Exception e);

    [LoggerMessage(Level = LogLevel.Error, Message = "journal: its disk hangs; records wait in memory until it answers")]
    private partial void LogJournalHangs();
}
