using Monitor.Core.Configs.Redis;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Redis;

/// <summary>What a sentinel is asked about its master, over a connection that is logged in.</summary>
internal sealed class SentinelTalk(RedisConfig config)
{
    public async ValueTask<Outcome<NodeAnswer>> AskAsync(ProbeRun run, RespLink link, NodeAnswer answer, List<string> notes, CancellationToken cancellationToken)
    {
        var names = answer.Info.MasterNames;
        if (config.MasterName is null && names.Count == 0)
        {
            // Who was found out to be a sentinel has not been asked for it yet.
            using var first = new RespRequest().Add("INFO", "sentinel");
            var told = await link.AskAsync(run, first, cancellationToken);
            if (told.Fault is { } silent)
            {
                return silent;
            }

            if (told.Value![0].Kind == RespKind.Text)
            {
                answer.Info.Add(told.Value[0].Bytes);
            }
        }

        if (config.MasterName is null && names.Count != 1)
        {
            // INFO sentinel may be refused; then the name has to be given.
            var why = names.Count == 0 ? "no master is watched" : $"several masters are watched ({Listed(names)}): set master_name";
            return answer with { Sentinel = new SentinelView { NoMaster = notes.Count > 0 ? "set master_name, because INFO is refused" : why } };
        }

        var name = config.MasterName ?? names[0];
        using var request = new RespRequest()
            .Add("SENTINEL", "MASTER", name).Add("SENTINEL", "CKQUORUM", name).Add("SENTINEL", "SENTINELS", name).Add("SENTINEL", "REPLICAS", name);
        var asked = await link.AskAsync(run, request, cancellationToken);
        if ((asked.Fault ?? asked.Value!.CutShort) is { } fault)
        {
            return fault;
        }

        var answers = asked.Value!;
        var view = Read(name, answers, names, notes);
        if (!answers[3].IsError || view.NoMaster is not null)
        {
            return answer with { Sentinel = view with { Replicas = WatchedNode.ReadAll(answers[3]) } };
        }

        return answer with { Sentinel = view with { Replicas = await OldReplicasAsync(run, link, name, notes, cancellationToken) } };
    }

    private SentinelView Read(string name, RespAnswers answers, List<string> names, List<string> notes)
    {
        var (master, quorum, sentinels) = (answers[0], answers[1], answers[2]);
        if (master.IsError)
        {
            var said = RedisRefusals.Said(master, config);
            var known = names.Count > 0 ? $"; known: {Listed(names)}" : "";
            return new SentinelView
            {
                MasterName = name,
                NoMaster = master.IsErrorOf("ERR No such master"u8) ? $"master_name {name} is unknown{known}" : $"SENTINEL MASTER {name} was refused: {said}",
            };
        }

        foreach (var (reply, command) in new[] { (quorum, "ckquorum"), (sentinels, "sentinels") })
        {
            if (reply.IsErrorOf("NOPERM"u8))
            {
                notes.Add($"SENTINEL {command.ToUpperInvariant()} was refused (grant +sentinel|{command}): {RedisRefusals.Said(reply, config)}");
            }
        }

        return new SentinelView
        {
            MasterName = name,
            Master = WatchedNode.Read(master),
            NoMaster = WatchedNode.Read(master) is null ? $"no address is told for master {name}" : null,
            Sentinels = WatchedNode.ReadAll(sentinels),
            NoQuorum = quorum.IsErrorOf("NOQUORUM"u8) ? RedisRefusals.Said(quorum, config) : null,
        };
    }

    /// <summary>REPLICAS came with 5.0.</summary>
    private static async ValueTask<IReadOnlyList<WatchedNode>> OldReplicasAsync(
        ProbeRun run, RespLink link, string name, List<string> notes, CancellationToken cancellationToken)
    {
        using var request = new RespRequest().Add("SENTINEL", "SLAVES", name);
        var asked = await link.AskAsync(run, request, cancellationToken);
        if (asked.Value is { CutShort: null } answers && !answers[0].IsError)
        {
            return WatchedNode.ReadAll(answers[0]);
        }

        notes.Add("SENTINEL REPLICAS was refused, so that replicas are not checked (grant +sentinel|replicas)");
        return [];
    }

    private static string Listed(List<string> names) => string.Join(", ", names.Take(10));
}
