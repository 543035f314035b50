using Monitor.Core.Shards;

namespace Monitor.Grains.Shards.Leases;

/// <summary>What is due now.</summary>
internal sealed partial class LeaseTurn
{
    public static TimeSpan LookInterval(LeaseState state) => IsHasty(state) ? state.Rules.HastyLook : state.Rules.LookEvery;

    public void Decide()
    {
        if (_s.Stop == StopStage.Left)
        {
            return;
        }

        if (_s.Pulse is null)
        {
            DecidePulse();
        }

        if (_s.Work is null && DecideWork() is { } work)
        {
            _s.Work = work;
            Then(new LeaseAction.Call(work));
        }

        DecidePeers();
    }

    /// <summary>Shards are on their way to me or from me.</summary>
    private static bool IsHasty(LeaseState state)
    {
        if (state.Silo == 0 || state.View is not { } view)
        {
            return false;
        }

        foreach (var row in view.Shards)
        {
            if (row.WantedBy != 0 && row.WantedBy != row.Owner && (row.WantedBy == state.Silo || row.Owner == state.Silo))
            {
                return true;
            }
        }

        return state.WorkDoneAt > state.ViewStart;
    }

    private void DecidePulse()
    {
        var (rules, since) = (_s.Rules, now - _s.PulseStart);
        LeaseCall? call = null;
        if (_s is { Silo: 0, Vital: true })
        {
            call = since >= rules.LookEvery ? new LeaseCall.Register(now, _s.Incarnation) : null;
        }
        else if (_s.Vital && now - _s.BeatStart >= rules.BeatEvery)
        {
            (_s.Beat, _s.BeatStart) = (_s.Beat + 1, now);
            call = new LeaseCall.Beat(now, _s.Silo, _s.Beat);
        }
        else if (since >= LookInterval(_s))
        {
            call = new LeaseCall.Look(now);
        }

        if (call is not null)
        {
            (_s.Pulse, _s.PulseStart) = (call, now);
            Then(new LeaseAction.Call(call));
        }
    }

    private LeaseCall? DecideWork()
    {
        if (_s.Silo == 0)
        {
            return null;
        }

        if (_s.Stop == StopStage.Ended)
        {
            return now - _s.WorkDoneAt < _s.Rules.LookEvery ? null : new LeaseCall.Leave(now, _s.Silo);
        }

        // Whoever has no lease, stands still, or has not seen the cluster since its last work, begins nothing.
        if (now >= _s.HeldUntil || !_s.Vital || !_s.HasContact(now) || _s.ViewStart <= _s.WorkDoneAt || _s.View is not { } view || view.Timeline != _s.Timeline)
        {
            return null;
        }

        if (_s.MustReclaim)
        {
            return Reclaim();
        }

        if (_s.Stop == StopStage.Asked)
        {
            return new LeaseCall.MarkStopping(now, _s.Silo);
        }

        return LetGo(view) ?? (_s.Stop == StopStage.None ? TakeUp(view) : null);
    }

    /// <summary>What is held of before the promotion; what somebody else may have is left to that one for a lease.</summary>
    private LeaseCall.Reclaim? Reclaim()
    {
        var old = _s.Held.Values.Where(holding => holding.Fence.Timeline != _s.Timeline).ToArray();
        var sure = now < _s.TakeAfter ? Array.FindAll(old, holding => holding.Phase != HoldingPhase.InDoubt) : old;
        return sure.Length == 0 && old.Length > 0 ? null : new LeaseCall.Reclaim(now, _s.Silo, _s.Timeline, [.. sure.Select(holding => holding.Fence)]);
    }

