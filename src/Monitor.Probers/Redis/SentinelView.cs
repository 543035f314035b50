using System.Globalization;
using Monitor.Core.Configs;

namespace Monitor.Probers.Redis;

/// <summary>How one sentinel sees the master it was asked about.</summary>
internal sealed record SentinelView
{
    /// <summary>Why there is none: unknown name, none or several watched; null: <see cref="Master"/> is there.</summary>
    public string? NoMaster { get; init; }

    public string MasterName { get; init; } = "";

    public WatchedNode? Master { get; init; }

    public IReadOnlyList<WatchedNode> Replicas { get; init; } = [];

    /// <summary>The other sentinels.</summary>
    public IReadOnlyList<WatchedNode> Sentinels { get; init; } = [];

    /// <summary>What SENTINEL CKQUORUM complained of; null: a failover would be possible.</summary>
    public string? NoQuorum { get; init; }
}

/// <summary>A node as a sentinel describes it.</summary>
/// <param name="Flags"><c>master,s_down,o_down</c></param>
/// <param name="Epoch">Of the configuration that made it master; 0 for others.</param>
internal sealed record WatchedNode(NodeAddress Address, string Flags, string? LinkStatus, long Epoch)
{
    public bool IsDown => Flags.Contains("_down", StringComparison.Ordinal) || Flags.Contains("disconnected", StringComparison.Ordinal);

    /// <summary>A flat list of names and values; null where it has no address.</summary>
    public static WatchedNode? Read(in RespValue reply)
    {
        string? host = null, flags = null, link = null;
        var port = 0;
        long epoch = 0;
        for (var i = 0; i + 1 < reply.Items.Length; i += 2)
        {
            var name = reply.Items[i].Bytes;
            var value = reply.Items[i + 1];
            if (name.SequenceEqual("ip"u8))
            {
                host = value.Text;
            }
            else if (name.SequenceEqual("port"u8))
            {
                _ = int.TryParse(value.Text, NumberStyles.None, CultureInfo.InvariantCulture, out port);
            }
            else if (name.SequenceEqual("flags"u8))
            {
                flags = value.Text;
            }
            else if (name.SequenceEqual("master-link-status"u8))
            {
                link = value.Text;
            }
            else if (name.SequenceEqual("config-epoch"u8))
            {
                _ = long.TryParse(value.Text, NumberStyles.None, CultureInfo.InvariantCulture, out epoch);
            }
        }

        return host is { Length: > 0 } && port is > 0 and <= 65535 ? new WatchedNode(new NodeAddress(host, port), flags ?? "", link, epoch) : null;
    }

    public static List<WatchedNode> ReadAll(in RespValue reply)
    {
        var nodes = new List<WatchedNode>();
        foreach (var item in reply.Items)
        {
            if (Read(item) is { } node)
            {
                nodes.Add(node);
            }
        }

        return nodes;
    }
}
