using System.Net;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Cassandra;

/// <summary>The ring as one node tells it.</summary>
internal sealed class RingView
{
    public const string LocalQuery = "SELECT * FROM system.local WHERE key='local'";
    public const string PeersQuery = "SELECT peer, data_center, rack, native_address, native_port, release_version, schema_version, host_id FROM system.peers_v2";
    public const string OldPeersQuery = "SELECT peer, data_center, rack, rpc_address, release_version, schema_version, host_id FROM system.peers";
    public const string ScyllaStatusQuery = "SELECT peer, up, status, host_id FROM system.cluster_status";
    public const string GossipQuery = "SELECT address, status, status_with_port, rpc_ready FROM system_views.gossip_info";

    private readonly List<Member> _peers = [];
    private readonly List<MemberStatus> _statuses = [];
    private readonly List<string> _notes = [];

    private RingView()
    {
    }

    public string ClusterName { get; private set; } = "";

    /// <summary>The node that was asked. Its address is the one it tells others; it may not be the one it was reached at.</summary>
    public Member Local { get; private set; } = null!;

    /// <summary>COMPLETED, IN_PROGRESS, NEEDS_BOOTSTRAP, DECOMMISSIONED; null where it is not told.</summary>
    public string? Bootstrapped { get; private set; }

    public IReadOnlyList<Member> Peers => _peers;

    /// <summary>What the ring says of its members' state; also of nodes that are not members yet.</summary>
    public IReadOnlyList<MemberStatus> Statuses => _statuses;

    public IReadOnlyList<string> Notes => _notes;

    public static async ValueTask<Outcome<RingView>> ReadAsync(CqlSession session, ProbeRun run, CancellationToken cancellationToken)
    {
        var view = new RingView();
        var hasNewPeers = true;
        run.WaitingFor = "an answer to the queries of system.local and system.peers";
        var fault = await session.AskAsync(
            session.IsScylla ? [LocalQuery, OldPeersQuery, ScyllaStatusQuery] : [LocalQuery, PeersQuery, GossipQuery],
            (query, frame) => query switch
            {
                0 => view.TakeLocal(frame),
                1 => view.TakePeers(frame, ref hasNewPeers),
                _ => view.TakeStatuses(frame, session.IsScylla),
            },
            cancellationToken);
        if (fault is null && !hasNewPeers)
        {
            // Cassandra 3 and what took after it: no ports, so all have that of the contact point.
            hasNewPeers = true;
            fault = await session.AskAsync([OldPeersQuery], (_, frame) => view.TakePeers(frame, ref hasNewPeers), cancellationToken);
            fault ??= hasNewPeers ? null : WireFault.Protocol("the server has neither system.peers_v2 nor system.peers");
        }

        return fault is null ? view : fault;
    }

    /// <summary>Who a node is: only its own row is asked for.</summary>
    public static async ValueTask<Outcome<RingView>> ReadLocalAsync(CqlSession session, ProbeRun run, CancellationToken cancellationToken)
    {
        var view = new RingView();
        run.WaitingFor = "an answer to the query of system.local";
        var fault = await session.AskAsync([LocalQuery], (_, frame) => view.TakeLocal(frame), cancellationToken);
        return fault is null ? view : fault;
    }

    private static WireFault? Problem(CqlFrame frame, string table) =>
        frame.Opcode == CqlOpcode.Result ? null
        : frame.Opcode == CqlOpcode.Error && CqlError.Read(frame.Message.Span) is { } error ? error.ToFault($"the query of {table}", [])
        : WireFault.Protocol($"the query of {table} was answered with something else than rows");

    private static WireFault Unreadable(string table) => WireFault.Protocol($"the rows of {table} are not well-formed");

