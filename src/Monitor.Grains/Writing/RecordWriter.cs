using Microsoft.Extensions.Logging;
using Monitor.Core.Diagnostics;
using Monitor.Core.Ports;
using Monitor.Core.Probing;
using Monitor.Core.Shards;
using Monitor.Core.Text;
using Monitor.Grains.Journal;

namespace Monitor.Grains.Writing;

/// <summary>
/// One loop between all owners and the store. What it holds to:
/// <list type="bullet">
/// <item>What came first is written first. While anything waits in the backlog, newer things go behind it, however well the store is just then.</item>
/// <item>One commit at a time. One of unknown outcome is given again as it was until its outcome is known; nothing overtakes it.</item>
/// <item>Nobody waits longer than a second: by then what they gave is in the store, in the journal, or kept in memory.</item>
/// <item>The loop itself touches neither store nor disk, so that neither can stop it from turning.</item>
/// </list>
/// Order of calls: <see cref="ReplayAsync"/> after the store was opened and the shards were claimed, then targets may be loaded, <see cref="StartAsync"/>, <see cref="StopAsync"/>.
/// </summary>
public sealed partial class RecordWriter : IRecordWriter, IDisposable
{
    private readonly BatchCommit _commit;
    private readonly RecordJournal _journal;
    private readonly StoreCondition _condition;
    private readonly RecentWrites? _recent;
    private readonly Strays? _strays;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly WriteQueue _queue = new();
    private readonly Backlog _backlog;
    private readonly CommitPace _pace;
    private readonly Wake _wake;
    private readonly string _run;
    private long _sequence;
    private Flight? _flight;
    private long _retryAt;
    private long _lastTurned;
    private int _replayed;
    private bool _isReplayed;
    private volatile bool _stopping;
    private Task? _loop;

    /// <param name="recent">Where a standby may be promoted; null: the store loses nothing that it has confirmed.</param>
    /// <param name="strays">Where shards may move; null: nobody else decides.</param>
    public RecordWriter(
        BatchCommit commit, RecordJournal journal, StoreCondition condition, SiloIdentity silo, TimeProvider time, ILogger<RecordWriter> logger,
        RecentWrites? recent = null, Strays? strays = null)
    {
        _commit = commit;
        _journal = journal;
        _condition = condition;
        _recent = recent;
        _strays = strays;
        _time = time;
        _logger = logger;
        _backlog = new Backlog(journal, time, logger);
        _pace = new CommitPace(time);
        _wake = new Wake(time);
        _lastTurned = time.GetTimestamp();

        // Sequences start at 1 in every process: the batches of an earlier one, replayed by this one, must not be taken for ours.
        _run = $"{silo.Name}/{Guid.CreateVersion7(time.GetUtcNow()):N}";
    }

    /// <summary>When the loop last turned, as a timestamp of the clock it was given; it does so at least twice a second, also while it waits.</summary>
    public long LastTurned => Volatile.Read(ref _lastTurned);

    public void Add(CheckRecord result)
    {
        var wake = _queue.Add(new WriteItem(result, null, null, null, _time.GetTimestamp()), out var closed);
        if (wake)
        {
            _wake.Call();
        }

        if (closed)
        {
            Telemetry.ResultsDropped.Add(1);
        }
    }

    /// <inheritdoc/>
    /// <remarks>Cancelling ends the wait, not the write: what was handed over is written. After the stop nothing is taken: the task is cancelled.</remarks>
    public Task<Durability> WriteAsync(StateWrite state, CheckRecord? result, CancellationToken cancellationToken) =>
        EnqueueAsync(result, state, null, cancellationToken);

    public Task<Durability> WriteAsync(DeliveryWrite deliveries, CancellationToken cancellationToken) =>
        EnqueueAsync(null, null, deliveries, cancellationToken);

