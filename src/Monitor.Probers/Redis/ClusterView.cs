using System.Globalization;
using Monitor.Core.Configs;

namespace Monitor.Probers.Redis;

/// <summary>How one node sees the cluster: its CLUSTER INFO and CLUSTER NODES.</summary>
internal sealed record ClusterView
{
    public static readonly ClusterView Empty = new();

    /// <summary>Null: not told.</summary>
    public bool? IsOk { get; init; }

    public long Epoch { get; init; }

    public IReadOnlyList<ClusterNode> Nodes { get; init; } = [];

    /// <summary>The node that was asked; null where CLUSTER NODES was not told.</summary>
    public ClusterNode? Myself { get; init; }

    public ClusterNode? Find(string id) => Nodes.FirstOrDefault(node => node.Id == id);

    /// <summary>With what CLUSTER INFO says.</summary>
    public ClusterView WithInfo(string text)
    {
        var view = this;
        foreach (var line in text.Split('\n'))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var (name, value) = colon < 0 ? ("", "") : (line[..colon], line[(colon + 1)..].TrimEnd('\r'));
            if (name == "cluster_state")
            {
                view = view with { IsOk = value == "ok" };
            }
            else if (name == "cluster_current_epoch" && long.TryParse(value, CultureInfo.InvariantCulture, out var epoch))
            {
                view = view with { Epoch = epoch };
            }
        }

        return view;
    }

    /// <summary>With what CLUSTER NODES says; lines that are none are left out.</summary>
    public ClusterView WithNodes(string text)
    {
        var nodes = new List<ClusterNode>();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (ClusterNode.Read(line.TrimEnd('\r')) is { } node)
            {
                nodes.Add(node);
            }
        }

        return this with { Nodes = nodes, Myself = nodes.FirstOrDefault(node => node.Is(NodeFlags.Myself)) };
    }
}

/// <summary>One line of CLUSTER NODES.</summary>
/// <param name="Address">Where it says that it is spoken to; null: not known to the cluster.</param>
/// <param name="HostName">Announced beside the address (7.0 and newer).</param>
/// <param name="Master">Of a replica: its master's id.</param>
internal sealed record ClusterNode(string Id, NodeAddress? Address, string? HostName, NodeFlags Flags, string? Master, IReadOnlyList<SlotRange> Slots)
{
    /// <summary>Id, address, flags, master, ping, pong, epoch, link.</summary>
    private const int FieldsBeforeSlots = 8;

    public bool Is(NodeFlags flag) => (Flags & flag) != NodeFlags.None;

    public bool IsMaster => Is(NodeFlags.Master);

    /// <summary>A majority of the masters agrees that it is down.</summary>
    public bool HasFailed => Is(NodeFlags.Failed);

    /// <summary>Takes part in votes.</summary>
    public bool Votes => IsMaster && Slots.Count > 0;

    /// <summary>What people call it.</summary>
    public string Name => Address is null ? $"node {Id[..Math.Min(8, Id.Length)]}" : HostName is null ? Address.ToString() : $"{Address} ({HostName})";

    /// <summary><c>id ip:port@cport[,hostname[,aux…]] flags master ping pong epoch link slot…</c>; null where it is anything else.</summary>
    public static ClusterNode? Read(string line)
    {
        var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length < FieldsBeforeSlots)
        {
            return null;
        }

        var flags = NodeFlags.None;
        foreach (var flag in fields[2].Split(','))
        {
            flags |= FlagOf(flag);
        }

        var (address, hostName) = PlaceOf(fields[1]);
        return new ClusterNode(fields[0], address, hostName, flags, fields[3] == "-" ? null : fields[3], SlotsOf(fields.AsSpan(FieldsBeforeSlots)));
    }

    private static (NodeAddress? Address, string? HostName) PlaceOf(string field)
    {
        var parts = field.Split(',');
        var place = parts[0].Split('@')[0];
        var hostName = parts.Length > 1 && parts[1] is { Length: > 0 } name && name != "?" ? name : null;
        var colon = place.LastIndexOf(':');
        if (colon < 0 || !int.TryParse(place.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is 0 or > 65535)
        {
            return (null, hostName);
        }

        var host = place[..colon].Trim('[', ']');
        if (host.Length > 0)
        {
            return (new NodeAddress(host, port), hostName);
        }

        return (hostName is not null ? new NodeAddress(hostName, port) : null, null);
    }

    private static List<SlotRange> SlotsOf(ReadOnlySpan<string> fields)
    {
        var ranges = new List<SlotRange>();
        foreach (var field in fields)
        {
            // [n->-id] and [n-<-id]: on their way to or from another node, and listed with their owner besides.
            var dash = field.IndexOf('-', StringComparison.Ordinal);
            var (from, to) = dash < 0 ? (field, field) : (field[..dash], field[(dash + 1)..]);
            if (ushort.TryParse(from, CultureInfo.InvariantCulture, out var first) && ushort.TryParse(to, CultureInfo.InvariantCulture, out var last)
                && first <= last && last < SlotSet.Slots)
            {
                ranges.Add(new SlotRange(first, last));
            }
        }

        return ranges;
    }

    private static NodeFlags FlagOf(string flag) => flag switch
    {
        "myself" => NodeFlags.Myself,
        "master" => NodeFlags.Master,
        "slave" or "replica" => NodeFlags.Replica,
        "fail?" => NodeFlags.Suspected,
        "fail" => NodeFlags.Failed,
        "handshake" => NodeFlags.Handshake,
        "noaddr" => NodeFlags.NoAddress,
        _ => NodeFlags.None,
    };
}

[Flags]
internal enum NodeFlags
{
    None = 0,
    Myself = 1,
    Master = 2,
    Replica = 4,

    /// <summary>The node that was asked does not hear from it (<c>fail?</c>).</summary>
    Suspected = 8,

    /// <summary>A majority does not (<c>fail</c>).</summary>
    Failed = 16,

    Handshake = 32,
    NoAddress = 64,
}
