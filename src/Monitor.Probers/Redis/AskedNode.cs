using Monitor.Core.Configs;
using Monitor.Core.Probing;
using Monitor.Core.Text;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Redis;

/// <summary>One node that was asked, and what it came to.</summary>
/// <param name="IsContactPoint">Named in the config: when it does not answer, that is told whatever else is known.</param>
/// <param name="Fault">Why there is no <paramref name="Answer"/>.</param>
/// <param name="Warnings">Of its certificate.</param>
internal sealed record AskedNode(NodeAddress Address, bool IsContactPoint, NodeAnswer? Answer, WireFault? Fault, IReadOnlyList<string> Warnings)
{
    /// <summary>It answered PING with PONG.</summary>
    public bool IsReady => Answer is { NotReady: null };

    /// <summary>Why it is not ready, its stage first: <c>connect: connection refused (10.0.0.1:6379)</c>; empty when it is.</summary>
    public string Trouble => Fault is { } fault ? Text(fault) : Answer?.NotReady is { } said ? $"PING was answered with {said}" : "";

    public static AskedNode Of(NodeReport<NodeAnswer> report, bool isContactPoint) => new(report.Node, isContactPoint, report.Answer, report.Fault, report.Run.Warnings);

    /// <summary>When none of several could be asked: the stage that says most, and each by name. Our own trouble only when it was so for all.</summary>
    public static WireFault Together(IReadOnlyList<AskedNode> nodes, string whole)
    {
        if (nodes.Count == 1)
        {
            return nodes[0].Fault!;
        }

        var each = Lists.Some(nodes.Select(node => $"{node.Address}: {node.Trouble}"), "; ");
        var faults = nodes.Where(node => node.Fault?.Stage is not null).Select(node => node.Fault!.Stage!.Value).ToArray();
        if (faults.Length == 0)
        {
            return WireFault.Own(each);
        }

        // A refused login stays refused at the next node: it is what has to be repaired first.
        var stage = faults.Contains(FailureStage.Authentication) ? FailureStage.Authentication : faults[0];
        return new WireFault(stage, $"{whole}: {each}");
    }

    private static string Text(WireFault fault) => fault.Stage is { } stage ? $"{stage.Name()}: {fault.Message}" : fault.Message;
}

/// <summary>Lists in messages.</summary>
internal static class Lists
{
    private const int Most = 10;

    /// <summary>The first ten, and how many more there are.</summary>
    public static string Some(IEnumerable<string> items, string between = ", ")
    {
        var all = items.ToArray();
        return all.Length <= Most ? string.Join(between, all) : $"{string.Join(between, all.Take(Most))}{between}and {all.Length - Most} more";
    }
}
