using System.Globalization;
using Monitor.Core.Configs.Cassandra;
using Monitor.Core.Probing;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Cassandra;

/// <summary>What the answers of a ring's nodes come to. Pure.</summary>
internal sealed class RingJudge(CassandraConfig config, RingView ring, CassandraRound round)
{
    private const int MaxNamed = 10;

    private readonly IReadOnlyList<RingNode> _nodes = round.Nodes;
    private readonly RingNode[] _down = [.. round.Nodes.Where(node => node.IsDown)];
    private readonly RingNode[] _unreachable = [.. round.Nodes.Where(node => node.IsUnreachable)];
    private readonly int _up = round.Nodes.Count(node => node.IsUp);

    public IReadOnlyList<Metric> Metrics()
    {
        var datacenters = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var node in _nodes)
        {
            datacenters[node.Member.Datacenter] = datacenters.GetValueOrDefault(node.Member.Datacenter) + 1;
        }

        IReadOnlyList<string> down = [.. _down.Select(node => node.Label), .. Lost().Select(contact => contact.Address.ToString())];
        IReadOnlyList<string> unreachable = [.. _unreachable.Select(node => node.Label)];
        return
        [
            new Metric("cluster_name", ring.ClusterName),
            new Metric("version", ring.Local.Version ?? ""),
            new Metric("nodes", _nodes.Count),
            new Metric("nodes_up", _up),
            new Metric("nodes_down", MetricValue.Of(down)),
            new Metric("nodes_unreachable", MetricValue.Of(unreachable)),
            new Metric("datacenters", MetricValue.Of(datacenters)),
            new Metric("schema_versions", Present().Where(node => node.Member.Schema is not null).Select(node => node.Member.Schema).Distinct().Count()),
        ];
    }

    /// <summary>What is broken; a fault without a stage where this monitor itself could not see enough to tell.</summary>
    public WireFault? Failure()
    {
        var broken = new List<string>();
        if (TooFew(out var unknown) is { } few)
        {
            if (unknown is not null)
            {
                return WireFault.Own(unknown);
            }

            broken.Add(few);
        }

        if (config.ExpectVersion is { } expected)
        {
            var others = Present().Where(node => node.Member.Version is { } version && !Matches(version, expected)).GroupBy(node => node.Member.Version, StringComparer.Ordinal);
            broken.AddRange(others.Select(group => $"version {group.Key} != expect_version {expected} ({Names(group)})"));
        }

        return broken.Count > 0 ? new WireFault(FailureStage.Assertion, string.Join("; ", broken)) : null;
    }

    public void Warn(List<string> warnings)
    {
        if (_down.Length > 0)
        {
            warnings.Add(Number($"{_down.Length} of {_nodes.Count} nodes down: {Described(_down)}"));
        }

        warnings.AddRange(Lost().Select(contact => $"contact point {contact.Address} is down: {RingNode.Words(contact.Fault!)}"));
        warnings.AddRange(round.Contacts.Where(contact => contact.Stranger is not null)
            .Select(contact => $"contact point {contact.Address} is not in this ring: cluster {WireText.Snippet(contact.Stranger!, [])} answers there"));
        WarnOfDifference(warnings, "schema disagreement", "schemas", node => node.Member.Schema?.ToString());
        WarnOfDifference(warnings, "mixed versions", "versions", node => node.Member.Version);
        warnings.AddRange(_nodes.Where(node => node.Trouble is not null).Select(node => $"{node.Label} {node.Trouble}"));
        warnings.AddRange(_nodes.Where(node => node.State == NodeState.Up && node.Status is { IsUp: false }).Select(node => $"{node.Label} answers, but its ring says that it is down"));
        WarnOfMoves(warnings);
        warnings.AddRange(round.Warnings.Except(warnings, StringComparer.Ordinal).ToArray());
    }

    public IReadOnlyList<string> Notes()
    {
        var notes = new List<string>(ring.Notes);
        if (_unreachable.Length > 0)
        {
            notes.Add($"never reached from here, so not judged: {Described(_unreachable)}");
        }

        notes.AddRange(round.Contacts.Where(contact => contact is { Nodes.Count: 0, Fault.Stage: null, Fault: not null })
            .Select(contact => $"contact point {contact.Address} could not be asked: {contact.Fault!.Message}"));
        var notAsked = _nodes.Count(node => node.State == NodeState.NotAsked);
        if (notAsked > round.LeftOut)
        {
            notes.Add(Number($"{notAsked - round.LeftOut} of {_nodes.Count} nodes were not asked (check_peers is false)"));
        }

        if (round.LeftOut > 0)
        {
            notes.Add(Number($"{round.LeftOut} of {_nodes.Count} nodes were not asked: more than {CassandraRound.MaxAsked} are not in one probe"));
        }

        return notes;
    }

    /// <summary>Whose schema and version count: a node that is down keeps the ones it had.</summary>
    private IEnumerable<RingNode> Present() => _nodes.Where(node => !node.IsDown);

    private IEnumerable<ContactPoint> Lost() => round.Contacts.Where(contact => contact.IsLost);

    /// <param name="unknown">Why it cannot be told from here, where our own trouble may be all there is to it.</param>
    private string? TooFew(out string? unknown)
    {
        var reached = _nodes.Count(node => node.State == NodeState.Up || (node.WasReached && node.State == NodeState.Silent));
        var least = config.MinNodesUp ?? ((reached / 2) + 1);
        var own = _nodes.Where(node => node.State == NodeState.Unknown && node.IsUnreachable).ToArray();
        unknown = own.Length > 0 && _up + own.Length >= least ? $"this monitor could not ask enough nodes: {Described(own)}" : null;
        if (_up >= least)
        {
            return null;
        }

        var why = config.MinNodesUp is null ? $" (a majority of the {reached} ever reached from here)" : "";
        var parts = new[]
        {
            _down.Length > 0 ? $"down: {Described(_down)}" : null,
            _unreachable.Length > 0 ? $"never reached from here: {Described(_unreachable)}" : null,
        };
        return string.Join("; ", [Number($"{_up} of {_nodes.Count} nodes up < min_nodes_up {least}{why}"), .. parts.OfType<string>()]);
    }

    private void WarnOfDifference(List<string> warnings, string what, string plural, Func<RingNode, string?> of)
    {
        var groups = Present().Where(node => of(node) is not null).GroupBy(of, StringComparer.Ordinal).ToArray();
        if (groups.Length > 1)
        {
            warnings.Add(Number($"{what}: {groups.Length} {plural}: {string.Join("; ", groups.Take(MaxNamed).Select(group => $"{group.Key} ({Names(group)})"))}"));
        }
    }

    /// <summary>Nodes on their way into the ring or out of it; a joining one is no member yet.</summary>
    private void WarnOfMoves(List<string> warnings)
    {
        foreach (var status in ring.Statuses)
        {
            if (Move(status.Status) is { } move)
            {
                var node = _nodes.FirstOrDefault(node => status.Gossip.Equals(node.Member.Gossip));
                warnings.Add($"{node?.Label ?? status.Gossip.ToString()} is {move}");
            }
        }

        var own = ring.Bootstrapped?.ToUpperInvariant() switch
        {
            "IN_PROGRESS" => "joining",
            "DECOMMISSIONED" => "decommissioned",
            _ => null,
        };
        var said = own is null ? null : $"{_nodes[0].Label} is {own}";
        if (said is not null && !warnings.Contains(said, StringComparer.Ordinal))
        {
            warnings.Add(said);
        }
    }

    private static string? Move(string status) => status switch
    {
        "BOOT" or "BOOT_REPLACE" or "BOOTSTRAPPING" or "JOINING" or "REPLACING" or "HIBERNATE" => "joining",
        "LEAVING" or "DECOMMISSIONING" => "leaving",
        "MOVING" => "moving",
        "REMOVING" => "being removed",
        _ => null,
    };

    private static bool Matches(string version, string expected) =>
        version.StartsWith(expected, StringComparison.Ordinal) && (version.Length == expected.Length || !char.IsAsciiDigit(version[expected.Length]) || !char.IsAsciiDigit(expected[^1]));

    private static string Described(RingNode[] nodes) => Listed(nodes.Select(node => node.Described()), nodes.Length);

    private static string Names(IEnumerable<RingNode> nodes)
    {
        var all = nodes.ToArray();
        return Listed(all.Select(node => node.Label), all.Length);
    }

    private static string Listed(IEnumerable<string> texts, int count) =>
        string.Join(", ", texts.Take(MaxNamed)) + (count > MaxNamed ? Number($" and {count - MaxNamed} more") : "");

    private static string Number(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
