using System.Collections.Immutable;
using Monitor.Core.Shards;

namespace Monitor.Grains.Shards.Leases;

/// <summary>
/// All that one silo knows of its leases. Times are readings of its own steady clock; nothing here is another machine's time. Nobody changes it but the <see cref="LeaseTurn"/> that makes it,
/// as its own copy of the one before, until it is handed out.
/// </summary>
public sealed record LeaseState
{
    /// <summary>Before everything.</summary>
    public static readonly TimeSpan LongAgo = TimeSpan.FromDays(-36500);

    /// <summary>Of a server that has never been promoted.</summary>
    public const long FirstTimeline = 1;

    public required LeaseRules Rules { get; init; }

    /// <summary>This silo's row; 0 while it has none.</summary>
    public long Silo { get; internal set; }

    /// <summary>Which row this process has or makes: goes up when it has been marked dead.</summary>
    public int Incarnation { get; internal set; }

    /// <summary>The highest beat that was tried.</summary>
    public long Beat { get; internal set; }

    /// <summary>When it first saw the cluster with its row.</summary>
    public TimeSpan JoinedAt { get; internal set; } = LongAgo;

    /// <summary>The start of the last confirmed beat, or of a round of peers that counted as one.</summary>
    public TimeSpan RenewedFrom { get; internal set; } = LongAgo;

    /// <summary>The start of the last beat that the store confirmed.</summary>
    public TimeSpan BeatenFrom { get; internal set; } = LongAgo;

    /// <summary>When the last beat was confirmed.</summary>
    public TimeSpan ConfirmedAt { get; internal set; } = LongAgo;

    public ClusterView? View { get; internal set; }

    public TimeSpan ViewStart { get; internal set; } = LongAgo;

    public TimeSpan ViewAt { get; internal set; } = LongAgo;

    public long Timeline { get; internal set; }

    /// <summary>What I have seen and heard of each silo.</summary>
    public Few<long, Sighting> Sightings { get; internal set; } = Few<long, Sighting>.None;

    /// <summary>Of whom the last round of peers found that there is certainly no such process.</summary>
    public ImmutableHashSet<long> Absent { get; internal set; } = [];

    /// <summary>Since when I have seen shards without an owner that lives.</summary>
    public Few<int, TimeSpan> FreeSince { get; internal set; } = Few<int, TimeSpan>.None;

    public Few<int, Holding> Held { get; internal set; } = Few<int, Holding>.None;

    /// <summary>The highest epoch known of each shard: a row with a lower one is old news.</summary>
    public ImmutableArray<long> Epochs { get; internal set; }

    /// <summary>When one of them was last learnt elsewhere than from a view. One that was read after that is no old news: what was learnt was of before a promotion.</summary>
    public TimeSpan EpochsAt { get; internal set; } = LongAgo;

    /// <summary>Beat, look or register under way.</summary>
    public LeaseCall? Pulse { get; internal set; }

    public TimeSpan PulseStart { get; internal set; } = LongAgo;

    public TimeSpan BeatStart { get; internal set; } = LongAgo;

    /// <summary>Any other call under way.</summary>
    public LeaseCall? Work { get; internal set; }

    /// <summary>Decisions wait for a view that was read after this.</summary>
    public TimeSpan WorkDoneAt { get; internal set; } = LongAgo;

    /// <summary>What is in doubt is settled by a view that was read after this.</summary>
    public TimeSpan DoubtSince { get; internal set; } = LongAgo;

    /// <summary>A claim that was given up may still be executed until then.</summary>
    public TimeSpan ClaimMayLandUntil { get; internal set; } = LongAgo;

    /// <summary>The view from which nothing follows any more, as long as everybody lives.</summary>
    public ClusterView? Settled { get; internal set; }

    /// <summary>The timeline has changed, and what is held has yet to be claimed anew.</summary>
    public bool MustReclaim { get; internal set; }

    /// <summary>
    /// Until then nothing that is not held is taken up, neither what the store calls mine nor what it calls nobody's. A promoted standby may have lost who has it, and that one knows for a
    /// lease; when I have called the store unreachable, whoever gave it to me, or had it last, may go on with it on my word.
    /// </summary>
    public TimeSpan TakeAfter { get; internal set; } = LongAgo;

    /// <summary>Scheduler and writer turn.</summary>
    public bool Vital { get; internal set; }

    /// <summary>Decisions of the time without the store have yet to be stored: nothing is claimed before.</summary>
    public bool Backlog { get; internal set; }

    public StopStage Stop { get; internal set; }

    public int Round { get; internal set; }

    public bool Asking { get; internal set; }

    public TimeSpan AskedAt { get; internal set; } = LongAgo;

    /// <summary>When something happened last: it ticks several times a second.</summary>
    public TimeSpan SteppedAt { get; internal set; } = LongAgo;

    /// <summary>Since when it has not stood still. Who has just woken up has reached nobody for long, and that says nothing of them.</summary>
    public TimeSpan AwakeSince { get; internal set; } = LongAgo;

    public StoreReach Reach { get; internal set; }

    /// <summary>From here on nothing may be written, told or decided, whatever is believed of the store.</summary>
    public TimeSpan HeldUntil => RenewedFrom + Rules.Lease - Rules.Margin;

