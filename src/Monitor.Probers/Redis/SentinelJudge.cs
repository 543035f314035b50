using Monitor.Core.Configs.Redis;
using Monitor.Core.Probing;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Redis;

/// <summary>The verdict on a master and its replicas, from what the sentinels and the master said. Pure.</summary>
internal sealed class SentinelJudge
{
    private readonly Verdict _verdict = new();
    private readonly RedisConfig _config;
    private readonly IReadOnlyList<AskedNode> _asked;

    public SentinelJudge(RedisConfig config, IReadOnlyList<AskedNode> asked)
    {
        (_config, _asked) = (config, asked);

        // The newest configuration counts: a sentinel that was cut off during a failover still names the old master.
        View = asked.Select(node => node.Answer?.Sentinel).OfType<SentinelView>().Where(view => view.Master is not null)
            .GroupBy(view => view.Master!.Address)
            .OrderByDescending(same => same.Max(view => view.Master!.Epoch)).ThenByDescending(same => same.Count())
            .FirstOrDefault()?.OrderByDescending(view => view.NoQuorum is null).First();
    }

    /// <summary>The view that counts; null: nobody names a master.</summary>
    public SentinelView? View { get; }

    public Verdict WithoutMaster()
    {
        var reasons = _asked.Where(node => node.Answer is not null).Select(node => $"{node.Address}: {Why(node.Answer!)}");
        _verdict.Fail($"no master: {Lists.Some(reasons, "; ")}");
        _verdict.Add("mode", "sentinel");
        return _verdict;
    }

    public Verdict WithMaster(AskedNode master)
    {
        var view = View!;
        JudgeMaster(view, master);
        foreach (var node in _asked)
        {
            JudgeSentinel(view, node);
        }

        foreach (var replica in view.Replicas)
        {
            JudgeReplica(replica);
        }

        foreach (var sentinel in view.Sentinels.Where(sentinel => sentinel.IsDown && _asked.All(node => node.Address != sentinel.Address)))
        {
            _verdict.Warn($"sentinel {sentinel.Address} is down ({sentinel.Flags})");
        }

        if (view.NoQuorum is { } quorum)
        {
            _verdict.Warn($"the sentinels could not fail over: {quorum}");
        }

        AddFigures(view, master);
        return _verdict;
    }

    private void JudgeMaster(SentinelView view, AskedNode master)
    {
        var flags = view.Master!.IsDown ? $" (the sentinels say {view.Master.Flags})" : "";
        if (master.Fault is { } fault)
        {
            _verdict.Failures.Add(new WireFault(fault.Stage ?? FailureStage.Connect, $"master {master.Address} of {view.MasterName} does not answer{flags}: {fault.Message}"));
            return;
        }

        var answer = master.Answer!;
        if (!master.IsReady)
        {
            _verdict.Failures.Add(WireFault.Protocol($"master {master.Address} of {view.MasterName} is not ready{flags}: {master.Trouble}"));
        }
        else if (answer.Info.IsReplica == true)
        {
            _verdict.Fail($"{master.Address}, which the sentinels call the master of {view.MasterName}, is a replica");
        }

        if (view.Master.IsDown && _verdict.Failures.Count == 0)
        {
            _verdict.Warn($"master {master.Address} answers here, but the sentinels say {view.Master.Flags}");
        }

        NodeLimits.Judge(_verdict, _config, "", answer.Info);
        NodeLimits.JudgeRole(_verdict, _config, answer.Info);
        if (_config.MinReplicas is { } replicas && answer.Info.IsReplica is not null && answer.Info.OnlineReplicas < replicas)
        {
            _verdict.Fail($"{answer.Info.OnlineReplicas} replicas online < min_replicas {replicas}");
        }

        foreach (var note in answer.Notes)
        {
            _verdict.Note($"{master.Address}: {note}");
        }

        foreach (var warning in master.Warnings)
        {
            _verdict.Warn($"{master.Address}: {warning}");
        }
    }

    private void JudgeSentinel(SentinelView view, AskedNode node)
    {
        if (node.Fault is { } fault)
        {
            if (fault.Stage is null)
            {
                _verdict.Note($"sentinel {node.Address} could not be asked: {fault.Message}");
            }
            else
            {
                _verdict.Warn($"sentinel {node.Address} does not answer: {node.Trouble}");
            }

            return;
        }

        foreach (var note in node.Answer!.Notes)
        {
            _verdict.Note($"{node.Address}: {note}");
        }

        foreach (var warning in node.Warnings)
        {
            _verdict.Warn($"{node.Address}: {warning}");
        }

        if (node.Answer.Sentinel?.Master is not { } named)
        {
            _verdict.Warn($"sentinel {node.Address} names no master: {Why(node.Answer)}");
        }
        else if (named.Address != view.Master!.Address)
        {
            _verdict.Warn($"sentinel {node.Address} names {named.Address} as the master, others {view.Master.Address}");
        }
    }

    private void JudgeReplica(WatchedNode replica)
    {
        if (replica.IsDown)
        {
            _verdict.Warn($"replica {replica.Address} is down ({replica.Flags})");
        }
        else if (replica.LinkStatus == "err")
        {
            _verdict.Warn($"replica {replica.Address}: replication link to its master is down");
        }
    }

    private void AddFigures(SentinelView view, AskedNode master)
    {
        var info = master.Answer?.Info ?? new RedisInfo();
        var up = view.Replicas.Count(replica => !replica.IsDown) + (master.IsReady ? 1 : 0);
        if (_config.MinNodes is { } nodes && up < nodes)
        {
            _verdict.Fail($"{up} nodes up < min_nodes {nodes}");
        }

        _verdict.Add("mode", "sentinel");
        _verdict.Add("role", NodeLimits.RoleOf(info));
        _verdict.Add("version", info.Version);
        _verdict.Add("used_memory_bytes", info.UsedMemory);
        _verdict.Add("memory_percent", info.MemoryPercent);
        _verdict.Add("connected_clients", info.ConnectedClients);
        _verdict.Add("ops_per_second", info.OpsPerSecond);
        _verdict.Add("uptime_seconds", info.UptimeSeconds);
        _verdict.Add("replicas", info.IsReplica is null ? null : info.OnlineReplicas);
        _verdict.Add("nodes", view.Replicas.Count + 1);
        _verdict.Add("nodes_up", up);
    }

    private static string Why(NodeAnswer answer) =>
        answer.Sentinel?.NoMaster ?? (answer.NotReady is { } said ? $"PING was answered with {said}" : $"it is no sentinel (mode {answer.Info.Mode ?? "not told"})");
}