    /// <summary>What others have bid for: drained first, then given, so that at no time two have it.</summary>
    private LeaseCall.HandOver? LetGo(ClusterView view)
    {
        if (_s.Held.IsEmpty)
        {
            return null;
        }

        List<ShardGift>? gifts = null;
        List<int>? drain = null;
        int? leaving = null;
        foreach (var row in view.Shards)
        {
            if (row.Owner != _s.Silo || !_s.Held.TryGetValue(row.Shard, out var holding) || row.Epoch != holding.Fence.Epoch)
            {
                continue;
            }

            var wanted = row.WantedBy != 0 && row.WantedBy != _s.Silo && Row(view, row.WantedBy) is { Dead: false, Stopping: false } bidder && !_s.IsExpired(bidder, now);
            if (holding.Phase == HoldingPhase.Drained && wanted)
            {
                (gifts ??= []).Add(new ShardGift(row.Shard, row.Epoch, row.WantedBy));
            }
            else if (holding.Phase == HoldingPhase.Drained)
            {
                // Who wanted it has gone.
                Resume(holding);
            }
            else if (wanted && holding.Phase == HoldingPhase.Running && (leaving ??= Leaving()) < _s.Rules.DrainAtOnce)
            {
                leaving++;
                (drain ??= []).Add(row.Shard);
                Hold(holding with { Phase = HoldingPhase.Draining });
            }
        }

        if (drain is not null)
        {
            Then(new LeaseAction.Drain(drain));
        }

        return gifts is null ? null : new LeaseCall.HandOver(now, _s.Silo, _s.Timeline, gifts);
    }

    /// <summary>Counted only when somebody wants something: the views of every day show nothing of the kind.</summary>
    private int Leaving() => _s.Held.Values.Count(holding => holding.Phase == HoldingPhase.Draining);

    private LeaseCall? TakeUp(ClusterView view)
    {
        var dead = Expired(view);
        if (_s.Backlog || (dead.Length == 0 && IsSettled(view)))
        {
            return null;
        }

        var plan = SharePlan.Of(view, _s.Silo, dead);
        var claims = plan.Claims.ToDictionary(row => row.Shard, row => row.Epoch);
        foreach (var (shard, since) in _s.FreeSince)
        {
            if (now - since >= _s.Rules.Grace && view.Shards[shard] is var row && plan.IsGone(row.Owner))
            {
                claims[shard] = row.Epoch;
            }
        }

        if (now < _s.TakeAfter)
        {
            claims.Clear();
        }

        if (claims.Count > 0 || dead.Length > 0)
        {
            return new LeaseCall.Claim(
                now, new ClaimRequest(_s.Silo, _s.Timeline, dead, [.. claims.OrderBy(claim => claim.Key).Select(claim => new ShardSeen(claim.Key, claim.Value))]));
        }

        if (plan.Claims.Count == 0 && plan.Bids.Count == 0 && _s.FreeSince.IsEmpty)
        {
            _s.Settled = view;
        }

        return plan.Bids.Count == 0 || now - _s.JoinedAt < _s.Rules.Settle ? null
            : new LeaseCall.Bid(now, _s.Silo, _s.Timeline, [.. plan.Bids.Select(row => new ShardBid(row.Shard, row.Epoch, row.WantedBy))]);
    }

    private SiloSeen[] Expired(ClusterView view)
    {
        List<SiloSeen>? expired = null;
        foreach (var silo in view.Silos)
        {
            if (!silo.Dead && _s.IsExpired(silo, now))
            {
                (expired ??= []).Add(new SiloSeen(silo.Id, silo.Beat));
            }
        }

        return expired is null ? [] : [.. expired];
    }

    /// <summary>Nothing follows from it either: the same silos live, and each has what it had.</summary>
    private bool IsSettled(ClusterView view)
    {
        if (_s.Settled is not { } settled || view.Silos.Length != settled.Silos.Length)
        {
            return false;
        }

        for (var i = 0; i < view.Silos.Length; i++)
        {
            var (silo, before) = (view.Silos[i], settled.Silos[i]);
            if (silo.Id != before.Id || silo.Dead != before.Dead || silo.Stopping != before.Stopping)
            {
                return false;
            }
        }

        return view.Shards == settled.Shards || view.Shards.AsSpan().SequenceEqual(settled.Shards.AsSpan());
    }

    private void DecidePeers()
    {
        if (!_s.HasLostStore(now) || _s.Stop >= StopStage.Ended || now - _s.AskedAt < _s.Rules.AskEvery || _s.Asking)
        {
            return;
        }

        (_s.Round, _s.Asking, _s.AskedAt) = (_s.Round + 1, true, now);
        Then(new LeaseAction.AskPeers(_s.Round, now, [.. Others()]));
    }

    private void Then(LeaseAction action) => _then = _then.Add(action);
}
