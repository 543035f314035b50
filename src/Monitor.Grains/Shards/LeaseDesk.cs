using Microsoft.Extensions.Logging;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Grains.Shards.Leases;

namespace Monitor.Grains.Shards;

/// <summary>
/// The way of the lease protocol to the store and to the peers. Every call ends as one event, in time, whatever hangs.
/// </summary>
public sealed partial class LeaseDesk(
    ILeaseStore store, IPeerCalls peers, SiloIdentity silo, LeaseRules rules, SteadyClock clock, TimeProvider time, ILeaseLanes lanes, ILogger<LeaseDesk> log)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, Guid> _instances = [];
    private Task<bool> _trying = Task.FromResult(false);
    private Task<bool>? _next;
    private bool _failing;

    /// <summary>Beats and looks go their own way, so that nothing else can hold them up.</summary>
    public void Carry(LeaseCall call, Action<LeaseEvent> post)
    {
        if (call is LeaseCall.Beat or LeaseCall.Look or LeaseCall.Register)
        {
            lanes.Pulse(() => post(Ask(call)));
        }
        else
        {
            lanes.Work(() => post(Ask(call)));
        }
    }

    /// <summary>One round: who has answered when it ends.</summary>
    public async Task AskAsync(LeaseAction.AskPeers ask, Action<LeaseEvent> post)
    {
        using var patience = new CancellationTokenSource(rules.PeerPatience, time);
        var answers = await Task.WhenAll(ask.Peers.Select(peer => AskAsync(peer, patience.Token)));
        post(new LeaseEvent.PeersAnswered(clock.Now, ask.Round, ask.Start, [.. answers.OfType<PeerAnswer>()]));
    }

    /// <summary>
    /// Whether a write goes through that is begun after this call. Peers ask often and together: at most one try is under way, and all who ask meanwhile share the next.
    /// </summary>
    public Task<bool> TryStoreAsync(long row)
    {
        lock (_lock)
        {
            return !_trying.IsCompleted ? _next ??= TryNextAsync(_trying, row) : _trying = TryOnceAsync(row);
        }
    }

    private LeaseEvent Ask(LeaseCall call)
    {
        try
        {
            using var patience = new CancellationTokenSource(rules.Contact, time);
            var happened = AskAsync(call, patience.Token).WaitAsync(patience.Token).GetAwaiter().GetResult();
            _failing = false;
            return happened;
        }
#pragma warning disable CA1031 // The loop works for all shards: a call that fails, however it does, is an event like another.
        catch (Exception e)
#pragma warning restore CA1031
        {
            if (!_failing)
            {
                _failing = true;
                LogFailing(call.GetType().Name, e.Message);
            }

            return new LeaseEvent.Failed(clock.Now, call);
        }
    }

    private async Task<LeaseEvent> AskAsync(LeaseCall call, CancellationToken cancellationToken)
    {
        switch (call)
        {
            case LeaseCall.Beat beat:
                var beaten = await store.BeatAsync(beat.Silo, beat.Value, cancellationToken);
                return new LeaseEvent.Beaten(clock.Now, beat, beaten);
            case LeaseCall.Look look:
                var view = await store.LookAsync(cancellationToken);
                return new LeaseEvent.Looked(clock.Now, look, view);
            case LeaseCall.Register register:
                var row = await store.RegisterAsync(silo, Instance(register.Incarnation), cancellationToken);
                return new LeaseEvent.Registered(clock.Now, register, row);
            case LeaseCall.Claim claim:
                var claimed = await store.ClaimAsync(claim.Request, cancellationToken);
                return new LeaseEvent.Claimed(clock.Now, claim, claimed);
            case LeaseCall.Reclaim again:
                var reclaimed = await store.ReclaimAsync(again.Silo, again.Timeline, again.Held, cancellationToken);
                return new LeaseEvent.Claimed(clock.Now, again, reclaimed);
            case LeaseCall.HandOver give:
                var given = await store.HandOverAsync(give.Silo, give.Timeline, give.Gifts, cancellationToken);
                return new LeaseEvent.HandedOver(clock.Now, give, given);
            case LeaseCall.Bid bid:
                await store.BidAsync(bid.Silo, bid.Timeline, bid.Bids, cancellationToken);
                break;
            case LeaseCall.MarkStopping mark:
                await store.MarkStoppingAsync(mark.Silo, cancellationToken);
                break;
            case LeaseCall.Leave leave:
                await store.LeaveAsync(leave.Silo, cancellationToken);
                break;
        }

        return new LeaseEvent.Done(clock.Now, call);
    }

    private async Task<PeerAnswer?> AskAsync(SiloRow peer, CancellationToken cancellationToken)
    {
        try
        {
            return await peers.AskAsync(peer, cancellationToken).WaitAsync(cancellationToken);
        }
#pragma warning disable CA1031 // No answer is an answer here: it was not reached in time.
        catch (Exception)
#pragma warning restore CA1031
        {
            return null;
        }
    }

    private async Task<bool> TryNextAsync(Task<bool> before, long row)
    {
        await before;
        Task<bool> now;
        lock (_lock)
        {
            _next = null;
            _trying = now = TryOnceAsync(row);
        }

        return await now;
    }

    private async Task<bool> TryOnceAsync(long row)
    {
        try
        {
            using var patience = new CancellationTokenSource(rules.TryPatience, time);
            await store.TryWriteAsync(row, patience.Token).WaitAsync(patience.Token);
            return true;
        }
#pragma warning disable CA1031 // That is what was to be found out.
        catch (Exception)
#pragma warning restore CA1031
        {
            return false;
        }
    }

    private Guid Instance(int incarnation)
    {
        if (!_instances.TryGetValue(incarnation, out var instance))
        {
            _instances[incarnation] = instance = Guid.CreateVersion7(time.GetUtcNow());
        }

        return instance;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The store does not answer the lease loop ({Call}): {Reason}")]
    private partial void LogFailing(string call, string reason);
}
