using System.Collections.Immutable;

namespace Monitor.Grains.Shards.Leases;

/// <summary>
/// The lease protocol of one silo, pure: no clock, no store, no threads. The running silo and the simulation use the same steps. What it holds to:
/// <list type="bullet">
/// <item>Nobody is condemned by a clock of another machine: a silo is expired when I have read the same beat of it for a whole lease of mine, without having lost the store in between.</item>
/// <item>Nobody trusts its own belief: an owner has its shards until one margin before the start of its last confirmed beat plus the lease, and every commit is fenced by the store.</item>
/// <item>Every view of the store is compared with what is held, in both directions. A row with a lower epoch than was known when it was read is old news; the same epoch of a timeline has the same owner.</item>
/// <item>After an unknown outcome nothing is assumed: the next view tells.</item>
/// </list>
/// </summary>
public static class LeaseMachine
{
    public static LeaseStep Step(LeaseState state, LeaseEvent happened)
    {
        var turn = new LeaseTurn(state, happened.Now);
        turn.Take(happened);
        turn.Decide();
        return turn.Result();
    }

    /// <summary>When the next <see cref="LeaseEvent.Tick"/> is wanted, if nothing happens before.</summary>
    public static TimeSpan NextTick(LeaseState state, TimeSpan now)
    {
        var rules = state.Rules;
        var next = now + rules.LookEvery;
        if (state.Pulse is null)
        {
            next = Earlier(next, state.PulseStart + LeaseTurn.LookInterval(state));
            next = Earlier(next, state.BeatStart + rules.BeatEvery);
        }

        if (state.View is { } view && state.HasContact(now))
        {
            foreach (var silo in view.Silos)
            {
                if (!silo.Dead && silo.Id != state.Silo && state.Sightings.TryGetValue(silo.Id, out var seen))
                {
                    next = Earlier(next, seen.Since + rules.Lease);
                }
            }
        }

        // What is overdue waits for something else (a call that is under way, a view): it is looked at with every event anyway.
        return next > now ? next : now + rules.HastyLook;
    }

    private static TimeSpan Earlier(TimeSpan one, TimeSpan other) => one < other ? one : other;
}

/// <param name="Actions">In order.</param>
public readonly record struct LeaseStep(LeaseState State, ImmutableArray<LeaseAction> Actions);
