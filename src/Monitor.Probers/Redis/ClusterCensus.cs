using Monitor.Core.Configs;

namespace Monitor.Probers.Redis;

/// <summary>
/// Everything that was asked of a cluster, put together: whose view counts, and which node is which. Views differ: a node that is cut off, forgotten or
/// was reset tells a cluster of its own.
/// </summary>
internal sealed class ClusterCensus
{
    private readonly IReadOnlyList<AskedNode> _asked;
    private readonly Dictionary<string, AskedNode> _byId = new(StringComparer.Ordinal);

    public ClusterCensus(IReadOnlyList<AskedNode> asked)
    {
        _asked = asked;
        foreach (var node in asked)
        {
            if (node.Answer?.Cluster?.Myself is { } myself && !(_byId.TryGetValue(myself.Id, out var known) && known.IsReady))
            {
                _byId[myself.Id] = node;
            }
        }

        View = Choose();
    }

    public IReadOnlyList<AskedNode> Asked => _asked;

    /// <summary>The view that counts; empty of nodes where no node told any; null where no answer came from a cluster.</summary>
    public ClusterView? View { get; }

    /// <summary>Nodes that told how they see the cluster.</summary>
    public IEnumerable<ClusterView> Views => _asked.Select(node => node.Answer?.Cluster).OfType<ClusterView>().Where(view => view.Nodes.Count > 0);

    /// <summary>What was asked of this member: by the id that it told, else by its address.</summary>
    public AskedNode? AskedOf(ClusterNode member)
    {
        if (_byId.TryGetValue(member.Id, out var known))
        {
            return known;
        }

        foreach (var node in _asked)
        {
            if (node.Answer?.Cluster?.Myself is null && IsAt(member, node.Address))
            {
                return node;
            }
        }

        return null;
    }

    /// <summary>Members of any view that have not been asked yet, each once; under way into the cluster or without an address aside.</summary>
    public IReadOnlyList<ClusterNode> NotAsked()
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var missing = new List<ClusterNode>();
        foreach (var member in Views.SelectMany(view => view.Nodes))
        {
            if (member.Address is not null && !member.Is(NodeFlags.Handshake | NodeFlags.NoAddress) && AskedOf(member) is null && seen.Add(member.Id))
            {
                missing.Add(member);
            }
        }

        return missing;
    }

    /// <summary>True where the address, or the announced name with this port, is the member's.</summary>
    public static bool IsAt(ClusterNode member, NodeAddress address) =>
        member.Address is { } own && own.Port == address.Port && (own.Host == address.Host || member.HostName == address.Host);

    /// <summary>
    /// Masters with slots vote with the state that they see: a node says <c>ok</c> only while it reaches a majority, so that with as many votes on both sides
    /// it is the other that is cut off. Among those of the winning side the newest epoch counts, then who knows most.
    /// </summary>
    private ClusterView? Choose()
    {
        var views = _asked.Where(node => node.IsReady || node.Answer?.Cluster?.Nodes.Count > 0).Select(node => node.Answer?.Cluster).OfType<ClusterView>().ToArray();
        var voters = Array.FindAll(views, view => view.Myself?.Votes == true && view.IsOk is not null);
        var (voices, isVote) = voters.Length > 0 ? (voters, true) : (views, false);
        var ok = voices.Count(view => view.IsOk == true);
        var wanted = ok > 0 && ok * 2 >= voices.Count(view => view.IsOk is not null);
        return views.Where(view => !isVote || view.IsOk == wanted)
            .OrderByDescending(view => view.IsOk == wanted)
            .ThenByDescending(view => view.Epoch)
            .ThenByDescending(view => view.Nodes.Count)
            .FirstOrDefault();
    }
}