    /// <summary>
    /// Brings what an earlier process has left in the journal into the store.
    /// </summary>
    /// <param name="fences">
    /// The present fence of a shard. The journal's own are of a process that is gone; the claim at this start has raised every epoch, so they would commit
    /// nothing. Taking the present ones is right where the store has one owner (SQLite): it is locked to this process, nobody else can have decided
    /// anything since, and each write still has to fit the version that it was built on. Where shards can have moved on meanwhile, the caller has to tell
    /// those apart first, or gives null: each write keeps the fence that it was decided under.
    /// </param>
    /// <returns>How many records there were.</returns>
    /// <exception cref="StoreUnavailableException">The journal is still there: call again.</exception>
    public async Task<int> ReplayAsync(Func<int, Fence>? fences, CancellationToken cancellationToken)
    {
        _journal.Open();
        _strays?.Open();
        Foresee();
        var (records, lost) = (0, 0);
        while (PeekAtLeftover() is { } left)
        {
            var batch = fences is null ? left : left with { States = [.. left.States.Select(state => state with { Fence = fences(state.Fence.Shard) })] };
            var outcomes = await _commit.RunAsync(_recent?.Told(batch, lend: false) ?? batch, cancellationToken);
            _strays?.Take(batch, outcomes);
            _journal.Remove();
            records += batch.Results.Count + batch.States.Count + batch.Deliveries.Count;
            lost += outcomes.Count(outcome => outcome != StateOutcome.Committed);
        }

        _strays?.Settle();

        if (records > 0)
        {
            LogReplayed(records, lost);
        }

        _isReplayed = true;
        return records;
    }

    /// <summary>
    /// Instead of <see cref="ReplayAsync"/> and <see cref="StartAsync"/> where the store cannot be reached: what the opened journal holds waits for it under the fences that it was decided
    /// under, and what is written from now on waits behind that.
    /// </summary>
    /// <param name="lastSequence">The highest in the journal.</param>
    /// <param name="reason">Why the store cannot be reached.</param>
    public async Task StartBehindAsync(long lastSequence, LocalizedText reason)
    {
        _sequence = lastSequence;
        _strays?.Open();
        Foresee();
        GoAway(reason);

        // Nothing in itself: once it is written, everything before it is.
        await _backlog.KeepAsync(new CommitBatch(_run, ++_sequence, [], [], []));
        _isReplayed = true;
        await StartAsync();
    }

    /// <exception cref="InvalidOperationException">The journal was not replayed: newer records would get ahead of it.</exception>
    public Task StartAsync()
    {
        if (!_isReplayed)
        {
            throw new InvalidOperationException("the journal must be replayed before the writer starts");
        }

        _loop = Task.Run(RunAsync);
        return Task.CompletedTask;
    }

    /// <summary>Takes nothing more and brings what it has into the store or the journal. Ends within five seconds, whatever hangs.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _queue.Close();
        _stopping = true;
        _wake.Call();
        try
        {
            await (_loop ?? Task.CompletedTask).WaitAsync(WriterLimits.StopLimit, _time, cancellationToken);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            LogStopCutShort();
        }

        var (journal, memory) = _backlog.Waiting;
        if (memory + _queue.Look().Items is > 0 and var lost)
        {
            LogLost(lost);
        }

        if (journal > 0)
        {
            LogLeftInJournal(journal);
        }
    }

    public void Dispose() => _wake.Dispose();

    /// <summary>How far telling had come by the end of the journal: what was decided goes into the store with that.</summary>
    private void Foresee()
    {
        if (_recent is { } recent)
        {
            foreach (var write in _journal.Look().SelectMany(batch => batch.Deliveries))
            {
                recent.Take(write);
            }
        }
    }

    private CommitBatch? PeekAtLeftover()
    {
        while (true)
        {
            try
            {
                return _journal.Peek();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                LogLeftoverUnreadable(e);
                _journal.SetOldestAside();
            }
        }
    }

    private async Task<Durability> EnqueueAsync(CheckRecord? result, StateWrite? state, DeliveryWrite? deliveries, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var waiter = new TaskCompletionSource<Durability>(TaskCreationOptions.RunContinuationsAsynchronously);
        var wake = _queue.Add(new WriteItem(result, state, deliveries, waiter, _time.GetTimestamp()), out var closed);
        if (closed)
        {
            throw new OperationCanceledException("the writer has stopped");
        }

        if (wake)
        {
            _wake.Call();
        }

        return await waiter.Task.WaitAsync(cancellationToken);
    }
}
