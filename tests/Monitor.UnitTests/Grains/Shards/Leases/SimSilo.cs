using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Grains.Shards.Leases;

namespace Monitor.UnitTests.Grains.Shards.Leases;

/// <summary>One simulated process: the protocol's state, a host that takes its time, a clock of its own, and what it has told.</summary>
internal sealed class SimSilo
{
    private static readonly TimeSpan Stuck = TimeSpan.FromMinutes(1);

    private readonly Simulation _world;
    private readonly Dictionary<int, Fence> _running = [];

    /// <summary>Given to the host and not taken away since: a host begins nothing twice.</summary>
    private readonly HashSet<int> _begun = [];
    private readonly double _rate;
    private ulong _mask;
    private readonly TimeSpan _offset;
    private long _ticks;

    public SimSilo(Simulation world, int number, LeaseState state, Journal journal)
    {
        (_world, Number, State, Journal) = (world, number, state, journal);
        _rate = 1 + (world.Random.NextDouble() - 0.5) * 0.04;
        _offset = TimeSpan.FromSeconds(world.Random.Next(100_000));
        foreach (var (shard, holding) in state.Held)
        {
            Run(shard, holding.Fence);
            _begun.Add(shard);
        }
    }

    public int Number { get; }
    public LeaseState State { get; private set; }

    /// <summary>What it has told and must have recorded; survives its process.</summary>
    public Journal Journal { get; }
    public bool Alive { get; private set; } = true;
    public bool Stalled { get; set; }
    public bool StoreCut { get; set; }

    /// <summary>Nothing of it moves before; its clock does.</summary>
    public TimeSpan FrozenUntil { get; private set; }
    public bool Frozen => _world.Now < FrozenUntil;
    public TimeSpan Clock => _offset + _world.Now * _rate;
    public int Steps { get; private set; }

    /// <summary>Shards for which it would decide and tell at this moment.</summary>
    public ulong Believes() => Alive && _mask != 0 && !Frozen && State.Standing(Clock) == LeaseStanding.Held ? _mask : 0;

    public Fence? Runs(int shard) => _running.TryGetValue(shard, out var fence) ? fence : null;

    public void Start() => Tick(_ticks);

    public void Kill() => Alive = false;

    public void Freeze(TimeSpan until) => FrozenUntil = until;

    public void Stop() => Happens(new LeaseEvent.StopAsked(Clock));

    public void Happens(LeaseEvent happened)
    {
        var (state, actions) = LeaseMachine.Step(State, happened);
        Steps++;
        _world.Trace(this, happened, actions);
        var promoted = State.Timeline != 0 && State.Timeline != state.Timeline;
        State = state;
        if (promoted)
        {
            ReapplyRecent();
        }

        foreach (var action in actions)
        {
            Do(action);
        }

        if (state.Stop == StopStage.Marked && state.Held.IsEmpty)
        {
            _running.Clear();
            _begun.Clear();
            _mask = 0;
            Happens(new LeaseEvent.AllEnded(Clock));
            return;
        }

        if (state.Stop == StopStage.Left)
        {
            Alive = false;
        }
        else
        {
            var number = ++_ticks;
            Later((LeaseMachine.NextTick(state, Clock) - Clock) / _rate, () => Tick(number));
        }
    }

    /// <summary>Something of a target happened: it is stored by its fence, then told; without the store it is told from the journal.</summary>
    public void Decide(int shard)
    {
        if (State.Standing(Clock) != LeaseStanding.Held || Runs(shard) is not { } fence)
        {
            return;
        }

        var item = _world.NewItem();
        if (State.Reach == StoreReach.Down)
        {
            Journal.Waiting.Add((item, shard));
            _world.Told(this, item, shard);
            return;
        }

        _world.Store(this, () => _world.Commit(fence, item), accepted =>
        {
            if (!accepted)
            {
                if (Runs(shard) == fence)
                {
                    Forget(shard);
                }

                Happens(new LeaseEvent.Refused(Clock, fence));
            }
            else if (State.Standing(Clock) == LeaseStanding.Held && Runs(shard) is { } present && present == fence)
            {
                Journal.Recent.Add((item, shard));
                _world.Told(this, item, shard);
                if (fence.Timeline != State.Timeline)
                {
                    // Confirmed by a server that is gone meanwhile.
                    _world.Replay(item);
                }
            }
        }, () => { });
    }

    public void Asked(Action<PeerAnswer> answer)
    {
        var asked = false;
        void Reply(bool reached)
        {
            if (!asked)
            {
                asked = true;
                var reaches = State.Reaches(reached, Clock);
                if (reaches == false)
                {
                    Happens(new LeaseEvent.ToldUnreachable(Clock));
                }

                answer(new PeerAnswer(State.Silo, reaches, State.Epochs, State.View?.Silos ?? []));
            }
        }

        _world.Store(this, () => true, _ => Reply(true), () => Reply(false));
        Later(TimeSpan.FromSeconds(0.3), () => Reply(false));
    }

    private void Tick(long number)
    {
        if (number == _ticks)
        {
            var age = Stalled ? Stuck : TimeSpan.Zero;
            Happens(new LeaseEvent.Tick(Clock, age, TimeSpan.Zero, Journal.Waiting.Count > 0 && State.Reach == StoreReach.Unasked));
        }
    }

    private void Later(TimeSpan after, Action what) => _world.At(_world.Now + after, this, what);

