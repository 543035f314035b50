using Monitor.Core.Configs;
using Monitor.Core.Configs.Redis;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Redis;

/// <summary>Asks every member of a cluster, once one of them has told who they are.</summary>
internal sealed class ClusterRound(NodeTalk talk, RedisConfig config, ReachedNodes before)
{
    /// <summary>Of what is left, for nodes that should answer.</summary>
    private const double Share = 0.7;

    /// <summary>For nodes that have failed by the cluster's own word or were never reached: they may be silent for days, and each probe would last as long.</summary>
    private const double ShortShare = 0.25;

    public async ValueTask<ClusterCensus> AskAsync(ProbeRun run, List<AskedNode> asked, CancellationToken cancellationToken)
    {
        // Contact points that are nobody's announced address: which members they are shows only when they answer.
        var census = new ClusterCensus(asked);
        var members = census.Views.SelectMany(view => view.Nodes).ToArray();
        var contacts = config.Nodes.Where(node => asked.TrueForAll(one => one.Address != node)).ToArray();
        var strangers = Array.FindAll(contacts, node => !Array.Exists(members, member => ClusterCensus.IsAt(member, node)));
        asked.AddRange(await AllAsync(run, strangers, ShortShare, null, cancellationToken));

        // Twice, because the first to answer may have been one that knows few others.
        for (var round = 0; round < 2; round++)
        {
            census = new ClusterCensus(asked);
            var missing = census.NotAsked();
            if (missing.Count == 0)
            {
                break;
            }

            await MembersAsync(run, asked, missing, cancellationToken);
        }

        return new ClusterCensus(asked);
    }

    private async ValueTask MembersAsync(ProbeRun run, List<AskedNode> asked, IReadOnlyList<ClusterNode> missing, CancellationToken cancellationToken)
    {
        var hostNames = missing.Where(member => member.HostName is not null)
            .GroupBy(member => member.Address!).ToDictionary(same => same.Key, same => same.First().HostName!);
        var likely = missing.ToLookup(member => !member.HasFailed && (before.Contains(member.Id) || IsContact(member)), member => member.Address!);
        var both = await Task.WhenAll(
            AllAsync(run, [.. likely[true].Distinct()], Share, hostNames, cancellationToken).AsTask(),
            AllAsync(run, [.. likely[false].Distinct()], ShortShare, hostNames, cancellationToken).AsTask());
        asked.AddRange(both[0]);
        asked.AddRange(both[1]);
    }

    private async ValueTask<IEnumerable<AskedNode>> AllAsync(
        ProbeRun run, NodeAddress[] nodes, double share, Dictionary<NodeAddress, string>? hostNames, CancellationToken cancellationToken)
    {
        if (nodes.Length == 0)
        {
            return [];
        }

        var reports = await NodeRounds.AskAllAsync(
            run, nodes, share, (part, node, token) => MemberAsync(part, node, hostNames?.GetValueOrDefault(node), token), cancellationToken);
        return reports.Select(report => AskedNode.Of(report, IsContact(report.Node, hostNames?.GetValueOrDefault(report.Node))));
    }

    /// <summary>
    /// By its address, or by its announced name: which of them can be reached depends on where this monitor stands. With certificates to check the name goes
    /// first, since it is what they are made for.
    /// </summary>
    private async ValueTask<Outcome<NodeAnswer>> MemberAsync(ProbeRun part, NodeAddress node, string? hostName, CancellationToken cancellationToken)
    {
        if (hostName is null)
        {
            return await talk.AskAsync(part, node, NodeKind.ClusterNode, cancellationToken);
        }

        var named = node with { Host = hostName };
        var (first, second) = config.Tls is { Verify: true, ServerName: null } ? (named, node) : (node, named);
        using var half = new CancellationTokenSource(part.Left / 2, part.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, half.Token);
        var outcome = await part.GuardAsync((run, token) => talk.AskAsync(run, first, NodeKind.ClusterNode, token), either.Token);
        cancellationToken.ThrowIfCancellationRequested();
        if (outcome.Value is not null || outcome.Fault is { Stage: Core.Probing.FailureStage.Authentication or Core.Probing.FailureStage.Protocol })
        {
            return outcome;
        }

        var again = await talk.AskAsync(part, second, NodeKind.ClusterNode, cancellationToken);
        return again.Fault is { } fault && outcome.Fault is { } before ? before with { Message = $"{before.Message}; {fault.Message}" } : again;
    }

    private bool IsContact(ClusterNode member) => config.Nodes.Any(node => ClusterCensus.IsAt(member, node));

    private bool IsContact(NodeAddress address, string? hostName) =>
        config.Nodes.Any(node => node.Port == address.Port && (node.Host == address.Host || node.Host == hostName));
}
