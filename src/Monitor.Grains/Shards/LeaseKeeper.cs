using Microsoft.Extensions.Logging;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Grains.Shards.Leases;
using Monitor.Grains.Writing;

namespace Monitor.Grains.Shards;

/// <summary>
/// Drives the lease protocol of this silo: takes what happens in, one thing at a time, and does what <see cref="LeaseMachine"/> says. Has no thread of its own: whoever calls
/// <see cref="Turn"/> is the one thread of it.
/// </summary>
public sealed partial class LeaseKeeper : IDisposable
{
    private readonly LeaseDesk _desk;
    private readonly ShardHost _host;
    private readonly LeaseTerm _term;
    private readonly LeaseVitals _vitals;
    private readonly SteadyClock _clock;
    private readonly EditFollower _edits;
    private readonly RecentWrites? _recent;
    private readonly LostSeconds? _lost;
    private readonly ILogger<LeaseKeeper> _log;
    private readonly Lock _lock = new();
    private readonly Queue<Action> _inbox = new();
    private readonly List<(bool Reached, long Row, TaskCompletionSource<PeerAnswer> Answer)> _questions = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationToken _ended;
    private LeaseState _state;
    private int _disposed;

    /// <param name="recent">With <paramref name="lost"/>: what a promoted standby may have lost, and who brings it back.</param>
    public LeaseKeeper(
        LeaseDesk desk, ShardHost host, LeaseTerm term, LeaseVitals vitals, SteadyClock clock, EditFollower edits, LeaseState begin, ILogger<LeaseKeeper> log,
        RecentWrites? recent = null, LostSeconds? lost = null)
    {
        (_desk, _host, _term, _vitals, _clock, _edits, _state, _log) = (desk, host, term, vitals, clock, edits, begin, log);
        (_recent, _lost) = (recent, lost);
        _ended = _stop.Token;
        if (recent is not null)
        {
            recent.IsHeld = fence => State.Held.TryGetValue(fence.Shard, out var holding) && holding.Fence == fence;
        }

        host.Refused = fence => Post(new LeaseEvent.Refused(_clock.Now, fence));
    }

    /// <summary>Called on any thread when something is to be taken in.</summary>
    public Action? Wake { get; set; }

    /// <summary>As of the last turn; for health pages and for telling peers.</summary>
    public LeaseState State => Volatile.Read(ref _state);

    /// <summary>How this silo stands at this moment.</summary>
    public LeaseStanding Standing => State.Standing(_clock.Now);

    public bool HasLeft => State.Stop == StopStage.Left;

    public bool MayEnd => State.MayEnd(_clock.Now);

    /// <summary>After a start without the store: begins with what was kept. Before the first turn.</summary>
    public void Restore(LeaseState state) => Volatile.Write(ref _state, state);

    public void Post(LeaseEvent happened) => Enqueue(() => Take(happened));

    /// <summary>A peer has lost the store and asks whether this silo reaches it.</summary>
    /// <param name="row">Whom it means to ask.</param>
    public async Task<PeerAnswer> AnswerAsync(long row, CancellationToken cancellationToken)
    {
        var reached = await _desk.TryStoreAsync(State.Silo);
        var answer = new TaskCompletionSource<PeerAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            _questions.Add((reached, row, answer));
        }

        Wake?.Invoke();
        return await answer.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Takes everything in that has happened, and answers how long nothing will be due if nothing happens.</summary>
    public TimeSpan Turn()
    {
        while (true)
        {
            Action? next;
            lock (_lock)
            {
                _inbox.TryDequeue(out next);
            }

            if (next is null)
            {
                break;
            }

            next();
        }

        AnswerQuestions();
        Take(new LeaseEvent.Tick(_clock.Now, _vitals.SchedulerAge(), _vitals.WriterAge(), _vitals.HasBacklog()));
        lock (_lock)
        {
            return _inbox.Count > 0 || _questions.Count > 0 ? TimeSpan.Zero : LeaseMachine.NextTick(_state, _clock.Now) - _clock.Now;
        }
    }