    public static LeaseState New(LeaseRules rules) =>
        new() { Rules = rules, Epochs = ImmutableArray.CreateRange(Enumerable.Repeat(0L, rules.Shards)) };

    /// <summary>
    /// As a process knows it that starts without the store, from what its journal has kept: it holds its shards, but has no lease until a round of peers or a beat gives it one.
    /// </summary>
    public static LeaseState Restored(LeaseRules rules, long silo, ClusterView lastView, IReadOnlyCollection<Fence> fences)
    {
        var state = New(rules);
        var epochs = state.Epochs.ToBuilder();
        foreach (var row in lastView.Shards)
        {
            epochs[row.Shard] = row.Epoch;
        }

        foreach (var fence in fences)
        {
            epochs[fence.Shard] = Math.Max(epochs[fence.Shard], fence.Epoch);
        }

        return state with
        {
            Silo = silo,
            // A right that is older than the last view has yet to be claimed anew: as if that view were still to come.
            Timeline = fences.Select(fence => fence.Timeline).Append(lastView.Timeline).Min(),
            View = lastView,
            Epochs = epochs.MoveToImmutable(),
            Held = fences.Aggregate(Few<int, Holding>.None, (held, fence) => held.With(fence.Shard, new Holding(fence, HoldingPhase.Running))),
        };
    }

    public LeaseStanding Standing(TimeSpan now) =>
        Silo != 0 && now < HeldUntil ? LeaseStanding.Held
        : Silo != 0 && Vital && Reach == StoreReach.CutOff ? LeaseStanding.Looking
        : LeaseStanding.Stopped;

    /// <summary>Its own view is recent enough to judge others by.</summary>
    public bool HasContact(TimeSpan now) => View is not null && now - ViewAt <= Rules.Contact;

    /// <summary>It stood still at some time in this one.</summary>
    public bool HasSlept(TimeSpan within, TimeSpan now) => now - AwakeSince <= within || now - SteppedAt > Rules.Contact;

    /// <summary>No write was confirmed for too long, although this silo tries.</summary>
    public bool HasLostStore(TimeSpan now) => Silo != 0 && Vital && now - ConfirmedAt > Rules.Contact;

    /// <summary>
    /// What a peer that asks is told after a try of the store. No is a promise, that nothing is claimed for a whole lease: so not while a claim may still be executed, nor for
    /// a hiccup, nor for the time that it has slept. Null: nothing can be said.
    /// </summary>
    public bool? Reaches(bool tried, TimeSpan now) =>
        tried ? true : Work is LeaseCall.Claim || now < ClaimMayLandUntil || HasContact(now) || HasSlept(Rules.Contact, now) ? null : false;

    /// <summary>A stop need not wait for anybody to take over what is held: nobody is there, or nothing can be handed over.</summary>
    public bool MayEnd(TimeSpan now) => Stop switch
    {
        StopStage.None => false,
        StopStage.Asked => !HasContact(now),
        StopStage.Marked => Held.IsEmpty || !HasContact(now) || now >= HeldUntil
            || !View!.Silos.Any(silo => silo.Id != Silo && !silo.Dead && !silo.Stopping && !IsExpired(silo, now)),
        _ => true,
    };

    /// <summary>When another silo last gave a sign of life; long ago, if it never did.</summary>
    public TimeSpan HeardOf(long silo) => Sightings.TryGetValue(silo, out var seen) ? seen.Heard : LongAgo;

    public bool IsExpired(SiloRow silo, TimeSpan now) =>
        silo.Id != Silo && Sightings.TryGetValue(silo.Id, out var seen) && seen.Beat == silo.Beat && now - seen.Since >= Rules.Lease;
}

/// <param name="Beat">What was read; 0: nothing yet.</param>
/// <param name="Since">When it was read first, by the end of that read.</param>
/// <param name="Heard">When it last gave a sign of life: another beat, or an answer to a question.</param>
public readonly record struct Sighting(long Beat, TimeSpan Since, TimeSpan Heard);

public readonly record struct Holding(Fence Fence, HoldingPhase Phase);

public enum HoldingPhase
{
    Running,

    /// <summary>Being let go by the host.</summary>
    Draining,

    /// <summary>Nothing of it runs here; it may be handed over.</summary>
    Drained,

    /// <summary>Refused by the store, or not begun: it runs again only when that, or the peers together, say that it is still mine.</summary>
    Refused,

    /// <summary>The same when somebody else may have it: handed over with unknown outcome, or slept through until after a promotion.</summary>
    InDoubt,
}

public enum LeaseStanding
{
    /// <summary>Nothing of what is held may be decided, written or told.</summary>
    Stopped,

    /// <summary>Cut off: targets are looked at, and nothing follows from it.</summary>
    Looking,

    Held,
}

/// <summary>What the last round of peers came to.</summary>
public enum StoreReach
{
    /// <summary>The store answers, or nobody has been asked yet.</summary>
    Unasked,

    /// <summary>A peer reaches it: the others go on without me.</summary>
    OthersReachIt,

    /// <summary>Nobody reaches it: everybody keeps what it has.</summary>
    Down,

    /// <summary>Too few answer to say, and have not for a whole lease of asking.</summary>
    CutOff,
}

public enum StopStage
{
    None,
    Asked,

    /// <summary>The others know.</summary>
    Marked,

    /// <summary>Nothing runs here any more.</summary>
    Ended,
    Left,
}
