using Monitor.Core.Configs.Redis;
using Monitor.Core.Probing;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Redis;

/// <summary>Asks all sentinels, then the master that they name.</summary>
internal sealed class SentinelRound(NodeTalk talk, RedisConfig config)
{
    private const double SentinelsShare = 0.4;
    private const double MasterShare = 0.8;

    /// <param name="asked">Who has told already that it is a sentinel, and who was asked before.</param>
    public async ValueTask<ProbeResult> ProbeAsync(ProbeRun run, List<AskedNode> asked, CancellationToken cancellationToken)
    {
        var others = config.Nodes.Where(node => asked.TrueForAll(one => one.Address != node)).ToArray();
        if (others.Length == 1 && asked.Count == 0)
        {
            // Alone: it may take its time, and a timeout is the probe's own.
            var only = await talk.AskAsync(run, others[0], NodeKind.Sentinel, cancellationToken);
            asked.Add(new AskedNode(others[0], true, only.Value, only.Fault, []));
        }
        else if (others.Length > 0)
        {
            var reports = await NodeRounds.AskAllAsync(
                run, others, SentinelsShare, (part, node, token) => talk.AskAsync(part, node, NodeKind.Sentinel, token), cancellationToken);
            asked.AddRange(reports.Select(report => AskedNode.Of(report, isContactPoint: true)));
            if (reports.FirstOrDefault(report => report.Answer is not null) is { } answered)
            {
                run.TakeOver(answered.Run);
            }
        }

        if (asked.TrueForAll(node => node.Answer is null))
        {
            return run.Failed(AskedNode.Together(asked, "no sentinel answers"));
        }

        var judge = new SentinelJudge(config, asked);
        if (judge.View?.Master is not { } master)
        {
            return judge.WithoutMaster().ToResult(run);
        }

        var found = await NodeRounds.AskAllAsync(
            run, [master.Address], MasterShare, (part, node, token) => talk.AskAsync(part, node, NodeKind.Server, token), cancellationToken);
        if (found[0].Answer is not null)
        {
            run.TakeOver(found[0].Run);
        }

        return found[0].Fault is { Stage: null } own ? run.Failed(own) : judge.WithMaster(AskedNode.Of(found[0], isContactPoint: false)).ToResult(run);
    }
}
