using System.Collections.Immutable;
using Monitor.Core.Shards;

namespace Monitor.Grains.Shards.Leases;

/// <summary>
/// One step under way: takes what has happened into a copy of the state, then decides what follows. Lives for that step only; the copy is changed in place until then, and by nobody afterwards.
/// Most steps have little to do: lists are made when something comes into them.
/// </summary>
internal sealed partial class LeaseTurn(LeaseState state, TimeSpan now)
{
    private readonly LeaseState _s = state with { };
    private List<Fence>? _run;
    private List<int>? _drop;
    private ImmutableArray<LeaseAction> _then = [];

    /// <summary>From when on nobody may have run what was claimed; null when nothing was: what begins here was given, or goes on.</summary>
    private TimeSpan? _since;

    public LeaseStep Result()
    {
        if (_run is not null)
        {
            _then = _then.Insert(0, new LeaseAction.Run(_run, _since ?? now - _s.Rules.MadeUp));
        }

        if (_drop is not null)
        {
            _then = _then.Insert(0, new LeaseAction.Drop(_drop));
        }

        return new LeaseStep(_s, _then);
    }

    public void Take(LeaseEvent happened)
    {
        _s.AwakeSince = now - _s.SteppedAt > _s.Rules.Contact ? now : _s.AwakeSince;
        _s.SteppedAt = now;
        switch (happened)
        {
            case LeaseEvent.Tick tick:
                _s.Vital = tick.SchedulerAge <= _s.Rules.Vital && tick.WriterAge <= _s.Rules.Vital;
                _s.Backlog = tick.Backlog;
                break;
            case LeaseEvent.Registered registered:
                // The row's first beat was its making; that gives no lease, because the cluster has not been seen since.
                (_s.Pulse, _s.Silo, _s.Beat, _s.ConfirmedAt) = (null, registered.Silo, 1, now);
                (_s.JoinedAt, _s.BeatStart) = (LeaseState.LongAgo, LeaseState.LongAgo);
                break;
            case LeaseEvent.Beaten beaten:
                _s.Pulse = null;
                TakeBeat(beaten);
                break;
            case LeaseEvent.Looked looked:
                _s.Pulse = null;
                TakeView(looked.View, looked.Call.Start, _s.HeldUntil);
                break;
            case LeaseEvent.PeersAnswered peers:
                TakePeers(peers);
                break;
            case LeaseEvent.ToldUnreachable:
                // What is on its way to me is not begun either: who gave it without having heard so goes on with it on my word.
                WatchAnew();
                TakeNothingForALease();
                break;
            case LeaseEvent.StopAsked when _s.Stop == StopStage.None:
                _s.Stop = _s.Silo == 0 ? StopStage.Left : StopStage.Asked;
                break;
            case LeaseEvent.AllEnded:
                // The host has ended them by itself: what was not handed over is nobody's once the row is marked dead.
                (_s.Stop, _s.Held) = (StopStage.Ended, Few<int, Holding>.None);
                break;
            default:
                TakeWork(happened);
                break;
        }
    }

    private void TakeWork(LeaseEvent happened)
    {
        switch (happened)
        {
            case LeaseEvent.Claimed claimed:
                EndWork();
                TakeClaim(claimed);
                break;
            case LeaseEvent.HandedOver handed:
                EndWork();
                TakeHandOver(handed);
                break;
            case LeaseEvent.Done done:
                EndWork();
                TakeDone(done.Call);
                break;
            case LeaseEvent.Failed { Call: LeaseCall.Register or LeaseCall.Beat or LeaseCall.Look }:
                _s.Pulse = null;
                break;
            case LeaseEvent.Failed failed:
                EndWork();
                TakeFailure(failed.Call);
                break;
            case LeaseEvent.Drained drained when _s.Held.TryGetValue(drained.Shard, out var holding) && holding.Phase == HoldingPhase.Draining:
                Hold(holding with { Phase = HoldingPhase.Drained });
                break;
            case LeaseEvent.NotBegun notBegun:
                // It is still mine: on a promoted server, what I hold no more is left alone for a lease, and what is owed to it would be owed to nobody.
                foreach (var fence in notBegun.Fences)
                {
                    if (_s.Held.TryGetValue(fence.Shard, out var unbegun) && unbegun == new Holding(fence, HoldingPhase.Running))
                    {
                        Hold(unbegun with { Phase = HoldingPhase.Refused });
                    }
                }

                _s.DoubtSince = now;
                break;
            case LeaseEvent.Refused { Fence: var fence } when _s.Held.TryGetValue(fence.Shard, out var refused) && refused.Fence == fence:
                // The store knows better; the next look says how. On a promoted standby it may still be mine to claim anew.
                Hold(refused with { Phase = HoldingPhase.Refused });
                (_drop ??= []).Add(fence.Shard);
                (_s.PulseStart, _s.DoubtSince) = (LeaseState.LongAgo, now);
                break;
        }
    }

