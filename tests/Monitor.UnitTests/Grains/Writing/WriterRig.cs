using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Monitor.Core.Alerts;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Grains.Journal;
using Monitor.Grains.Writing;
using Monitor.Tests.Shared;
using Monitor.UnitTests.Grains.Journal;
using Xunit;

namespace Monitor.UnitTests.Grains.Writing;

/// <summary>One process's writer over a store and a journal folder that may outlive it.</summary>
internal sealed class WriterRig : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();

    public WriterRig(FakeStore? store = null, FakeFiles? files = null, long journalBytes = 1L << 20, FakeFiles? strayFiles = null)
    {
        Store = store ?? new FakeStore();
        Files = files ?? new FakeFiles();
        StrayFiles = strayFiles ?? new FakeFiles();
        Condition = new StoreCondition(Store);
        Recent = new RecentWrites(Time);
        Lost = new LostSeconds(Store, Recent, new SiloIdentity("one", "here", "", Time.GetUtcNow()), Time, new ListLog<LostSeconds>(Lines));
        Strays = new Strays(Adopted, NewJournal(StrayFiles, journalBytes), Time, new ListLog<Strays>(Lines));
        Journal = NewJournal(Files, journalBytes);
        var commit = new BatchCommit(Store, Store, Time, new ListLog<BatchCommit>(Lines));
        Writer = new RecordWriter(commit, Journal, Condition, new SiloIdentity("one", "here", "", Time.GetUtcNow()), Time, new ListLog<RecordWriter>(Lines), Recent, Strays);
    }

    public FakeTime Time { get; } = new();
    public FakeStore Store { get; }
    public FakeFiles Files { get; }

    /// <summary>Of the strays' own journal.</summary>
    public FakeFiles StrayFiles { get; }
    public StoreCondition Condition { get; }
    public RecordJournal Journal { get; }
    public RecordWriter Writer { get; }
    public RecentWrites Recent { get; }
    public LostSeconds Lost { get; }
    public Strays Strays { get; }
    public FakeStrays Adopted { get; } = new();
    public LogLines Lines { get; } = new();

    /// <summary>Decisions and deliveries on the disk. Kept alone may mean in memory, where the disk is slower than this clock.</summary>
    public int Journaled => Journal.Look().Sum(batch => batch.States.Count + batch.Deliveries.Count);

    public static Fence Present(int shard) => new(shard, 1, 7);

    private RecordJournal NewJournal(FakeFiles files, long bytes) => new(files, new JournalOptions("journal", bytes), Time, new ListLog<RecordJournal>(Lines));

    public async Task<WriterRig> StartedAsync()
    {
        await Writer.ReplayAsync(Present, TestContext.Current.CancellationToken);
        await Writer.StartAsync();
        return this;
    }

    public Task<Durability> WriteAsync(StateWrite state) => Writer.WriteAsync(state, null, TestContext.Current.CancellationToken);

    public Task<Durability> WriteAsync(DeliveryWrite deliveries) => Writer.WriteAsync(deliveries, TestContext.Current.CancellationToken);

    /// <summary>Lets the clock run until it is so, in small steps with time for the loop in between: a clock that races makes everything look hung.</summary>
    public async Task RunUntilAsync(Func<bool> isSo)
    {
        while (!isSo())
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            var armed = Time.Armed;
            Time.Advance(TimeSpan.FromMilliseconds(100));
            for (var i = 0; i < 50 && Time.Armed == armed && !isSo(); i++)
            {
                await Task.Yield();
            }

            // On a busy machine that is not enough; a writer that has stopped is not waited for.
            await Time.DueWithinAsync(WriterLimits.Turn).WaitAsync(TimeSpan.FromSeconds(0.25), TestContext.Current.CancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public async Task<Durability> RunUntilAsync(Task<Durability> write)
    {
        await RunUntilAsync(() => write.IsCompleted);
        return await write;
    }

    public async ValueTask DisposeAsync()
    {
        // A store that a test left hanging must not keep the stop waiting for a clock that stands still.
        Store.Gate.TrySetResult();
        var stop = Writer.StopAsync(_stop.Token);
        if (await Task.WhenAny(stop, Time.ArmedBeyondAsync(Time.Armed)) != stop)
        {
            await _stop.CancelAsync();
        }

        await stop;
        Writer.Dispose();
        Strays.Dispose();
        _stop.Dispose();
    }
}

/// <summary>What was adopted, in order; each try is asked whether it goes well.</summary>
internal sealed class FakeStrays : IStrayEpisodes
{
    private readonly ConcurrentQueue<StrayEpisode> _all = new();

    public IReadOnlyCollection<StrayEpisode> All => _all;

    public Func<StrayEpisode, bool> Answer { get; set; } = _ => true;

    public Task<bool> AdoptAsync(StrayEpisode stray, CancellationToken cancellationToken)
    {
        var taken = Answer(stray);
        if (taken)
        {
            _all.Enqueue(stray);
        }

        return Task.FromResult(taken);
    }
}

internal sealed class LogLines
{
    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];

    public IReadOnlyList<string> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _lines];
            }
        }
    }

    public void Add(string line)
    {
        lock (_lock)
        {
            _lines.Add(line);
        }
    }
}

internal sealed class ListLog<T>(LogLines lines) : ILogger<T>
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        lines.Add($"{logLevel}: {formatter(state, exception)}");
}
