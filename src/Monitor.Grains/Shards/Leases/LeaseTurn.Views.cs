using Monitor.Core.Ports;
using Monitor.Core.Shards;

namespace Monitor.Grains.Shards.Leases;

/// <summary>What the store and the peers say, against what is held.</summary>
internal sealed partial class LeaseTurn
{
    private void TakeBeat(LeaseEvent.Beaten beaten)
    {
        var (call, answer) = (beaten.Call, beaten.Answer);
        if (call.Silo != _s.Silo)
        {
            return;
        }

        if (answer.Renewed)
        {
            var heldUntil = _s.HeldUntil;
            (_s.ConfirmedAt, _s.BeatenFrom, _s.RenewedFrom) = (now, call.Start, Later(_s.RenewedFrom, call.Start));
            _s.Reach = StoreReach.Unasked;
            TakeView(answer.View, call.Start, heldUntil);
            return;
        }

        if (Row(answer.View, _s.Silo) is { Dead: false } row)
        {
            // A beat of mine that was given up has come in after all, or the journal knew an older one.
            (_s.Beat, _s.BeatStart) = (Math.Max(_s.Beat, row.Beat), LeaseState.LongAgo);
            return;
        }

        LoseAll();
    }

    /// <summary>Marked dead: whatever was held is others'. A dead row is never renewed; this process comes back as a new one.</summary>
    private void LoseAll()
    {
        foreach (var (shard, _) in _s.Held)
        {
            Lose(shard);
        }

        (_s.Silo, _s.Incarnation, _s.Beat) = (0, _s.Incarnation + 1, 0);
        (_s.RenewedFrom, _s.BeatenFrom, _s.JoinedAt) = (LeaseState.LongAgo, LeaseState.LongAgo, LeaseState.LongAgo);
        (_s.PulseStart, _s.BeatStart) = (LeaseState.LongAgo, LeaseState.LongAgo);
        (_s.MustReclaim, _s.Reach) = (false, StoreReach.Unasked);
        _s.Stop = _s.Stop == StopStage.None ? StopStage.None : StopStage.Left;
    }

    /// <param name="heldUntil">Of the lease before this answer.</param>
    private void TakeView(ClusterView view, TimeSpan start, TimeSpan heldUntil)
    {
        if (_s.Silo != 0 && Row(view, _s.Silo) is { } own && (own.Dead || (own.Stopping && _s.Stop == StopStage.None)) && view.Timeline == _s.Timeline)
        {
            // Dead; or the row of an earlier process of mine that was stopping, which takes nothing for ever.
            LoseAll();
        }

        if (_s.Stop == StopStage.Marked && start > _s.WorkDoneAt && Row(view, _s.Silo) is { Stopping: false })
        {
            // A promoted standby has lost the mark; without it nobody bids.
            _s.Stop = StopStage.Asked;
        }

        TakeTimeline(view, hadLease: now < heldUntil);
        Watch(view);
        if (_s.JoinedAt == LeaseState.LongAgo && _s.Silo != 0 && Row(view, _s.Silo) is not null)
        {
            // From here on the others can know of me. What I saw before counts for nothing: whoever kept its shards without the store could not have asked me.
            _s.JoinedAt = now;
            WatchAnew();
            if (view.Timeline > LeaseState.FirstTimeline)
            {
                // How long ago the promotion was, it cannot know.
                TakeNothingForALease();
            }
        }

        (_s.View, _s.ViewStart, _s.ViewAt) = (view, start, now);
        Compare(view);
    }

    /// <summary>
    /// Another timeline: a standby was promoted and may have lost what was stored last. What I hold I claim anew; what the rows call mine and I do not hold is left for a lease to who may hold it,
    /// and so is all that I held when my lease had ended before: that it was taken over may be what was lost.
    /// </summary>
    private void TakeTimeline(ClusterView view, bool hadLease)
    {
        if (view.Timeline == _s.Timeline)
        {
            return;
        }

        if (_s.Timeline != 0)
        {
            var epochs = _s.Epochs.ToBuilder();
            foreach (var row in view.Shards)
            {
                epochs[row.Shard] = _s.Held.TryGetValue(row.Shard, out var holding) ? Math.Max(holding.Fence.Epoch, row.Epoch) : row.Epoch;
            }

            (_s.Epochs, _s.MustReclaim) = (epochs.MoveToImmutable(), !_s.Held.IsEmpty);
            WatchAnew();
            TakeNothingForALease();
            foreach (var (shard, holding) in hadLease ? Few<int, Holding>.None : _s.Held)
            {
                Hold(holding with { Phase = HoldingPhase.InDoubt });
                (_drop ??= []).Add(shard);
            }
        }

        _s.Timeline = view.Timeline;
    }

