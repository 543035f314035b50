using Monitor.Core.Configs;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Cassandra;

/// <summary>One of the addresses that the user gave, and which nodes of the ring it stands for.</summary>
internal sealed class ContactPoint(NodeAddress address)
{
    public NodeAddress Address { get; } = address;

    /// <summary>One as a rule; several behind a name with several addresses; none where the ring tells another address than the user (NAT, a balancer, a stranger).</summary>
    public List<RingNode> Nodes { get; } = [];

    /// <summary>Why it did not answer.</summary>
    public WireFault? Fault { get; set; }

    /// <summary>Another cluster answers there: its name.</summary>
    public string? Stranger { get; set; }

    /// <summary>It answers from elsewhere, or stands for nodes that do.</summary>
    public bool IsLost => Nodes.Count == 0 && Fault is { Stage: not null };
}