    private void EndWork() => (_s.Work, _s.WorkDoneAt, _s.PulseStart) = (null, now, now - _s.Rules.LookEvery + _s.Rules.HastyLook);

    private void TakeDone(LeaseCall call) => _s.Stop = call switch
    {
        LeaseCall.MarkStopping when _s.Stop == StopStage.Asked => StopStage.Marked,
        LeaseCall.Leave => StopStage.Left,
        _ => _s.Stop,
    };

    private void TakeClaim(LeaseEvent.Claimed claimed)
    {
        var (silo, timeline) = claimed.Call switch
        {
            LeaseCall.Claim claim => (claim.Request.Silo, claim.Request.Timeline),
            LeaseCall.Reclaim reclaim => (reclaim.Silo, reclaim.Timeline),
            _ => (0, 0),
        };
        if (silo != _s.Silo || timeline != _s.Timeline)
        {
            // Of a row or a timeline that is past: if it still counts, the next view says so.
            return;
        }

        if (!claimed.Answer.Alive)
        {
            // The next beat finds out that this row is dead, with what there is instead.
            _s.BeatStart = LeaseState.LongAgo;
            return;
        }

        foreach (var fence in claimed.Answer.Fences)
        {
            // A lease before the last sign of life of who had it: a silo beats on for a moment when its scheduler stands still, and its beat was read some time after it was made. Of one
            // that was never seen alive, since this silo began to look.
            var owner = _s.View?.Shards[fence.Shard].Owner ?? 0;
            var heard = _s.Sightings.TryGetValue(owner, out var seen) ? seen.Heard - _s.Rules.Lease : _s.JoinedAt;
            var since = _since ?? now - _s.Rules.Lease;
            _since = heard > LeaseState.LongAgo && heard < since ? heard : since;
            Begin(fence);
        }

        if (claimed.Call is LeaseCall.Reclaim all)
        {
            foreach (var fence in all.Held)
            {
                if (_s.Held.TryGetValue(fence.Shard, out var holding) && holding.Fence.Timeline != _s.Timeline)
                {
                    Lose(fence.Shard);
                }
            }

            _s.MustReclaim = _s.Held.Values.Any(holding => holding.Fence.Timeline != _s.Timeline);
        }
    }

    private void TakeHandOver(LeaseEvent.HandedOver handed)
    {
        if (handed.Call.Timeline != _s.Timeline)
        {
            // It was stored; whether the promoted server has it is not known.
            TakeFailure(handed.Call);
            return;
        }

        foreach (var gift in handed.Call.Gifts)
        {
            if (handed.Shards.Contains(gift.Shard))
            {
                if (_s.Held.TryGetValue(gift.Shard, out var holding) && holding.Fence.Epoch == gift.Epoch)
                {
                    // It may run again by now: without the store it goes on here until the answer comes.
                    Lose(gift.Shard);
                    Know(gift.Shard, gift.Epoch + 1);
                }
            }
        }
    }

    private void TakeFailure(LeaseCall call)
    {
        _s.ClaimMayLandUntil = call is LeaseCall.Claim ? now + _s.Rules.Contact : _s.ClaimMayLandUntil;
        _s.DoubtSince = now;
        foreach (var gift in call is LeaseCall.HandOver given ? given.Gifts : [])
        {
            // One that has been resumed meanwhile, because the store is away, runs on: a look says whether it was given after all.
            if (_s.Held.TryGetValue(gift.Shard, out var holding) && holding.Fence.Epoch == gift.Epoch && holding.Phase == HoldingPhase.Drained)
            {
                Hold(holding with { Phase = HoldingPhase.InDoubt });
            }
        }
    }

    /// <summary>
    /// A right that the store has given. A silo that is stopping takes none up: others bid for it. A look may show a claim before its own answer comes: what is held by this
    /// very right is not begun a second time, which the host would refuse, and the protocol would forget what runs.
    /// </summary>
    private void Begin(Fence fence)
    {
        if (fence.Epoch < _s.Epochs[fence.Shard])
        {
            return;
        }

        if (_s.Held.TryGetValue(fence.Shard, out var before))
        {
            if (before.Fence == fence)
            {
                return;
            }

            Lose(fence.Shard);
        }

        Know(fence.Shard, fence.Epoch);
        if (_s.Stop == StopStage.None)
        {
            Hold(new Holding(fence, HoldingPhase.Running));
            (_run ??= []).Add(fence);
        }
        else if (_s.Stop < StopStage.Ended)
        {
            Hold(new Holding(fence, HoldingPhase.Drained));
        }
    }

    private void Know(int shard, long epoch) => (_s.Epochs, _s.EpochsAt) = (_s.Epochs.SetItem(shard, epoch), now);

    private void Lose(int shard)
    {
        _s.Held = _s.Held.Without(shard);
        (_drop ??= []).Add(shard);
    }

    private void Hold(Holding holding) => _s.Held = _s.Held.With(holding.Fence.Shard, holding);
}