    private void Do(LeaseAction action)
    {
        switch (action)
        {
            case LeaseAction.Call { What: var call }:
                Call(call);
                break;
            case LeaseAction.Run run:
                foreach (var fence in run.Fences)
                {
                    if (!_begun.Add(fence.Shard))
                    {
                        throw new InvalidOperationException($"silo {Number}: shard {fence.Shard} is begun again while it runs");
                    }
                }

                var begins = _world.Random.Next(100) != 0;
                Later(TimeSpan.FromMilliseconds(_world.Random.Next(2, 40)), () => Begin(run.Fences, begins));
                break;
            case LeaseAction.Drain drain:
                foreach (var shard in drain.Shards)
                {
                    Later(TimeSpan.FromMilliseconds(_world.Random.Next(10) == 0 ? 500 : _world.Random.Next(1, 60)), () => End(shard));
                }

                break;
            case LeaseAction.Drop drop:
                foreach (var shard in drop.Shards)
                {
                    Forget(shard);
                }

                break;
            case LeaseAction.AskPeers ask:
                _world.Ask(this, ask);
                break;
        }
    }

    private void Begin(IReadOnlyList<Fence> fences, bool begins)
    {
        var failed = new List<Fence>();
        foreach (var fence in fences.Where(fence => State.Held.TryGetValue(fence.Shard, out var held) && held.Fence == fence && held.Phase is HoldingPhase.Running))
        {
            if (begins)
            {
                Run(fence.Shard, fence);
            }
            else
            {
                _begun.Remove(fence.Shard);
                failed.Add(fence);
            }
        }

        if (failed.Count > 0)
        {
            Happens(new LeaseEvent.NotBegun(Clock, failed));
        }
    }

    private void Run(int shard, Fence fence)
    {
        _running[shard] = fence;
        _mask |= 1UL << shard;
    }

    private void Forget(int shard)
    {
        _mask &= ~(1UL << shard);
        _running.Remove(shard);
        _begun.Remove(shard);
    }

    private void End(int shard)
    {
        if (State.Held.TryGetValue(shard, out var held) && held.Phase == HoldingPhase.Draining)
        {
            Forget(shard);
            Happens(new LeaseEvent.Drained(Clock, shard));
        }
    }

    private void Call(LeaseCall call)
    {
        var table = _world.Table;
        void Send<T>(Func<T> execute, Func<T, LeaseEvent> answered) =>
            _world.Store(this, execute, answer => Happens(answered(answer)), () => Happens(new LeaseEvent.Failed(Clock, call)));
        switch (call)
        {
            case LeaseCall.Register register:
                Send(() => table.Register(new SiloIdentity($"silo {Number}", "default", "", default), Journal.Instance(register.Incarnation)), id => new LeaseEvent.Registered(Clock, register, id));
                break;
            case LeaseCall.Beat beat:
                Send(() => table.Beat(beat.Silo, beat.Value), answer => Confirmed(new LeaseEvent.Beaten(Clock, beat, answer)));
                break;
            case LeaseCall.Look look:
                Send(table.Look, view => new LeaseEvent.Looked(Clock, look, view));
                break;
            case LeaseCall.Claim claim:
                Send(() => table.Claim(claim.Request), answer => new LeaseEvent.Claimed(Clock, claim, answer));
                break;
            case LeaseCall.Reclaim reclaim:
                Send(() => table.Reclaim(reclaim.Silo, reclaim.Timeline, reclaim.Held), answer => new LeaseEvent.Claimed(Clock, reclaim, answer));
                break;
            case LeaseCall.Bid bid:
                Send(() => table.Bid(bid.Silo, bid.Timeline, bid.Bids), _ => new LeaseEvent.Done(Clock, bid));
                break;
            case LeaseCall.HandOver give:
                Send(() => table.HandOver(give.Silo, give.Timeline, give.Gifts), given => new LeaseEvent.HandedOver(Clock, give, given));
                break;
            case LeaseCall.MarkStopping mark:
                Send(() => { table.MarkStopping(mark.Silo); return true; }, _ => new LeaseEvent.Done(Clock, mark));
                break;
            case LeaseCall.Leave leave:
                Send(() => { table.Leave(leave.Silo); return true; }, _ => new LeaseEvent.Done(Clock, leave));
                break;
        }
    }

    /// <summary>The store is back: what was told without it is recorded.</summary>
    private LeaseEvent.Beaten Confirmed(LeaseEvent.Beaten beaten)
    {
        foreach (var (item, shard) in Journal.Waiting)
        {
            _world.Replay(item);
            Journal.Recent.Add((item, shard));
        }

        Journal.Waiting.Clear();
        return beaten;
    }

    /// <summary>The promoted standby may have lost what was told last.</summary>
    private void ReapplyRecent()
    {
        foreach (var (item, _) in Journal.Recent)
        {
            _world.Replay(item);
        }
    }
}

/// <summary>What a process leaves behind.</summary>
internal sealed class Journal
{
    private readonly Dictionary<int, Guid> _instances = [];

    public List<(long Item, int Shard)> Waiting { get; } = [];
    public List<(long Item, int Shard)> Recent { get; } = [];

    public Guid Instance(int incarnation)
    {
        if (!_instances.TryGetValue(incarnation, out var id))
        {
            _instances[incarnation] = id = Guid.CreateVersion7();
        }

        return id;
    }
}
