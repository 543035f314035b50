using System.Text.Json;
using Monitor.Core.Configs.Redis;
using Monitor.Core.Probing;
using Monitor.Core.Schemas;
using Monitor.Core.Text;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Redis;

/// <summary>Redis and what speaks like it (Valkey, KeyDB): a server, a cluster, or sentinels and the master behind them.</summary>
public sealed class RedisProber(Dialer dialer, TimeProvider time) : IProber
{
    /// <summary>Of the whole time, for the first contact point of several that answers.</summary>
    private const double FirstShare = 0.4;

    private const double OthersShare = 0.7;

    public string Type => "redis";

    public LocalizedText Name { get; } = new("Redis", "Redis");

    public ObjectSchema Schema => RedisConfig.Schema;

    public ConfigReading Read(JsonElement config) => RedisConfig.Read(config);

    public ValueTask<ProbeResult> ProbeAsync(ProbeRequest request, CancellationToken cancellationToken)
    {
        var (config, memory) = ((RedisConfig)request.Config, request.Memory);
        return new ProbeRun(time, request.Timeout).GuardAsync((run, token) => StepsAsync(run, config, memory, token), cancellationToken);
    }

    private async ValueTask<ProbeResult> StepsAsync(ProbeRun run, RedisConfig config, ReadOnlyMemory<byte> memory, CancellationToken cancellationToken)
    {
        var talk = new NodeTalk(dialer, config);
        var kind = KindOf(config);
        if (kind == NodeKind.Sentinel)
        {
            return await new SentinelRound(talk, config).ProbeAsync(run, [], cancellationToken);
        }

        var asked = await FirstAsync(run, talk, config, kind, cancellationToken);
        if (asked[^1].Answer is not { } answer)
        {
            return run.Failed(AskedNode.Together(asked, "no contact point answers"));
        }

        if (answer.Sentinel is not null)
        {
            return await new SentinelRound(talk, config).ProbeAsync(run, asked, cancellationToken);
        }

        if (Mismatch(config, answer) is { } other)
        {
            return run.Failed(other);
        }

        if (answer.Cluster is not null)
        {
            var before = ReachedNodes.Read(memory.Span);
            var first = asked[^1];
            var census = await new ClusterRound(talk, config, before).AskAsync(run, asked, cancellationToken);
            return new ClusterJudge(config, census, before).Judge(first).ToResult(run);
        }

        await OthersAsync(run, talk, config, asked, cancellationToken);
        return ServerJudge.Judge(config, asked).ToResult(run);
    }

    /// <summary>Only sentinels have a name for their master and a password of their own: where one is given, they are spoken to as such from the first word.</summary>
    private static NodeKind KindOf(RedisConfig config) => config.Mode switch
    {
        RedisMode.Standalone => NodeKind.Server,
        RedisMode.Cluster => NodeKind.ClusterNode,
        RedisMode.Sentinel => NodeKind.Sentinel,
        _ => config.MasterName is not null || config.SentinelPassword is not null ? NodeKind.Sentinel : NodeKind.Any,
    };

    private static WireFault? Mismatch(RedisConfig config, NodeAnswer answer) => (config.Mode, answer.Info.Mode) switch
    {
        (RedisMode.Cluster, "standalone" or "sentinel") => new WireFault(FailureStage.Assertion, $"mode {answer.Info.Mode}, expected cluster"),
        (RedisMode.Standalone, "sentinel") => new WireFault(FailureStage.Assertion, "mode sentinel, expected standalone"),
        _ => null,
    };

    /// <summary>Those asked until one answered; that one last.</summary>
    private static async ValueTask<List<AskedNode>> FirstAsync(
        ProbeRun run, NodeTalk talk, RedisConfig config, NodeKind kind, CancellationToken cancellationToken)
    {
        if (config.Nodes.Count == 1)
        {
            // Alone: it may take all of the time, and no timers of its own are needed.
            var only = await talk.AskAsync(run, config.Nodes[0], kind, cancellationToken);
            return [new AskedNode(config.Nodes[0], true, only.Value, only.Fault, [])];
        }

        var reports = await NodeRounds.AskAnyAsync(run, config.Nodes, FirstShare, (part, node, token) => talk.AskAsync(part, node, kind, token), cancellationToken);
        if (reports[^1].Answer is not null)
        {
            run.TakeOver(reports[^1].Run);
        }

        return [.. reports.Select(report => AskedNode.Of(report, isContactPoint: true))];
    }

    private static async ValueTask OthersAsync(ProbeRun run, NodeTalk talk, RedisConfig config, List<AskedNode> asked, CancellationToken cancellationToken)
    {
        if (asked.Count < config.Nodes.Count)
        {
            var others = config.Nodes.Where(node => asked.TrueForAll(one => one.Address != node)).ToArray();
            var reports = await NodeRounds.AskAllAsync(
                run, others, OthersShare, (part, node, token) => talk.AskAsync(part, node, NodeKind.Server, token), cancellationToken);
            asked.AddRange(reports.Select(report => AskedNode.Of(report, isContactPoint: true)));
        }
    }
}
