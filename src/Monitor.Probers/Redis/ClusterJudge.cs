using Monitor.Core.Configs.Redis;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Redis;

/// <summary>The verdict on a cluster, from all that was asked. Pure.</summary>
internal sealed class ClusterJudge(RedisConfig config, ClusterCensus census, ReachedNodes before)
{
    private readonly Verdict _verdict = new();
    private MemberState[] _members = [];

    /// <param name="first">The node that answered first: its role is the metric.</param>
    public Verdict Judge(AskedNode first)
    {
        var view = census.View ?? ClusterView.Empty;
        _members = [.. view.Nodes.Where(node => !node.Is(NodeFlags.Handshake)).Select(node => MemberState.Of(node, census.AskedOf(node), before.Contains(node.Id)))];
        if (!census.Asked.Any(node => node.IsReady))
        {
            _verdict.Failures.Add(WireFault.Protocol($"no node is ready: {Lists.Some(census.Asked.Select(node => $"{node.Address}: {node.Trouble}"), "; ")}"));
        }

        JudgeState(view);
        JudgeMembers();
        new ClusterDissent(_verdict, census, view).Judge();
        JudgeLimits(first);
        new ClusterFigures(_verdict, view, _members).Add(first.Answer!, census);
        var reached = census.Asked.Where(node => node.IsReady).Select(node => node.Answer!.Cluster?.Myself?.Id).OfType<string>().ToHashSet(StringComparer.Ordinal);
        _verdict.Memory = view.Nodes.Count > 0 ? before.With(view.Nodes.Where(node => !node.Is(NodeFlags.Handshake)).Select(node => node.Id), reached) : null;
        return _verdict;
    }

    private void JudgeState(ClusterView view)
    {
        var broken = new List<string>();
        if (view.IsOk == false)
        {
            broken.Add("cluster_state is fail");
        }

        if (view.Nodes.Count > 0 && Uncovered(view) is { } uncovered)
        {
            broken.Add(uncovered);
        }

        var voters = view.Nodes.Count(node => node.Votes);
        var alive = view.Nodes.Count(node => node.Votes && !node.Is(NodeFlags.Failed | NodeFlags.Suspected | NodeFlags.NoAddress));
        if (voters > 0 && alive * 2 <= voters)
        {
            broken.Add($"no majority: {alive} of {voters} masters are up");
        }

        if (broken.Count == 0)
        {
            return;
        }

        var down = _members.Where(member => member.Down is not null || member.Node.Is(NodeFlags.Suspected))
            .Select(member => $"{member.Node.Name} ({member.Down ?? "suspected"})").ToArray();
        _verdict.Fail(string.Join("; ", broken) + (down.Length > 0 ? $"; down: {Lists.Some(down)}" : ""));
    }

    private static string? Uncovered(ClusterView view)
    {
        var (covered, assigned) = (new SlotSet(), new SlotSet());
        foreach (var node in view.Nodes.Where(node => node.IsMaster))
        {
            assigned.Add(node.Slots);
            if (!node.Is(NodeFlags.Failed | NodeFlags.NoAddress | NodeFlags.Handshake))
            {
                covered.Add(node.Slots);
            }
        }

        var missing = covered.Others();
        if (missing.Count == 0)
        {
            return null;
        }

        var parts = new List<string>();
        foreach (var node in view.Nodes.Where(node => node.IsMaster && node.Is(NodeFlags.Failed | NodeFlags.NoAddress)))
        {
            var lost = new SlotSet();
            lost.Add(node.Slots);
            if (lost.And(missing) is { Count: > 0 } own)
            {
                parts.Add($"{own} (master {node.Name} failed)");
            }
        }

        if (assigned.Others() is { Count: > 0 } nobodys)
        {
            parts.Add($"{nobodys} (no node has them)");
        }

        return $"slots not covered: {Lists.Some(parts)}";
    }

    private void JudgeMembers()
    {
        foreach (var member in _members.Where(member => member.Down is not null))
        {
            var slots = new SlotSet();
            slots.Add(member.Node.Slots);
            var what = member.Node.Is(NodeFlags.Replica)
                ? $"replica {member.Node.Name}{(MasterOf(member) is { } master ? $" of {master.Node.Name}" : "")}"
                : $"master {member.Node.Name}{(slots.Count > 0 ? $" (slots {slots})" : "")}";
            _verdict.Warn($"{what} is down: {member.Down}");
        }

        var unreached = _members.Where(member => member.Unreached is not null).ToArray();
        if (unreached.Length > 0)
        {
            _verdict.Note(
                $"{unreached.Length} of {_members.Length} nodes were never reached from here, though the cluster has them; perhaps what they announce lies behind NAT: "
                + Lists.Some(unreached.Select(member => $"{member.Node.Name} ({member.Unreached})")));
        }

        foreach (var member in _members.Where(member => member.OwnTrouble is not null))
        {
            _verdict.Note($"{member.Node.Name} could not be asked: {member.OwnTrouble}");
        }

        foreach (var node in census.Asked.Where(node => node.Answer is not null))
        {
            NodeLimits.Judge(_verdict, config, $"{node.Address}: ", node.Answer!.Info);
            foreach (var note in node.Answer.Notes)
            {
                _verdict.Note($"{node.Address}: {note}");
            }
        }

        foreach (var (node, warning) in census.Asked.SelectMany(node => node.Warnings.Select(warning => (node, warning))))
        {
            _verdict.Warn($"{node.Address}: {warning}");
        }
    }

    private void JudgeLimits(AskedNode first)
    {
        NodeLimits.JudgeRole(_verdict, config, first.Answer!.Info);
        var up = _members.Count(member => member.IsUp);
        if (config.MinNodes is { } nodes && _members.Length > 0 && up < nodes)
        {
            _verdict.Fail($"{up} nodes up < min_nodes {nodes}");
        }

        if (config.MinReplicas is not { } replicas)
        {
            return;
        }

        foreach (var master in _members.Where(member => member.Node.Votes && member.IsUp))
        {
            var working = _members.Count(member => member.IsWorkingReplica && member.Node.Master == master.Node.Id);
            if (working < replicas)
            {
                _verdict.Fail($"master {master.Node.Name} has {working} working replicas < min_replicas {replicas}");
            }
        }
    }

    private MemberState? MasterOf(MemberState replica) => _members.FirstOrDefault(member => member.Node.Id == replica.Node.Master);
}
