namespace Monitor.Probers.Redis;

/// <summary>The metrics of a whole cluster: sums over what was reached; the fullest node's percentage; the youngest's uptime.</summary>
internal sealed class ClusterFigures(Verdict verdict, ClusterView view, MemberState[] members)
{
    public void Add(NodeAnswer first, ClusterCensus census)
    {
        var infos = members.Where(member => member.Answer is not null).Select(member => member.Answer!.Info).ToArray();
        infos = infos.Length > 0 ? infos : [.. census.Asked.Where(node => node.Answer is not null).Select(node => node.Answer!.Info)];
        var masters = Array.FindAll(infos, info => info.IsReplica == false);
        verdict.Add("mode", "cluster");
        verdict.Add("role", NodeLimits.RoleOf(first.Info));
        var versions = infos.Select(info => info.Version).OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
        verdict.Add("version", versions.Length > 0 ? Lists.Some(versions) : null);
        verdict.Add("used_memory_bytes", Sum(masters, info => info.UsedMemory));
        verdict.Add("memory_percent", infos.Max(info => info.MemoryPercent));
        verdict.Add("connected_clients", Sum(infos, info => info.ConnectedClients));
        verdict.Add("ops_per_second", Sum(masters, info => info.OpsPerSecond));
        verdict.Add("uptime_seconds", infos.Min(info => info.UptimeSeconds));
        if (view.Nodes.Count == 0)
        {
            return;
        }

        verdict.Add("replicas", members.Count(member => member.IsWorkingReplica));
        verdict.Add("nodes", members.Length);
        verdict.Add("nodes_up", members.Count(member => member.IsUp));
        AddSlots();
    }

    /// <summary>As CLUSTER INFO counts them, but that slots of no node count as failed: suspected ones are neither.</summary>
    private void AddSlots()
    {
        var (ok, notLost) = (new SlotSet(), new SlotSet());
        foreach (var node in view.Nodes.Where(node => node.IsMaster && !node.Is(NodeFlags.Failed | NodeFlags.NoAddress)))
        {
            notLost.Add(node.Slots);
            if (!node.Is(NodeFlags.Suspected))
            {
                ok.Add(node.Slots);
            }
        }

        verdict.Add("slots_ok", ok.Count);
        verdict.Add("slots_fail", SlotSet.Slots - notLost.Count);
    }

    private static double? Sum(RedisInfo[] infos, Func<RedisInfo, double?> figure)
    {
        var known = infos.Select(figure).OfType<double>().ToArray();
        return known.Length > 0 ? known.Sum() : null;
    }
}
