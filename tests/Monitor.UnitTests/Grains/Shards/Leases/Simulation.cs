using System.Collections.Immutable;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Grains.Shards.Leases;

namespace Monitor.UnitTests.Grains.Shards.Leases;

/// <summary>
/// A world of silos, a store and the network between them, all from one seed: latencies, lost answers, clocks that run apart, pauses. What must never be is looked for after every event.
/// </summary>
internal sealed class Simulation
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private static readonly bool IsTraced = Environment.GetEnvironmentVariable("MONITOR_LEASE_SEED") is not null;

    private readonly Calendar _calendar;
    private readonly Dictionary<(int Shard, long Timeline, long Epoch), long> _owners = [];
    private readonly HashSet<long> _recorded = [];
    private readonly Dictionary<long, SimSilo> _told = [];
    private readonly HashSet<(int, int)> _cut = [];
    private readonly TimeSpan[] _ownedAt;
    private TimeSpan _allOwnedAt;
    private readonly LeaseRules _rules;
    private readonly Queue<string>? _trace = IsTraced ? new() : null;
    private long _items;

    public Simulation(int seed, int shards)
    {
        Seed = seed;
        Random = new Dice(seed);
        Table = new LeaseTable(shards);
        _rules = LeaseRules.Default with { Shards = shards };
        Table.Keep(Now);
        _calendar = new Calendar(Living);
        _ownedAt = new TimeSpan[shards];
        Owners = new long[shards];
        Moves = new int[shards];
        All = shards == 64 ? ulong.MaxValue : (1UL << shards) - 1;
    }

    public int Seed { get; }
    public Dice Random { get; }
    public LeaseTable Table { get; }
    public List<SimSilo> Silos { get; } = [];

    /// <summary>Those of them that are alive.</summary>
    public List<SimSilo> Living { get; } = [];
    public TimeSpan Now { get; private set; }
    public ulong All { get; }
    public bool StoreUp { get; set; } = true;

    /// <summary>Many calls take up to two seconds.</summary>
    public bool StoreSlow { get; set; }

    /// <summary>No call takes longer than usual: for what is promised of a single fault.</summary>
    public bool StoreCalm { get; set; }

    /// <summary>Peers that are cut off from each other break what can be known without the store; then only the store's fence counts.</summary>
    public bool PeersMayBeWrong { get; set; }

    /// <summary>The longest time that a shard was run by nobody since the last reset.</summary>
    public TimeSpan LongestHole { get; private set; }

    /// <summary>How often each shard has changed its owner in the store.</summary>
    public int[] Moves { get; }
    public long[] Owners { get; }
    public List<string> Broken { get; } = [];
    public int Steps => Silos.Sum(silo => silo.Steps);

    public SimSilo Add(LeaseState? state = null, Journal? journal = null)
    {
        var silo = new SimSilo(this, Silos.Count, state ?? LeaseState.New(_rules), journal ?? new Journal());
        Silos.Add(silo);
        Living.Add(silo);
        silo.Start();
        return silo;
    }

    public void Cut(SimSilo one, SimSilo other, bool cut)
    {
        _ = cut ? _cut.Add((one.Number, other.Number)) : _cut.Remove((one.Number, other.Number));
        _ = cut ? _cut.Add((other.Number, one.Number)) : _cut.Remove((other.Number, one.Number));
    }

    public void At(TimeSpan when, SimSilo? silo, Action what) => At(when, silo, new Happening(what));

    public void At(TimeSpan when, SimSilo? silo, IHappening what) => _calendar.Add(when, silo, what);

    public long AddTick() => _calendar.AddTick();

    public void ResetFigures()
    {
        LongestHole = TimeSpan.Zero;
        Array.Clear(Moves);
        _allOwnedAt = Now;
    }

    public void Run(TimeSpan span)
    {
        var until = Now + span;
        while (Broken.Count == 0 && _calendar.TryTake(until, out var next))
        {
            Now = next.At;
            Look();
            next.What.Happen();
            Look();
        }

        Now = until;
    }

    /// <summary>A call to the store.</summary>
    public void Send(StoreCall call)
    {
        _calendar.AddDeadline(Now + Patience, call);
        if (call.Caller.StoreCut || (!StoreUp && Random.Next(2) == 0))
        {
            return;
        }

        if (!StoreUp)
        {
            At(Now + TimeSpan.FromMilliseconds(1), call.Caller, new Deadline(call));
            return;
        }

        var there = Latency();
        call.Back = Latency();
        At(Now + there, null, call);
    }

    /// <summary>It has come to the store.</summary>
    /// <returns>Whether the answer is on its way.</returns>
    public bool Execute(StoreCall call)
    {
        if (!StoreUp)
        {
            return false;
        }

        var before = Table.Image;
        call.Execute();
        if (!ReferenceEquals(before, Table.Image))
        {
            Count(before, Table.Image);
            Table.Keep(Now);
        }

        if (call.Caller.StoreCut)
        {
            return false;
        }

        At(Now + call.Back, call.Caller, call);
        return true;
    }

    public void Ask(SimSilo asking, LeaseAction.AskPeers ask)
    {
        var answers = new List<PeerAnswer>();
        var closed = false;
        void Close()
        {
            if (!closed)
            {
                closed = true;
                asking.Happens(new LeaseEvent.PeersAnswered(asking.Clock, ask.Round, ask.Start, answers));
            }
        }

        foreach (var peer in ask.Peers)
        {
            void Answer(PeerAnswer answer)
            {
                if (!closed)
                {
                    answers.Add(answer);
                    if (answers.Count == ask.Peers.Count)
                    {
                        Close();
                    }
                }
            }

            if (Living.Find(silo => silo.State.Silo == peer.Id) is not { } silo)
            {
                if (Random.Next(2) == 0)
                {
                    At(Now + Network(), asking, () => Answer(PeerAnswer.Absent(peer.Id)));
                }
            }
            else if (!_cut.Contains((asking.Number, silo.Number)))
            {
                At(Now + Network(), silo, () => silo.Asked(answer => At(Now + Network(), asking, () => Answer(answer))));
            }
        }

        At(Now + TimeSpan.FromMilliseconds(ask.Peers.Count == 0 ? 0 : 450), asking, Close);
    }

    public long NewItem() => ++_items;

    public bool Commit(Fence fence, long item)
    {
        if (!Table.Accepts(fence))
        {
            return false;
        }

        // The point of the fence: an epoch of a shard has one owner for ever.
        if (!_owners.TryAdd((fence.Shard, fence.Timeline, fence.Epoch), fence.Owner) && _owners[(fence.Shard, fence.Timeline, fence.Epoch)] != fence.Owner)
        {
            Broken.Add($"{Now}: two owners of shard {fence.Shard} commit under epoch {fence.Epoch}");
        }

        _recorded.Add(item);
        return true;
    }

    public void Replay(long item) => _recorded.Add(item);

    public void Told(SimSilo silo, long item, int shard)
    {
        _told[item] = silo;
        var owner = Table.Image.Shards[shard].Owner;
        if (!PeersMayBeWrong && StoreUp && !Ignores(silo, owner) && owner != silo.State.Silo && Table.Image.Timeline == silo.State.Timeline && HasTaken(owner, shard))
        {
            Broken.Add($"{Now}: silo {silo.Number} (row {silo.State.Silo}) tells of shard {shard}, which is row {owner}'s");
        }
    }

    /// <summary>The standby takes over, without what was stored last.</summary>
    public void Promote(TimeSpan lost)
    {
        Table.Promote(Now - lost);
        _recorded.ExceptWith(_recorded.Where(item => item > _items - 40).ToArray());
        StoreUp = true;
    }

    /// <summary>What was told by somebody who has not been killed since has a record.</summary>
    public IEnumerable<long> ToldWithoutRecord() =>
        _told.Where(told => told.Value.Alive && !_recorded.Contains(told.Key) && told.Value.Journal.Waiting.All(waiting => waiting.Item != told.Key)).Select(told => told.Key);

    public string Describe() => string.Join(
        "\n",
        (_trace ?? []).Concat(Silos.Select(silo => $"silo {silo.Number}: row {silo.State.Silo} alive {silo.Alive} frozen {silo.Frozen} stalled {silo.Stalled} cut {silo.StoreCut} standing {silo.State.Standing(silo.Clock)} "
            + $"reach {silo.State.Reach} held {string.Join(' ', silo.State.Held.OrderBy(held => held.Key).Select(held => $"{held.Key}:{held.Value.Fence.Epoch}{held.Value.Phase.ToString()[..2]}"))} runs {Convert.ToString((long)silo.Believes(), 2)}"))
        .Append($"store up {StoreUp} timeline {Table.Image.Timeline}")
        .Concat(Table.Image.Silos.Select(row => row.ToString()))
        .Append(string.Join(' ', Table.Image.Shards.Select(row => $"{row.Shard}:{row.Owner}/{row.Epoch}{(row.WantedBy == 0 ? "" : $"->{row.WantedBy}")}"))));

    /// <summary>The last that every silo went through, kept when one history is looked at alone.</summary>
    public void Trace(SimSilo silo, LeaseEvent happened, ImmutableArray<LeaseAction> actions)
    {
        if (_trace is not null && (actions.Length > 0 || happened is not LeaseEvent.Tick))
        {
            var what = happened switch
            {
                LeaseEvent.Beaten beaten => $"Beaten {beaten.Call.Value} {beaten.Answer.Renewed}",
                LeaseEvent.Failed failed => $"Failed {failed.Call.GetType().Name}",
                LeaseEvent.PeersAnswered peers => $"Peers {string.Join(' ', peers.Answers.Select(answer => $"{answer.Silo}:{answer.ReachesStore}{(answer.IsAbsent ? "absent" : "")}"))} -> {silo.State.Reach}",
                _ => happened.GetType().Name,
            };
            var then = string.Join(' ', actions.Select(action => action is LeaseAction.Call call ? call.What.GetType().Name : action.GetType().Name));
            _trace.Enqueue($"{Now} silo {silo.Number} (held {(silo.State.HeldUntil - silo.Clock).TotalSeconds:0.00}) {what} => {then}");
            if (_trace.Count > 200)
            {
                _trace.Dequeue();
            }
        }
    }

    private void Count(ClusterView before, ClusterView after)
    {
        if (before.Shards != after.Shards)
        {
            for (var shard = 0; shard < Moves.Length; shard++)
            {
                Moves[shard] += before.Shards[shard].Owner == after.Shards[shard].Owner ? 0 : 1;
            }
        }
    }

    private void Look()
    {
        var union = 0UL;
        foreach (var silo in Living)
        {
            var believes = silo.Believes();
            if ((union & believes) != 0 && !PeersMayBeWrong)
            {
                LookAtTwo(silo, union & believes);
            }

            union |= believes;
        }

        if (union == All)
        {
            _allOwnedAt = Now;
            return;
        }

        for (var shard = 0; shard < _ownedAt.Length; shard++)
        {
            if ((union & (1UL << shard)) != 0)
            {
                _ownedAt[shard] = Now;
            }
            else
            {
                var since = _ownedAt[shard] > _allOwnedAt ? _ownedAt[shard] : _allOwnedAt;
                LongestHole = Now - since > LongestHole ? Now - since : LongestHole;
            }
        }
    }

    /// <summary>It runs shards that one before it runs too.</summary>
    private void LookAtTwo(SimSilo silo, ulong both)
    {
        if (Living.Exists(other => other != silo && (other.Believes() & silo.Believes()) != 0 && !Ignores(silo, other.State.Silo) && !Ignores(other, silo.State.Silo)))
        {
            Broken.Add($"{Now}: two silos run shards {both:x}");
        }
    }

    /// <summary>
    /// Whoever has lost the store cannot know of a silo that has joined since, unless somebody whom it knows tells it. The design accepts that this is told twice;
    /// the fence still lets only one commit.
    /// </summary>
    private static bool Ignores(SimSilo silo, long row) =>
        silo.State is { View: { } view } && silo.Clock - silo.State.ConfirmedAt > silo.State.Rules.Contact && view.Silos.All(known => known.Id != row);

    /// <summary>
    /// Not so when its claim was executed and the answer is lost: since it has said that it cannot reach the store, who had the shard goes on with it, and this one leaves it alone for a lease
    /// when it hears. Nor when it has died, and nobody lives who has seen its claim.
    /// </summary>
    private bool HasTaken(long row, int shard) => Living.Exists(silo => silo.State.Silo == row && silo.State.Held.ContainsKey(shard));

    private TimeSpan Latency()
    {
        var dice = Random.Next(StoreSlow ? 4 : 400);
        return TimeSpan.FromMilliseconds(dice == 0 && !StoreCalm ? Random.Next(50, 1100) : Random.Next(1, 8));
    }

    private TimeSpan Network() => TimeSpan.FromMilliseconds(Random.Next(50) == 0 ? Random.Next(20, 200) : 1);
}
