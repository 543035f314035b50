using System.Net;
using Monitor.Core.Configs;
using Monitor.Core.Configs.Cassandra;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Cassandra;

/// <summary>After one contact point has told the ring: asks the other nodes, each once, at the address that is most likely to lead to it.</summary>
internal sealed class CassandraRound
{
    /// <summary>More would turn a ring that somebody made up into a scan of a network.</summary>
    public const int MaxAsked = 500;

    private readonly Dialer _dialer;
    private readonly CassandraConfig _config;
    private readonly CassandraMemory _memory;
    private readonly RingView _ring;
    private readonly int _version;
    private readonly List<RingNode> _nodes = [];
    private readonly List<ContactPoint> _contacts;

    /// <param name="coordinator">The contact point that told the ring.</param>
    /// <param name="failed">Those that were asked before it, in vain.</param>
    public CassandraRound(
        Dialer dialer, CassandraConfig config, CassandraMemory memory, RingView ring, int version, NodeAddress coordinator,
        IEnumerable<KeyValuePair<NodeAddress, WireFault>> failed)
    {
        (_dialer, _config, _memory, _ring, _version) = (dialer, config, memory, ring, version);
        _contacts = [.. config.ContactPoints.Select(address => new ContactPoint(address))];
        foreach (var (address, fault) in failed)
        {
            _contacts.First(contact => contact.Address == address).Fault = fault;
        }

        AddMembers(coordinator);
    }

    public IReadOnlyList<RingNode> Nodes => _nodes;

    public IReadOnlyList<ContactPoint> Contacts => _contacts;

    /// <summary>Peers that were left out because there are too many.</summary>
    public int LeftOut { get; private set; }

    /// <summary>Warnings of nodes that were asked, of their certificates.</summary>
    public List<string> Warnings { get; } = [];

    public async ValueTask RunAsync(ProbeRun run, CancellationToken cancellationToken)
    {
        await Task.WhenAll(_contacts.Where(contact => contact.Nodes.Count == 0).Select(contact => PlaceAsync(run, contact, cancellationToken)));
        var (sure, unsure) = Targets();

        // One that never answered gets less time: it would delay every probe of a ring whose other nodes are out of reach from here.
        var shortly = Math.Min(0.8, 2 / Math.Max(run.Left.TotalSeconds, 0.001));
        var both = await Task.WhenAll(
            NodeRounds.AskAllAsync(run, [.. sure.Keys], 0.8, (own, at, token) => AskAsync(own, at, sure[at], token), cancellationToken).AsTask(),
            NodeRounds.AskAllAsync(run, [.. unsure.Keys], shortly, (own, at, token) => AskAsync(own, at, unsure[at], token), cancellationToken).AsTask());
        foreach (var report in both.SelectMany(reports => reports))
        {
            Take(report, sure.GetValueOrDefault(report.Node) ?? unsure[report.Node]);
        }

        // Whatever a contact point stands for is silent: then it is.
        foreach (var contact in _contacts.Where(contact => contact.Nodes.Count > 0 && contact.Nodes.TrueForAll(node => node.State == NodeState.Silent)))
        {
            contact.Nodes.ForEach(node => node.IsContact = true);
        }
    }

    /// <summary>The members with what is known of them; the first is the coordinator, which has answered already.</summary>
    private void AddMembers(NodeAddress coordinator)
    {
        // Where clients with TLS have a port of their own, the ring tells the other one.
        int PortOf(Member member) => _config.Tls is not null && member.Port == _ring.Local.Port ? coordinator.Port : member.Port ?? coordinator.Port;
        var local = _ring.Local with { Native = _ring.Local.Native ?? IPAddress.None };
        var hosts = new HashSet<Guid>();
        foreach (var member in _ring.Peers.Prepend(local))
        {
            var status = _ring.Statuses.FirstOrDefault(status => status.Gossip.Equals(member.Gossip));
            if (hosts.Add(member.Host) && RingNode.Of(member with { Port = PortOf(member) }, coordinator.Port, status, _memory.Reached.Contains(member.Host)) is { } node)
            {
                _nodes.Add(node);
            }
        }

        _nodes[0].Label = coordinator.ToString();
        _nodes[0].Answered(NodeAnswer.Fine);
        _contacts.First(contact => contact.Address == coordinator).Nodes.Add(_nodes[0]);
    }

