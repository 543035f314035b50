using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Grains.Shards.Leases;

namespace Monitor.UnitTests.Grains.Shards.Leases;

/// <summary>One simulated process: the protocol's state, a host that takes its time, a clock of its own, and what it has told.</summary>
internal sealed class SimSilo : IHappening
{
    private static readonly TimeSpan Stuck = TimeSpan.FromMinutes(1);

    /// <summary>Two per cent.</summary>
    private const int Fastest = Whole / 50;
    private const int Whole = 1 << 20;

    private readonly Simulation _world;
    private readonly Fence[] _running;

    /// <summary>Of the shards that run.</summary>
    private ulong _mask;

    /// <summary>Given to the host and not taken away since: a host begins nothing twice.</summary>
    private ulong _begun;
    private readonly long _offset;

    /// <summary>How much faster its clock goes than the world's, in parts of 2^20.</summary>
    private readonly long _drift;

    /// <summary>By the world's time, rounded up: the end of its lease as it was after its last step.</summary>
    private TimeSpan _heldUntil;

    public SimSilo(Simulation world, int number, LeaseState state, Journal journal)
    {
        (_world, Number, State, Journal) = (world, number, state, journal);
        _running = new Fence[world.Moves.Length];
        _drift = world.Random.Next(-Fastest, Fastest + 1);
        _offset = TimeSpan.TicksPerSecond * world.Random.Next(100_000);
        foreach (var (shard, holding) in state.Held)
        {
            Run(shard, holding.Fence);
            _begun |= 1UL << shard;
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
    public TimeSpan Clock => new(_offset + _world.Now.Ticks + _world.Now.Ticks * _drift / Whole);
    public int Steps { get; private set; }

    /// <summary>When it ticks next, if nothing else happens to it before.</summary>
    public TimeSpan TickAt { get; private set; }
    public long TickOrder { get; private set; }

    /// <summary>Shards for which it would decide and tell at this moment.</summary>
    public ulong Believes() => _world.Now < _heldUntil && !Frozen ? _mask : 0;

    public Fence? Runs(int shard) => (_mask & (1UL << shard)) != 0 ? _running[shard] : null;

    public void Start() => (TickAt, TickOrder) = (_world.Now, _world.AddTick());

    public void Kill()
    {
        (Alive, _mask) = (false, 0);
        _world.Living.Remove(this);
    }

    public void Freeze(TimeSpan until)
    {
        FrozenUntil = until;
        TickAt = TickAt > until ? TickAt : until;
    }

    public void Stop() => Happens(new LeaseEvent.StopAsked(Clock));

    /// <summary>It ticks.</summary>
    public void Happen()
    {
        var age = Stalled ? Stuck : TimeSpan.Zero;
        Happens(new LeaseEvent.Tick(Clock, age, TimeSpan.Zero, Journal.Waiting.Count > 0 && State.Reach == StoreReach.Unasked));
    }

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
            (_begun, _mask) = (0, 0);
            Happens(new LeaseEvent.AllEnded(Clock));
            return;
        }

        if (state.Stop == StopStage.Left)
        {
            Kill();
            return;
        }

        var clock = Clock;
        _heldUntil = state.Standing(clock) == LeaseStanding.Held ? At(state.HeldUntil - clock) : _world.Now;
        (TickAt, TickOrder) = (At(LeaseMachine.NextTick(state, clock) - clock), _world.AddTick());
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

        _world.Send(new CommitErrand(_world, this, fence, item));
    }

    /// <summary>What the store says of it.</summary>
    public void Committed(Fence fence, long item, bool accepted)
    {
        var shard = fence.Shard;
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

        _world.Send(new TryErrand(_world, this, Reply));
        Later(TimeSpan.FromSeconds(0.3), () => Reply(false));
    }

    /// <summary>After that time of its own; rounded up, because the moment before it is due a tick finds nothing to do, for ever.</summary>
    private TimeSpan At(TimeSpan after) => new(_world.Now.Ticks + 1 + after.Ticks * Whole / (Whole + _drift));

    private void Later(TimeSpan after, Action what) => _world.At(_world.Now + after, this, what);

    private void Do(LeaseAction action)
    {
        switch (action)
        {
            case LeaseAction.Call { What: var call }:
                _world.Send(new LeaseErrand(_world, this, call));
                break;
            case LeaseAction.Run run:
                foreach (var fence in run.Fences)
                {
                    if ((_begun & (1UL << fence.Shard)) != 0)
                    {
                        throw new InvalidOperationException($"silo {Number}: shard {fence.Shard} is begun again while it runs");
                    }

                    _begun |= 1UL << fence.Shard;
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
                _begun &= ~(1UL << fence.Shard);
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
        _begun &= ~(1UL << shard);
    }

    private void End(int shard)
    {
        if (State.Held.TryGetValue(shard, out var held) && held.Phase == HoldingPhase.Draining)
        {
            Forget(shard);
            Happens(new LeaseEvent.Drained(Clock, shard));
        }
    }

    /// <summary>The store is back: what was told without it is recorded.</summary>
    public void StoreIsBack()
    {
        foreach (var (item, shard) in Journal.Waiting)
        {
            _world.Replay(item);
            Journal.Recent.Add((item, shard));
        }

        Journal.Waiting.Clear();
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
    public List<(long Item, int Shard)> Waiting { get; } = [];
    public List<(long Item, int Shard)> Recent { get; } = [];
}