    private WireFault? TakeLocal(CqlFrame frame)
    {
        if (Problem(frame, "system.local") is { } problem)
        {
            return problem;
        }

        if (CqlTable.Read(frame.Message) is not { Rows: > 0 } table)
        {
            return Unreadable("system.local");
        }

        ClusterName = table.Text(0, "cluster_name") ?? "";
        Bootstrapped = table.Text(0, "bootstrapped");
        var native = table.Address(0, "rpc_address");
        var gossip = table.Address(0, "broadcast_address") ?? table.Address(0, "listen_address") ?? native;
        Local = new Member(
            table.Uuid(0, "host_id") ?? Guid.Empty, gossip, IsNowhere(native) ? gossip : native, table.Int(0, "rpc_port"),
            table.Text(0, "data_center") ?? "", table.Text(0, "release_version"), table.Uuid(0, "schema_version"));
        return null;
    }

    private WireFault? TakePeers(CqlFrame frame, ref bool exists)
    {
        if (frame.Opcode == CqlOpcode.Error && CqlError.Read(frame.Message.Span) is { Code: CqlError.Invalid })
        {
            exists = false;
            return null;
        }

        if (Problem(frame, "system.peers") is { } problem)
        {
            return problem;
        }

        if (CqlTable.Read(frame.Message) is not { } table)
        {
            return Unreadable("system.peers");
        }

        for (var row = 0; row < table.Rows; row++)
        {
            // A row without these is what is left of a node that went away.
            var peer = table.Address(row, "peer");
            var native = table.Address(row, "native_address") ?? table.Address(row, "rpc_address");
            if (peer is not null && native is not null && table.Uuid(row, "host_id") is { } host && table.Text(row, "data_center") is { } datacenter
                && table.Text(row, "rack") is not null)
            {
                _peers.Add(new Member(
                    host, peer, IsNowhere(native) ? peer : native, table.Int(row, "native_port"), datacenter, table.Text(row, "release_version"), table.Uuid(row, "schema_version")));
            }
        }

        return null;
    }

    /// <summary>More than the ring needs: where it is absent or forbidden, the rest is still worth telling.</summary>
    private WireFault? TakeStatuses(CqlFrame frame, bool isScylla)
    {
        var name = isScylla ? "system.cluster_status" : "system_views.gossip_info";
        if (frame.Opcode == CqlOpcode.Error && CqlError.Read(frame.Message.Span) is { Code: CqlError.Unauthorized })
        {
            _notes.Add($"joining and leaving nodes cannot be told: the user may not read {name}");
            return null;
        }

        if (frame.Opcode != CqlOpcode.Result || CqlTable.Read(frame.Message) is not { } table)
        {
            return null;
        }

        for (var row = 0; row < table.Rows; row++)
        {
            if (table.Address(row, isScylla ? "peer" : "address") is { } address)
            {
                var status = isScylla ? table.Text(row, "status") : table.Text(row, "status_with_port") ?? table.Text(row, "status");
                _statuses.Add(new MemberStatus(
                    address, status is null ? "" : status.Split(',', 2)[0].ToUpperInvariant(), isScylla ? table.Truth(row, "up") : null, !isScylla && table.Text(row, "rpc_ready") == "false"));
            }
        }

        return null;
    }

    private static bool IsNowhere(IPAddress? address) => address is null || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);
}

/// <summary>One row of the ring.</summary>
/// <param name="Gossip">Where the other nodes reach it.</param>
/// <param name="Native">Where clients reach it; null where it is not told.</param>
/// <param name="Port">Null before Cassandra 4.</param>
internal sealed record Member(Guid Host, IPAddress? Gossip, IPAddress? Native, int? Port, string Datacenter, string? Version, Guid? Schema);

/// <summary>What the ring says of one node.</summary>
/// <param name="Status">NORMAL, BOOT, LEAVING, SHUTDOWN …; "" where it is not told.</param>
/// <param name="IsUp">Null where it is not told: Cassandra keeps that to itself.</param>
/// <param name="ServesNoClients">It said so itself: drained, or its native transport is switched off.</param>
internal sealed record MemberStatus(IPAddress Gossip, string Status, bool? IsUp, bool ServesNoClients);
