using System.Text.Json;
using Monitor.Core.Configs;
using Monitor.Core.Configs.Cassandra;
using Monitor.Core.Probing;
using Monitor.Core.Schemas;
using Monitor.Core.Text;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Cassandra;

/// <summary>
/// Asks the contact points, one after the other, for the ring; then every node of it over its native port, whether it serves; beside that, on the first
/// connection, the user's own query.
/// </summary>
public sealed class CassandraProber(Dialer dialer, TimeProvider time) : IProber
{
    /// <summary>Of the time: for a contact point to tell the ring. The rest is for the other nodes.</summary>
    private const double RingShare = 0.7;

    private const double QueryShare = 0.9;

    public string Type => "cassandra";

    public LocalizedText Name { get; } = new("Cassandra", "Cassandra");

    public ObjectSchema Schema => CassandraConfig.Schema;

    public ConfigReading Read(JsonElement config) => CassandraConfig.Read(config);

    public async ValueTask<ProbeResult> ProbeAsync(ProbeRequest request, CancellationToken cancellationToken)
    {
        var config = (CassandraConfig)request.Config;
        var memory = CassandraMemory.Read(request.Memory.Span);
        var told = new Told();
        try
        {
            var result = await new ProbeRun(time, request.Timeout).GuardAsync((run, token) => StepsAsync(run, config, memory, told, token), cancellationToken);
            return result.Memory is { } next && next.Span.SequenceEqual(request.Memory.Span) ? result with { Memory = null } : result;
        }
        finally
        {
            if (told.Session is { } session)
            {
                await session.DisposeAsync();
            }
        }
    }

    private async ValueTask<ProbeResult> StepsAsync(ProbeRun run, CassandraConfig config, CassandraMemory memory, Told told, CancellationToken cancellationToken)
    {
        run.WaitingFor = "an answer of a contact point";
        var version = memory.Protocol == 0 ? CqlVersions.First : memory.Protocol;
        var reports = await NodeRounds.AskAnyAsync(
            run, config.ContactPoints, RingShare, (own, node, token) => TellAsync(own, node, config, version, told, token), cancellationToken);
        if (told.Session is not { } session)
        {
            return Unanswered(run, reports);
        }

        var took = run.Elapsed;
        run.TakeOver(told.Run!);
        run.WaitingFor = "the answers of the other nodes";
        var ring = told.Ring!;
        var failed = reports.Where(report => report.Fault is not null).Select(report => KeyValuePair.Create(report.Node, report.Fault!));
        var round = new CassandraRound(dialer, config, memory, ring, session.Version, told.Node!, failed);
        var asking = round.RunAsync(run, cancellationToken).AsTask();
        var querying = QueryAsync(run, config, session, cancellationToken);
        await Task.WhenAll(asking, querying);
        var (fault, until) = await querying;
        return Verdict(run, new RingJudge(config, ring, round), fault) with
        {
            // How fast the cluster answered, not how long a silent node was waited for.
            Latency = until ?? took,
            Memory = Remember(session.Version, round).Write(),
        };
    }

    /// <summary>Gets the ring from one contact point. The first that has told it keeps its connection, for the query.</summary>
    private async ValueTask<Outcome<RingView>> TellAsync(
        ProbeRun run, NodeAddress node, CassandraConfig config, int version, Told told, CancellationToken cancellationToken)
    {
        var opened = await CqlSession.OpenAsync(dialer, run, node, config, version, cancellationToken);
        if (opened.Fault is { } fault)
        {
            return fault;
        }

        var session = opened.Value!;
        var isKept = false;
        try
        {
            var ring = await RingView.ReadAsync(session, run, cancellationToken);
            if (ring.Value is not null)
            {
                session.Finish();
                isKept = told.Take(node, session, ring.Value, run);
            }

            return ring;
        }
        finally
        {
            if (!isKept)
            {
                await session.DisposeAsync();
            }
        }
    }

    /// <returns>No fault when there is no query, or when it went well; and when it ended.</returns>
    private async Task<(WireFault? Fault, TimeSpan? Until)> QueryAsync(ProbeRun run, CassandraConfig config, CqlSession session, CancellationToken cancellationToken)
    {
        if (config.Query is not { } query)
        {
            return (null, null);
        }

        var patience = run.Left * QueryShare;
        var part = new ProbeRun(time, patience) { WaitingFor = "an answer to the query", Address = run.Address };
        using var end = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, end.Token);
        var outcome = await part.GuardAsync((_, token) => session.QueryAsync(query, config.Consistency, token), either.Token);
        cancellationToken.ThrowIfCancellationRequested();
        return (outcome.Fault, run.Elapsed);
    }

    private static ProbeResult Verdict(ProbeRun run, RingJudge judge, WireFault? query)
    {
        var metrics = judge.Metrics();
        var failure = judge.Failure();
        if (failure is { Stage: null })
        {
            return run.Failed(failure, metrics);
        }

        if (failure is not null || query is not null)
        {
            var both = failure is null ? query! : query is null ? failure : failure with { Message = $"{failure.Message}; {RingNode.Words(query)}" };
            return run.Failed(both, metrics) with { Notes = judge.Notes() };
        }

        judge.Warn(run.Warnings);
        return ProbeResult.Ok(run.Metrics(metrics), run.Warnings, judge.Notes());
    }

    /// <summary>No contact point has told the ring. What tells most comes first: a refused login says more than another node's closed port.</summary>
    private static ProbeResult Unanswered(ProbeRun run, IReadOnlyList<NodeReport<RingView>> reports)
    {
        var faults = reports.Where(report => report.Fault is not null).OrderByDescending(report => Depth(report.Fault!.Stage)).ToArray();
        run.TakeOver(faults[0].Run);
        if (faults.Length == 1)
        {
            return run.Failed(faults[0].Fault!);
        }

        var all = string.Join("; ", faults.Take(10).Select(report => $"{report.Node}: {(report.Fault!.Stage == faults[0].Fault!.Stage ? report.Fault.Message : RingNode.Words(report.Fault))}"));
        return run.Failed(new WireFault(faults[0].Fault!.Stage, $"no contact point answers as it should: {all}"));
    }

    private static int Depth(FailureStage? stage) => stage switch
    {
        FailureStage.Authentication => 6,
        FailureStage.Protocol => 5,
        FailureStage.Tls => 4,
        FailureStage.Timeout => 3,
        FailureStage.Connect => 2,
        null => 0,
        _ => 1,
    };

    private static CassandraMemory Remember(int protocol, CassandraRound round) => new(
        protocol,
        round.Nodes.Where(node => node.WasReached || node.State == NodeState.Up).Select(node => node.Member.Host).ToHashSet(),
        round.Contacts.Where(contact => contact.Nodes is [var node] && !node.Address.Equals(contact.Address) && node.Member.Host != Guid.Empty)
            .ToDictionary(contact => contact.Address.ToString(), contact => contact.Nodes[0].Member.Host, StringComparer.Ordinal));

    /// <summary>Who told the ring, whichever contact points were asked side by side.</summary>
    private sealed class Told
    {
        private CqlSession? _session;

        public CqlSession? Session => _session;
        public NodeAddress? Node { get; private set; }
        public RingView? Ring { get; private set; }
        public ProbeRun? Run { get; private set; }

        public bool Take(NodeAddress node, CqlSession session, RingView ring, ProbeRun run)
        {
            if (Interlocked.CompareExchange(ref _session, session, null) is not null)
            {
                return false;
            }

            (Node, Ring, Run) = (node, ring, run);
            return true;
        }
    }
}
