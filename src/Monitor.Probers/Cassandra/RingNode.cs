using Monitor.Core.Configs;
using Monitor.Core.Text;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Cassandra;

/// <summary>One member of the ring, and what this probe found out about it.</summary>
internal sealed class RingNode(Member member, NodeAddress address)
{
    public Member Member { get; } = member;

    /// <summary>Where clients reach it, as the ring tells.</summary>
    public NodeAddress Address { get; } = address;

    /// <summary>What people call it: the contact point's own words, if it is one.</summary>
    public string Label { get; set; } = address.ToString();

    /// <summary>The user named it, so that its silence counts from the first probe on.</summary>
    public bool IsContact { get; set; }

    /// <summary>A probe before this one reached it.</summary>
    public bool WasReached { get; init; }

    public NodeState State { get; private set; }

    /// <summary>Why it is silent, or cannot be asked.</summary>
    public string? Reason { get; private set; }

    /// <summary>What an answering node says of itself.</summary>
    public string? Trouble { get; private set; }

    /// <summary>What the ring says of it.</summary>
    public MemberStatus? Status { get; init; }

    /// <summary>It answers; or it cannot be asked from here, but the ring itself says that it is up.</summary>
    public bool IsUp => State == NodeState.Up || (Status?.IsUp == true && (State != NodeState.Silent || !Counts));

    /// <summary>It should answer and does not; or it cannot be asked from here, and the ring itself says that it is down.</summary>
    public bool IsDown => (State == NodeState.Silent && Counts) || (Status?.IsUp == false && State != NodeState.Up);

    /// <summary>It was tried to ask it, in vain, and never was otherwise.</summary>
    public bool IsUnreachable => State is NodeState.Silent or NodeState.Unknown && !IsDown;

    private bool Counts => IsContact || WasReached;

    public void Answered(NodeAnswer answer)
    {
        State = NodeState.Up;
        Trouble = answer.Trouble;
        Reason = null;
    }

    public void Failed(WireFault fault)
    {
        // Another way to it may have been better.
        if (State != NodeState.Up)
        {
            State = fault.Stage is null ? NodeState.Unknown : NodeState.Silent;
            Reason = Words(fault);
        }
    }

    /// <summary>Our own rules do not let us ask it: that says nothing about it.</summary>
    public void Forbidden(WireFault refusal) => (State, Reason) = (NodeState.Unknown, Words(refusal));

    /// <summary>Its name, and in brackets why it is not up.</summary>
    public string Described()
    {
        var ring = Status switch
        {
            null => null,
            { IsUp: false } => $"its ring says down{(Status.Status.Length > 0 ? $" ({Status.Status})" : "")}",
            { Status: "SHUTDOWN" } => "it told its ring that it shuts down or was drained",
            { ServesNoClients: true } => "it told its ring that it serves no clients",
            _ => null,
        };
        var why = string.Join("; ", new[] { Reason, ring }.OfType<string>());
        return why.Length > 0 ? $"{Label} ({why})" : Label;
    }

    public static string Words(WireFault fault) => fault.Stage is { } stage ? $"{stage.Name()}: {fault.Message}" : fault.Message;

    /// <summary>Null where the ring does not tell an address.</summary>
    public static RingNode? Of(Member member, int contactPort, MemberStatus? status, bool wasReached) =>
        member.Native is { } native ? new RingNode(member, new NodeAddress(native.ToString(), member.Port ?? contactPort)) { Status = status, WasReached = wasReached } : null;

    public bool IsAt(System.Net.IPAddress address, int port) => Address.Port == port && Member.Native is { } native && native.Equals(address);
}

/// <summary>What asking a node came to.</summary>
internal enum NodeState
{
    NotAsked,
    Up,
    Silent,

    /// <summary>This monitor could or may not ask.</summary>
    Unknown,
}
