using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Grains.Shards.Leases;

namespace Monitor.UnitTests.Grains.Shards.Leases;

/// <summary>
/// A call to the store: it may be executed although its answer is lost, and later than its caller waits. It happens twice: there it is executed, back it is answered. One object goes all the way,
/// because most of what happens in a simulation is this.
/// </summary>
internal abstract class StoreCall(Simulation world, SimSilo caller) : IHappening
{
    private bool _executed;

    public SimSilo Caller => caller;

    /// <summary>Of its answer.</summary>
    public TimeSpan Back { get; set; }

    /// <summary>Answered or given up.</summary>
    public bool Ended { get; private set; }

    protected Simulation World => world;

    public void Happen()
    {
        if (_executed)
        {
            End(answered: true);
        }
        else if (world.Execute(this))
        {
            _executed = true;
        }
    }

    public void End(bool answered)
    {
        if (!Ended)
        {
            Ended = true;
            if (answered)
            {
                Answered();
            }
            else
            {
                Failed();
            }
        }
    }

    /// <summary>By the store, in one step; it keeps the answer.</summary>
    public abstract void Execute();

    protected abstract void Answered();

    protected abstract void Failed();
}

/// <summary>What the protocol asks of the store.</summary>
internal sealed class LeaseErrand(Simulation world, SimSilo caller, LeaseCall call) : StoreCall(world, caller)
{
    private object? _answer;

    public override void Execute()
    {
        var table = World.Table;
        switch (call)
        {
            case LeaseCall.Register register:
                _answer = table.Register(new SiloIdentity($"silo {Caller.Number}", "default", "", default), new Guid(Caller.Number, (short)register.Incarnation, 0, new byte[8]));
                break;
            case LeaseCall.Beat beat:
                _answer = table.Beat(beat.Silo, beat.Value);
                break;
            case LeaseCall.Look:
                _answer = table.Look();
                break;
            case LeaseCall.Claim claim:
                _answer = table.Claim(claim.Request);
                break;
            case LeaseCall.Reclaim reclaim:
                _answer = table.Reclaim(reclaim.Silo, reclaim.Timeline, reclaim.Held);
                break;
            case LeaseCall.Bid bid:
                table.Bid(bid.Silo, bid.Timeline, bid.Bids);
                break;
            case LeaseCall.HandOver give:
                _answer = table.HandOver(give.Silo, give.Timeline, give.Gifts);
                break;
            case LeaseCall.MarkStopping mark:
                table.MarkStopping(mark.Silo);
                break;
            case LeaseCall.Leave leave:
                table.Leave(leave.Silo);
                break;
        }
    }

    protected override void Answered()
    {
        var now = Caller.Clock;
        if (call is LeaseCall.Beat)
        {
            Caller.StoreIsBack();
        }

        Caller.Happens(call switch
        {
            LeaseCall.Register register => new LeaseEvent.Registered(now, register, (long)_answer!),
            LeaseCall.Beat beat => new LeaseEvent.Beaten(now, beat, (BeatAnswer)_answer!),
            LeaseCall.Look look => new LeaseEvent.Looked(now, look, (ClusterView)_answer!),
            LeaseCall.Claim or LeaseCall.Reclaim => new LeaseEvent.Claimed(now, call, (ClaimAnswer)_answer!),
            LeaseCall.HandOver give => new LeaseEvent.HandedOver(now, give, (IReadOnlyList<int>)_answer!),
            _ => new LeaseEvent.Done(now, call),
        });
    }

    protected override void Failed() => Caller.Happens(new LeaseEvent.Failed(Caller.Clock, call));
}

/// <summary>Something that was decided of a target, to be stored by its fence.</summary>
internal sealed class CommitErrand(Simulation world, SimSilo caller, Fence fence, long item) : StoreCall(world, caller)
{
    private bool _accepted;

    public override void Execute() => _accepted = World.Commit(fence, item);

    protected override void Answered() => Caller.Committed(fence, item, _accepted);

    /// <summary>Nobody knows; nothing is told.</summary>
    protected override void Failed()
    {
    }
}

/// <summary>Whether the store answers: of a silo that a peer has asked.</summary>
internal sealed class TryErrand(Simulation world, SimSilo caller, Action<bool> reply) : StoreCall(world, caller)
{
    public override void Execute()
    {
    }

    protected override void Answered() => reply(true);

    protected override void Failed() => reply(false);
}
