using Monitor.Core.Probing;

namespace Monitor.Gateway.Web.Targets;

/// <summary>The nodes of a cluster, up and down, from the metrics that name them: <c>nodes</c>, <c>nodes_up</c>, <c>nodes_down</c>, <c>nodes_unreachable</c>.</summary>
public static class NodeMap
{
    private const int MaxNodes = 200;

    private static readonly string[] Lists = ["nodes_down", "nodes_unreachable"];

    /// <summary>Null where the metrics are not of a cluster.</summary>
    public static IReadOnlyList<NodeMark>? Of(IReadOnlyList<Metric> metrics)
    {
        var byName = metrics.ToDictionary(metric => metric.Name, metric => metric.Value, StringComparer.Ordinal);
        if (!byName.TryGetValue("nodes", out var nodes) || nodes.Number is not > 0)
        {
            return null;
        }

        IReadOnlyList<string> down = byName.TryGetValue("nodes_down", out var names) ? names.List ?? [] : [];
        IReadOnlyList<string> unreachable = byName.TryGetValue("nodes_unreachable", out names) ? names.List ?? [] : [];
        var all = (int)Math.Min(nodes.Number.Value, MaxNodes);
        var up = byName.TryGetValue("nodes_up", out var known) && known.Number is { } number ? (int)number : all - down.Count - unreachable.Count;
        var unnamed = Math.Max(0, all - up - down.Count - unreachable.Count);
        return
        [
            .. down.Select(name => new NodeMark(name, "down")),
            .. Enumerable.Repeat(new NodeMark("", "down"), unnamed),
            .. unreachable.Select(name => new NodeMark(name, "unreachable")),
            .. Enumerable.Repeat(new NodeMark("", "up"), Math.Clamp(up, 0, MaxNodes)),
        ];
    }

    /// <summary>Whether the map shows it already.</summary>
    internal static bool Uses(string metric, bool isMap) => isMap && Lists.Contains(metric);
}

/// <param name="Name">Empty where it has none.</param>
/// <param name="Kind">up, down or unreachable.</param>
public sealed record NodeMark(string Name, string Kind);
