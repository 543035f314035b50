namespace Monitor.Probers.Redis;

/// <summary>Warnings of what single nodes see otherwise than the view that counts: suspicion, nodes under way in, memberships that are not agreed on.</summary>
internal sealed class ClusterDissent(Verdict verdict, ClusterCensus census, ClusterView chosen)
{
    public void Judge()
    {
        foreach (var node in census.Asked)
        {
            if (node.Answer is { } answer)
            {
                JudgeOne(node, answer.Cluster ?? ClusterView.Empty, isClusterNode: answer.Cluster is not null);
            }
            else if (node.IsContactPoint && node.Fault!.Stage is not null && !chosen.Nodes.Any(member => ClusterCensus.IsAt(member, node.Address)))
            {
                verdict.Warn($"contact point {node.Address} does not answer: {node.Trouble}");
            }
        }

        Handshakes();
        Suspicions();
    }

    private void JudgeOne(AskedNode node, ClusterView view, bool isClusterNode)
    {
        if (!isClusterNode)
        {
            verdict.Warn($"{node.Address} is no cluster node (mode {node.Answer!.Info.Mode})");
            return;
        }

        if (view.Myself is not { } myself || chosen.Nodes.Count == 0)
        {
            return;
        }

        if (chosen.Find(myself.Id) is null)
        {
            verdict.Warn($"{node.Address} is no member of the cluster in the eyes of the others; it knows {view.Nodes.Count} nodes itself");
            return;
        }

        if (view.IsOk is { } ok && chosen.IsOk is { } counted && ok != counted)
        {
            verdict.Warn($"{node.Address} sees cluster_state {(ok ? "ok" : "fail")}, the others {(counted ? "ok" : "fail")}");
        }

        Missing(view, chosen, chosen.Myself?.Name ?? "the others");
        Missing(chosen, view, myself.Name);
    }

    /// <summary>Members of one view that the other does not know.</summary>
    private void Missing(ClusterView view, ClusterView other, string otherName)
    {
        foreach (var member in view.Nodes)
        {
            if (!member.Is(NodeFlags.Handshake | NodeFlags.NoAddress) && other.Find(member.Id) is null)
            {
                verdict.Warn($"{member.Name} is not known to {otherName}");
            }
        }
    }

    private void Handshakes()
    {
        foreach (var view in census.Views)
        {
            foreach (var member in view.Nodes.Where(node => node.Is(NodeFlags.Handshake)))
            {
                verdict.Warn($"{member.Name} is in handshake with {view.Myself?.Name ?? "a node"}");
            }
        }
    }

    private void Suspicions()
    {
        var doubts = census.Views.Where(view => view.Myself is not null)
            .SelectMany(view => view.Nodes.Where(node => node.Is(NodeFlags.Suspected)).Select(node => (node.Id, By: view.Myself!.Name)))
            .ToLookup(doubt => doubt.Id, doubt => doubt.By, StringComparer.Ordinal);
        foreach (var member in chosen.Nodes.Where(node => !node.HasFailed && doubts.Contains(node.Id)))
        {
            verdict.Warn($"{member.Name} is suspected down (fail?) by {Lists.Some(doubts[member.Id].Distinct(StringComparer.Ordinal))}");
        }
    }
}