    /// <summary>Dates each beat by the end of the read that showed it first: its silo's own deadline is before that.</summary>
    private void Watch(ClusterView view)
    {
        var lost = now - _s.ViewAt > _s.Rules.Contact;
        var sightings = new KeyValuePair<long, Sighting>[view.Silos.Length];
        for (var i = 0; i < sightings.Length; i++)
        {
            var silo = view.Silos[i];
            var beats = !_s.Sightings.TryGetValue(silo.Id, out var seen) || seen.Beat != silo.Beat;
            sightings[i] = new(silo.Id, beats ? new Sighting(silo.Beat, now, now) : lost ? seen with { Since = now } : seen);
        }

        _s.Sightings = Few<long, Sighting>.Of(sightings);
        var free = lost ? Few<int, TimeSpan>.None : _s.FreeSince;
        foreach (var row in view.Shards)
        {
            if (row.Owner == 0 || Row(view, row.Owner) is { Dead: true })
            {
                free = free.ContainsKey(row.Shard) ? free : free.With(row.Shard, now);
            }
            else if (!free.IsEmpty)
            {
                free = free.Without(row.Shard);
            }
        }

        _s.FreeSince = free;
    }

    private void WatchAnew()
    {
        _s.Sightings = _s.Sightings.Each(seen => seen with { Since = now });
        _s.FreeSince = Few<int, TimeSpan>.None;
    }

    /// <summary>A sign of life of another, without the store.</summary>
    private void Hear(long silo) =>
        _s.Sightings = _s.Sightings.With(silo, _s.Sightings.TryGetValue(silo, out var seen) ? seen with { Heard = now } : new Sighting(0, now, now));

    private void TakeNothingForALease() => _s.TakeAfter = Later(_s.TakeAfter, now + _s.Rules.Lease);

    /// <summary>In both directions: what the store says is mine against what I hold.</summary>
    private void Compare(ClusterView view)
    {
        if (_s.Silo == 0 || _s.Stop >= StopStage.Ended)
        {
            return;
        }

        foreach (var row in view.Shards)
        {
            var held = _s.Held.TryGetValue(row.Shard, out var holding);
            if ((row.Epoch < _s.Epochs[row.Shard] && _s.ViewStart <= _s.EpochsAt) || (held && MayReclaim(holding, row, view)))
            {
                continue;
            }

            if (_s.Epochs[row.Shard] != row.Epoch)
            {
                _s.Epochs = _s.Epochs.SetItem(row.Shard, row.Epoch);
            }

            if (row.Owner != _s.Silo)
            {
                if (held)
                {
                    Lose(row.Shard);
                }
            }
            else if (!held || holding.Fence.Epoch != row.Epoch)
            {
                Adopt(new Fence(row.Shard, _s.Silo, row.Epoch, view.Timeline), knows: held && holding.Fence.Timeline == view.Timeline);
            }
            else if (holding.Phase is HoldingPhase.InDoubt or HoldingPhase.Refused && _s.ViewStart > _s.DoubtSince)
            {
                Hold(holding with { Phase = HoldingPhase.Drained });
            }
        }
    }

    /// <summary>
    /// It is held by a right of before the promotion, and nobody has gone on with it since: that one was given it by the promoted server, and the claim would be refused. What is in doubt comes back
    /// only where the promoted server calls it mine: elsewhere its owner takes it up after a lease, and would lose it again to a right that nobody has used since.
    /// </summary>
    private bool MayReclaim(Holding holding, ShardRow row, ClusterView view) =>
        _s.MustReclaim && holding.Fence.Timeline != view.Timeline
        && (row.Owner == _s.Silo || (row.Epoch < holding.Fence.Epoch && holding.Phase != HoldingPhase.InDoubt));

    /// <summary>Mine by the store, and not held by this right: a claim or a gift whose answer I never saw.</summary>
    /// <param name="knows">It is held by an older right of this timeline, so nobody holds it by the one before. A claim anew that was given up may land after the one that was repeated.</param>
    private void Adopt(Fence fence, bool knows)
    {
        if (now < _s.HeldUntil && (knows || now >= _s.TakeAfter))
        {
            Begin(fence);
        }
    }

