using Monitor.Core.Configs;
using Monitor.Core.Configs.Redis;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Redis;

/// <summary>One connection to one node: login, PING, INFO and what its kind has to tell besides, in as few writes as can be.</summary>
internal sealed class NodeTalk(Dialer dialer, RedisConfig config)
{
    private static readonly string[][] ServerSections = [["INFO", "server"], ["INFO", "clients"], ["INFO", "memory"], ["INFO", "stats"], ["INFO", "replication"]];
    private static readonly string[][] SentinelSections = [["INFO", "server"], ["INFO", "sentinel"]];

    /// <summary>What the node is, or why it could not be asked. Cancellation flows as <see cref="OperationCanceledException"/>.</summary>
    public async ValueTask<Outcome<NodeAnswer>> AskAsync(ProbeRun run, NodeAddress node, NodeKind kind, CancellationToken cancellationToken)
    {
        var opened = await OpenAsync(run, node, cancellationToken);
        if (opened.Fault is { } closed)
        {
            return closed;
        }

        await using var link = new RespLink(opened.Value!, config);
        var password = kind == NodeKind.Sentinel ? config.SentinelPassword : config.Password;
        var username = kind == NodeKind.Sentinel ? null : config.Username;
        var selects = config.Database > 0 && kind is NodeKind.Any or NodeKind.Server;
        using var request = new RespRequest();
        if (password is not null || username is not null)
        {
            _ = username is null ? request.Add("AUTH", password!) : request.Add("AUTH", username, password ?? "");
        }

        if (selects)
        {
            request.Add("SELECT", config.Database.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }

        var ping = request.Count;
        request.Add("PING");
        foreach (var section in kind == NodeKind.Sentinel ? SentinelSections : ServerSections)
        {
            request.Add(section);
        }

        var cluster = request.Count;
        if (kind == NodeKind.ClusterNode)
        {
            request.Add("CLUSTER", "INFO").Add("CLUSTER", "NODES");
        }

        var asked = await link.AskAsync(run, request, cancellationToken);
        return asked.Fault is { } fault ? fault : await ReadAsync(run, link, new FirstBatch(asked.Value!, ping, selects, cluster, kind), cancellationToken);
    }

    private async ValueTask<Outcome<WireLink>> OpenAsync(ProbeRun run, NodeAddress node, CancellationToken cancellationToken)
    {
        try
        {
            return await dialer.OpenAsync(run, node.Host, node.Port, config.IpFamily, config.Tls, cancellationToken);
        }
        catch (OperationCanceledException) when (run.WaitingFor == "the TLS handshake")
        {
            run.WaitingFor = "the TLS handshake (a Redis that speaks plain text on this port stays silent like this)";
            throw;
        }
    }

    private async ValueTask<Outcome<NodeAnswer>> ReadAsync(ProbeRun run, RespLink link, FirstBatch batch, CancellationToken cancellationToken)
    {
        var notes = new List<string>();
        var info = ReadInfo(batch, notes);
        if (RedisRefusals.Before(batch, info, config) is { } refused)
        {
            return refused;
        }

        var ping = batch.Answers[batch.Ping];
        if (RedisRefusals.OfPing(ping, config) is { } fault)
        {
            return fault;
        }

        if (batch.Answers.CutShort is { } cut)
        {
            return cut;
        }

        if (batch.Selects && batch.Answers[batch.Ping - 1] is { IsError: true } select && select.IsErrorOf("NOPERM"u8))
        {
            notes.Add($"SELECT was refused, so that database {config.Database} is not checked (grant +select): {Said(select)}");
        }

        var answer = new NodeAnswer { Info = info, Notes = notes, NotReady = ping.IsError ? Said(ping) : null };
        var (isCluster, isSentinel) = (info.Mode == "cluster", info.Mode == "sentinel");
        if (batch.Kind == NodeKind.ClusterNode && info.Mode is null or "cluster")
        {
            return answer with { Cluster = ReadCluster(batch.Answers, batch.Cluster, notes) };
        }

        if (batch.Kind == NodeKind.Any && isCluster)
        {
            using var more = new RespRequest().Add("CLUSTER", "INFO").Add("CLUSTER", "NODES");
            var told = await link.AskAsync(run, more, cancellationToken);
            return (told.Fault ?? told.Value!.CutShort) is { } silent ? silent : answer with { Cluster = ReadCluster(told.Value!, 0, notes) };
        }

        if (isSentinel && batch.Kind is NodeKind.Any or NodeKind.Sentinel)
        {
            return await new SentinelTalk(config).AskAsync(run, link, answer, notes, cancellationToken);
        }

        return answer;
    }

    private RedisInfo ReadInfo(FirstBatch batch, List<string> notes)
    {
        var info = new RedisInfo();
        var end = batch.Kind == NodeKind.ClusterNode ? batch.Cluster : batch.Answers.Values.Length;
        for (var i = batch.Ping + 1; i < end; i++)
        {
            var section = batch.Answers[i];
            if (section.Kind == RespKind.Text)
            {
                info.Add(section.Bytes);
            }
            else if (section.IsError && !RedisRefusals.IsNotReady(section) && notes.Count == 0)
            {
                notes.Add($"INFO was refused, so that role, memory, clients and replication are not checked (grant +info): {Said(section)}");
            }
        }

        return info;
    }

    private ClusterView ReadCluster(RespAnswers answers, int at, List<string> notes)
    {
        var (info, nodes) = (answers[at], answers[at + 1]);
        var view = ClusterView.Empty;
        view = info.Kind == RespKind.Text ? view.WithInfo(info.Text) : view;
        view = nodes.Kind == RespKind.Text ? view.WithNodes(nodes.Text) : view;
        if (info.IsError && !RedisRefusals.IsNotReady(info))
        {
            notes.Add($"CLUSTER INFO was refused, so that the cluster's state is not checked (grant +cluster|info): {Said(info)}");
        }

        if (nodes.IsError && !RedisRefusals.IsNotReady(nodes))
        {
            notes.Add($"CLUSTER NODES was refused, so that slots and other nodes are not checked (grant +cluster|nodes): {Said(nodes)}");
        }

        return view;
    }

    private string Said(in RespValue error) => RedisRefusals.Said(error, config);
}

/// <summary>Answers to what every node is asked first.</summary>
/// <param name="Ping">Where PING stands; before it the login and SELECT.</param>
/// <param name="Cluster">Where CLUSTER INFO stands, if it was asked for.</param>
internal sealed record FirstBatch(RespAnswers Answers, int Ping, bool Selects, int Cluster, NodeKind Kind);
