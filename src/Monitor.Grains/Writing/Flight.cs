using Monitor.Core.Ports;

namespace Monitor.Grains.Writing;

/// <summary>
/// One commit under way, and who waits for it. There is never more than one: a second one could overtake the first, whose outcome is not known yet.
/// </summary>
/// <param name="items">What it is made of; empty when it comes from the backlog, where nobody waits any more.</param>
/// <param name="batch">Null: the backlog says which (reading it is part of the flight, because the disk may hang too).</param>
internal sealed class Flight(CommitBatch? batch, IReadOnlyList<WriteItem> items, long startedAt)
{
    private volatile bool _ended;

    public CommitBatch? Batch { get; private set; } = batch;

    /// <summary>What of it was given to the store, and what <see cref="Outcomes"/> is about.</summary>
    public CommitBatch? Given { get; private set; }
    public IReadOnlyList<WriteItem> Items { get; } = items;
    public long StartedAt { get; } = startedAt;

    /// <summary>It is in the backlog too: it came from there, or took too long. Nobody waits for it any more.</summary>
    public bool IsKept { get; set; } = batch is null;

    public IReadOnlyList<StateOutcome>? Outcomes { get; private set; }
    public Exception? Error { get; private set; }
    public bool Ended => _ended;

    /// <summary>What the store has refused of it for good is kept elsewhere, so that it may leave the backlog.</summary>
    public bool IsSettled { get; private set; }

    /// <summary>Runs to its end and never throws: the outcome is here once <see cref="Ended"/> says so.</summary>
    public async Task RunAsync(BatchCommit commit, Backlog backlog, RecentWrites? recent, Strays? strays, TimeProvider time, Action ended)
    {
        using var limit = new CancellationTokenSource(WriterLimits.CommitLimit, time);
        try
        {
            Batch ??= backlog.Peek();
            Given = IsKept && recent is not null && Batch is not null ? recent.Strip(Batch) : Batch;
            Outcomes = Given is null ? [] : await commit.RunAsync(IsKept && recent is not null ? recent.Told(Given, lend: true) : Given, limit.Token);
            if (IsKept && Given is not null && !MayComeBack(recent))
            {
                strays?.Take(Given, Outcomes);
                IsSettled = true;
            }
        }
        catch (OperationCanceledException e)
        {
            Error = new StoreUnavailableException(StoreCondition.NoAnswer, e);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Error = e;
        }
        finally
        {
            _ended = true;
            ended();
        }
    }

    /// <summary>A promoted standby refuses the fence until the shard is claimed anew; what was decided is not lost with that.</summary>
    private bool MayComeBack(RecentWrites? recent) =>
        recent is not null && Given!.States.Where((state, i) => Outcomes![i] == StateOutcome.FenceLost && recent.MayComeBack(state.Fence)).Any();
}