    private void TakePeers(LeaseEvent.PeersAnswered peers)
    {
        if (peers.Round != _s.Round)
        {
            return;
        }

        _s.Asking = false;
        _s.Absent = [.. peers.Answers.Where(answer => answer.IsAbsent).Select(answer => answer.Silo)];
        foreach (var answer in peers.Answers)
        {
            for (var shard = 0; shard < Math.Min(answer.Epochs.Count, _s.Epochs.Length); shard++)
            {
                TakeEpoch(shard, answer.Epochs[shard]);
            }

            TakeRows(answer.Silos);
        }

        if (_s.HasLostStore(now) && Judge(peers.Answers) is { } reach)
        {
            _s.Reach = reach;
            if (reach == StoreReach.Down)
            {
                _s.RenewedFrom = Later(_s.RenewedFrom, peers.Start);
                foreach (var (_, holding) in _s.Held)
                {
                    Resume(holding);
                }
            }
        }
    }

    /// <summary>
    /// Null when the round says nothing: somebody cannot say, or is silent who gave a sign of life within the last lease that I was awake for. It may reach the store and be about to take over; that it is slow proves nothing.
    /// Whoever has been silent for longer, or is absent, still counts among those of whom the majority is needed. That too few answer is said only after a lease without the store and awake: a silo that was frozen
    /// took its peers' first slow answer for silence, and probed what others had long taken over.
    /// </summary>
    private StoreReach? Judge(IReadOnlyList<PeerAnswer> answers)
    {
        foreach (var answer in answers.Where(answer => !answer.IsAbsent))
        {
            Hear(answer.Silo);
        }

        if (answers.Any(answer => answer.ReachesStore == true))
        {
            return StoreReach.OthersReachIt;
        }

        var (agreed, living) = (1, 1);
        foreach (var silo in Others())
        {
            var answer = answers.FirstOrDefault(answer => answer.Silo == silo.Id);
            if (answer?.ReachesStore is null && _s.Sightings.TryGetValue(silo.Id, out var seen) && now - Later(seen.Heard, _s.AwakeSince) < _s.Rules.Lease)
            {
                return null;
            }

            var agrees = answer is { IsAbsent: false };
            agreed += agrees ? 1 : 0;
            living += agrees || !_s.IsExpired(silo, _s.ViewAt) ? 1 : 0;
        }

        var (lease, lostAt) = (_s.Rules.Lease, _s.ConfirmedAt + _s.Rules.Contact);
        return 2 * agreed > living ? StoreReach.Down : now - lostAt >= lease && !_s.HasSlept(lease, now) ? StoreReach.CutOff : null;
    }

    /// <summary>A peer has seen a higher epoch than mine: the shard has gone on without me.</summary>
    private void TakeEpoch(int shard, long epoch)
    {
        if (_s.Held.TryGetValue(shard, out var holding) && epoch > holding.Fence.Epoch)
        {
            Lose(shard);
            Know(shard, Math.Max(_s.Epochs[shard], epoch));
        }
    }

    /// <summary>
    /// Who has joined or died since this silo last saw the store. Joined ones are asked in the next round; until then no round says anything, and what earlier rounds gave counts no
    /// more: who joined has reached the store meanwhile, and takes over from those whose beats it does not see.
    /// </summary>
    private void TakeRows(IReadOnlyList<SiloRow> rows)
    {
        if (_s.Silo == 0 || _s.View is not { } view || _s.HasContact(now))
        {
            return;
        }

        foreach (var row in rows)
        {
            if (row.Id == _s.Silo && row.Dead)
            {
                LoseAll();
                return;
            }

            var known = Row(view, row.Id);
            if (known is null)
            {
                view = view with { Silos = [.. view.Silos, row] };
                Hear(row.Id);
                _s.RenewedFrom = row.Dead ? _s.RenewedFrom : Earlier(_s.RenewedFrom, _s.BeatenFrom);
            }
            else if (row.Dead && !known.Dead)
            {
                view = view with { Silos = [.. view.Silos.Select(other => other.Id == row.Id ? row : other)] };
            }
        }

        _s.View = view;
    }

    /// <summary>Nobody can take it over now: it goes on here.</summary>
    private void Resume(Holding holding)
    {
        if (holding.Phase is HoldingPhase.Drained or HoldingPhase.InDoubt or HoldingPhase.Refused && _s.Stop == StopStage.None)
        {
            Hold(holding with { Phase = HoldingPhase.Running });
            (_run ??= []).Add(holding.Fence);
        }
    }

    /// <summary>The others that are not dead: one that has stood still for long may come back.</summary>
    private IEnumerable<SiloRow> Others() => _s.View is not { } view ? [] : view.Silos.Where(silo => silo.Id != _s.Silo && !silo.Dead);

    private static SiloRow? Row(ClusterView view, long silo)
    {
        foreach (var row in view.Silos)
        {
            if (row.Id == silo)
            {
                return row;
            }
        }

        return null;
    }

    private static TimeSpan Later(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private static TimeSpan Earlier(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
