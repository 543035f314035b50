using Monitor.Core.Configs.Redis;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Redis;

/// <summary>Judges servers that are no cluster: one, or a list of them that replicate each other.</summary>
internal static class ServerJudge
{
    public static Verdict Judge(RedisConfig config, IReadOnlyList<AskedNode> asked)
    {
        var verdict = new Verdict();
        var ready = asked.Where(node => node.IsReady).ToArray();
        if (ready.Length == 0)
        {
            var loading = asked.First(node => node.Answer is not null);
            verdict.Failures.Add(WireFault.Protocol(
                asked.Count == 1 ? loading.Trouble : $"no server is ready: {Lists.Some(asked.Select(node => $"{node.Address}: {node.Trouble}"), "; ")}"));
        }

        var shown = Shown(config, ready) ?? asked.First(node => node.Answer is not null);
        foreach (var node in asked)
        {
            JudgeOne(verdict, config, node, alone: asked.Count == 1);
        }

        var info = shown.Answer!.Info;
        NodeLimits.JudgeRole(verdict, config, info);
        if (config.MinReplicas is { } replicas && info.IsReplica is not null && info.OnlineReplicas < replicas)
        {
            verdict.Fail($"{info.OnlineReplicas} replicas online < min_replicas {replicas}");
        }

        if (config.MinNodes is { } nodes && ready.Length < nodes)
        {
            verdict.Fail($"{ready.Length} nodes up < min_nodes {nodes}");
        }

        AddMetrics(verdict, info, asked.Count, ready.Length);
        return verdict;
    }

    /// <summary>The one whose figures stand for the list: of the expected role, else the master.</summary>
    private static AskedNode? Shown(RedisConfig config, AskedNode[] ready)
    {
        var wanted = config.ExpectRole == RedisRole.Replica;
        return ready.FirstOrDefault(node => node.Answer!.Info.IsReplica == wanted) ?? ready.FirstOrDefault();
    }

    private static void JudgeOne(Verdict verdict, RedisConfig config, AskedNode node, bool alone)
    {
        var who = alone ? "" : $"{node.Address}: ";
        if (node.Fault is { Stage: null } own)
        {
            verdict.Note($"{who}{own.Message}");
        }
        else if (!node.IsReady && !alone)
        {
            verdict.Warn($"{node.Address} does not answer: {node.Trouble}");
        }

        if (node.Answer is { } answer)
        {
            NodeLimits.Judge(verdict, config, who, answer.Info);
            foreach (var note in answer.Notes)
            {
                verdict.Note($"{who}{note}");
            }
        }

        foreach (var warning in alone ? [] : node.Warnings)
        {
            verdict.Warn($"{who}{warning}");
        }
    }

    private static void AddMetrics(Verdict verdict, RedisInfo info, int nodes, int up)
    {
        verdict.Add("mode", info.Mode ?? "standalone");
        verdict.Add("role", NodeLimits.RoleOf(info));
        verdict.Add("version", info.Version);
        verdict.Add("used_memory_bytes", info.UsedMemory);
        verdict.Add("memory_percent", info.MemoryPercent);
        verdict.Add("connected_clients", info.ConnectedClients);
        verdict.Add("ops_per_second", info.OpsPerSecond);
        verdict.Add("uptime_seconds", info.UptimeSeconds);
        verdict.Add("replicas", info.IsReplica is null ? null : info.OnlineReplicas);
        verdict.Add("nodes", nodes);
        verdict.Add("nodes_up", up);
    }
}