    /// <summary>Which nodes a contact point stands for, by its addresses.</summary>
    private async Task PlaceAsync(ProbeRun run, ContactPoint contact, CancellationToken cancellationToken)
    {
        var own = new ProbeRun(run.Time, run.Left);
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(Math.Min(1, own.Left.TotalSeconds * 0.3)), run.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, end.Token);
        var resolved = await own.GuardAsync((part, token) => _dialer.ResolveAsync(part, contact.Address.Host, _config.IpFamily, token), either.Token);
        cancellationToken.ThrowIfCancellationRequested();
        foreach (var address in resolved.Value ?? [])
        {
            contact.Nodes.AddRange(_nodes.Where(node => node.IsAt(address, contact.Address.Port) && !contact.Nodes.Contains(node)));
        }

        if (contact.Nodes is [var only])
        {
            only.IsContact = true;
            only.Label = contact.Address.ToString();
            if (contact.Fault is { } fault && only.State != NodeState.Up)
            {
                only.Failed(fault);
            }
        }
    }

    /// <summary>Where to ask: nodes that must answer, and those of which it is not known whether they can be reached.</summary>
    private (Dictionary<NodeAddress, object> Sure, Dictionary<NodeAddress, object> Unsure) Targets()
    {
        var (sure, unsure) = (new Dictionary<NodeAddress, object>(), new Dictionary<NodeAddress, object>());
        var behind = new HashSet<Guid>();
        foreach (var contact in _contacts.Where(contact => contact.Nodes.Count == 0))
        {
            if (_memory.BehindOf(contact.Address) is { } host && _nodes.Find(node => node.Member.Host == host) is { } known)
            {
                behind.Add(host);
                if (contact.Fault is { } fault)
                {
                    Behind(contact, known);
                    known.Failed(fault);
                }
            }

            if (contact.Fault is null)
            {
                sure[contact.Address] = contact;
            }
        }

        foreach (var node in _nodes.Where(node => node.State == NodeState.NotAsked && !behind.Contains(node.Member.Host)))
        {
            if (!_config.CheckPeers && !_contacts.Exists(contact => contact.Nodes.Contains(node)))
            {
                continue;
            }

            if (_dialer.RefusalOfLiteral(node.Address.Host) is { } refusal)
            {
                node.Forbidden(refusal);
            }
            else if (sure.Count + unsure.Count >= MaxAsked)
            {
                LeftOut++;
            }
            else
            {
                (node.IsContact || node.WasReached ? sure : unsure)[node.Address] = node;
            }
        }

        return (sure, unsure);
    }

    private static void Behind(ContactPoint contact, RingNode node)
    {
        contact.Nodes.Add(node);
        node.IsContact = true;
        node.Label = contact.Address.ToString();
    }

    private async ValueTask<Outcome<NodeAnswer>> AskAsync(ProbeRun run, NodeAddress address, object target, CancellationToken cancellationToken) =>
        target is ContactPoint contact
            ? await IdentifyAsync(run, contact, cancellationToken)
            : await CqlSession.GreetAsync(_dialer, run, address, IpFamily.Auto, _config, _version, cancellationToken);

    /// <summary>Asks a contact point that the ring knows by another address who it is.</summary>
    private async ValueTask<Outcome<NodeAnswer>> IdentifyAsync(ProbeRun run, ContactPoint contact, CancellationToken cancellationToken)
    {
        var opened = await CqlSession.OpenAsync(_dialer, run, contact.Address, _config, _version, cancellationToken);
        if (opened.Fault is { } fault)
        {
            return fault;
        }

        await using var session = opened.Value!;
        var read = await RingView.ReadLocalAsync(session, run, cancellationToken);
        if (read.Fault is { } unread)
        {
            return unread;
        }

        session.Finish();
        if (_nodes.Find(node => node.Member.Host == read.Value!.Local.Host) is { } node)
        {
            Behind(contact, node);
        }
        else
        {
            contact.Stranger = read.Value!.ClusterName;
        }

        return NodeAnswer.Fine;
    }

    private void Take(NodeReport<NodeAnswer> report, object target)
    {
        if (target is RingNode asked)
        {
            Judge(asked, report);
            Warnings.AddRange(report.Run.Warnings.Select(warning => $"{asked.Label}: {warning}"));
            return;
        }

        var contact = (ContactPoint)target;
        contact.Fault = report.Fault;
        if (report.Fault is not null && _memory.BehindOf(contact.Address) is { } host && _nodes.Find(node => node.Member.Host == host) is { } known)
        {
            Behind(contact, known);
        }

        contact.Nodes.ForEach(node => Judge(node, report));
        Warnings.AddRange(report.Run.Warnings.Select(warning => $"{contact.Address}: {warning}"));
    }

    private static void Judge(RingNode node, NodeReport<NodeAnswer> report)
    {
        if (report.Answer is { } answer)
        {
            node.Answered(answer);
        }
        else
        {
            node.Failed(report.Fault!);
        }
    }
}