    /// <summary>Nothing is begun any more: runs and comparisons under way are given up. Its loop ends it, and so does who made it.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _stop.Cancel();
            _stop.Dispose();
        }
    }

    /// <summary>For the thread that turns.</summary>
    private void Enqueue(Action what)
    {
        lock (_lock)
        {
            _inbox.Enqueue(what);
        }

        Wake?.Invoke();
    }

    private void Take(LeaseEvent happened)
    {
        var before = _state;
        var (state, actions) = LeaseMachine.Step(before, happened);
        if (state.Timeline == before.Timeline && happened is LeaseEvent.Claimed { Call: LeaseCall.Reclaim })
        {
            // Before anybody sees the new state: what the writer holds under the old fence is then either restored or refused, and never neither.
            _recent?.Renew(Renewed(before, state));
        }

        Volatile.Write(ref _state, state);
        _recent?.Forsake(fence => state.Held.TryGetValue(fence.Shard, out var holding) && holding.Fence == fence);

        // What is lost ends before a new lease could be taken for its own.
        foreach (var drop in actions.OfType<LeaseAction.Drop>())
        {
            _host.DropShards(drop.Shards);
        }

        var now = _clock.Now;
        var standing = state.Standing(now);
        _term.Publish(state.HeldUntil, standing);
        if (standing == LeaseStanding.Held && before.Standing(now) != LeaseStanding.Held)
        {
            _host.MakeUp();
        }

        foreach (var action in actions)
        {
            Do(action);
        }

        if (state.View is { } view && !ReferenceEquals(view, before.View))
        {
            _edits.Look(view, state.Held, _ended);
        }

        Tell(before, state);
    }

    /// <summary>What this silo has held all along, under another timeline's fence before.</summary>
    private static (Fence Old, Fence Next)[] Renewed(LeaseState before, LeaseState after) =>
    [
        .. from holding in after.Held.Values
           let fence = holding.Fence
           where before.Held.TryGetValue(fence.Shard, out var old) && old.Fence.Timeline != fence.Timeline && old.Fence.Owner == fence.Owner
           select (before.Held[fence.Shard].Fence, fence),
    ];

    private void Do(LeaseAction action)
    {
        switch (action)
        {
            case LeaseAction.Call { What: LeaseCall.HandOver give } when MustRestore:
                _ = GiveAsync(give);
                break;
            case LeaseAction.Call call:
                _desk.Carry(call.What, Post);
                break;
            case LeaseAction.Run run:
                Begin(run);
                break;
            case LeaseAction.Drain drain:
                _ = DrainAsync(drain.Shards);
                break;
            case LeaseAction.AskPeers ask:
                _ = _desk.AskAsync(ask, Post);
                break;
        }
    }

    private async Task DrainAsync(IReadOnlyList<int> shards)
    {
        try
        {
            await _host.HandOverAsync(shards, _ended);
        }
#pragma warning disable CA1031 // What could not be ended in order is dropped: it must not run on when another has it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogNotDrained(e, shards.Count);
            _host.DropShards(shards);
        }

        foreach (var shard in shards)
        {
            Post(new LeaseEvent.Drained(_clock.Now, shard));
        }
    }

    private void AnswerQuestions()
    {
        List<(bool Reached, long Row, TaskCompletionSource<PeerAnswer> Answer)> questions;
        lock (_lock)
        {
            questions = [.. _questions];
            _questions.Clear();
        }

        foreach (var (reached, row, answer) in questions)
        {
            if (row != _state.Silo)
            {
                answer.TrySetResult(PeerAnswer.Absent(row));
                continue;
            }

            var reaches = _state.Reaches(reached, _clock.Now);
            if (reaches == false)
            {
                Take(new LeaseEvent.ToldUnreachable(_clock.Now));
            }

            answer.TrySetResult(new PeerAnswer(row, reaches, _state.Epochs, _state.View?.Silos ?? []));
        }
    }
}
