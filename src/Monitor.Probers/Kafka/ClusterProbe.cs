using Monitor.Core.Configs;
using Monitor.Core.Configs.Kafka;
using Monitor.Core.Probing;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Kafka;

/// <summary>
/// Judges a cluster. The metadata names brokers that have just died, says nothing of addresses that lead nowhere, and is what was last heard where the
/// controllers are gone: so every broker is asked itself, and beside them the controllers.
/// </summary>
public sealed class ClusterProbe(ProbeRun run, BrokerDoor door, KafkaConfig config, Seed seed, Findings findings)
{
    private const double Share = 0.85;

    public async ValueTask<ProbeResult> RunAsync(CancellationToken cancellationToken)
    {
        var cluster = seed.Cluster;
        if (KafkaProber.TopicFault(config, cluster) is { } fault)
        {
            return run.Failed(fault);
        }

        run.WaitingFor = "an answer of every broker";
        var others = cluster.Brokers.Values.Where(place => !seed.Link.Leads(place)).Distinct().ToArray();
        var meeting = NodeRounds.AskAllAsync(run, others, Share, MeetAsync, cancellationToken);
        var controller = NodeRounds.AskAllAsync(run, [seed.Link.Place], Share, AskQuorumAsync, cancellationToken);
        var reports = await meeting;
        Controller((await controller)[0]);
        var unreached = Unreached(reports);
        if (unreached.Count == cluster.Brokers.Count && unreached.Count > 0)
        {
            var each = reports.Select(report => (report.Node.ToString(), report.Fault!)).ToArray();
            return run.Failed(Faults.About("no broker can be reached at the address it advertises", Faults.Together("all of them", each)));
        }

        findings.Metrics.Add(new Metric("partitions", cluster.Topics.Sum(topic => topic.Partitions.Count)));
        if (cluster.Topics.Count == 0)
        {
            findings.Notes.Add("no topic is seen: there is none, or Describe is granted on none");
        }

        ClusterJudge.Judge(config, cluster, unreached, cluster.Topics, findings);
        return KafkaProber.Verdict(run, findings);
    }

    private Dictionary<int, string> Unreached(IReadOnlyList<NodeReport<BrokerLink>> reports)
    {
        var unreached = new Dictionary<int, string>();
        foreach (var report in reports)
        {
            run.Warnings.AddRange(report.Run.Warnings.Except(run.Warnings, StringComparer.Ordinal).ToArray());
            if (report.Fault is { Stage: null } own)
            {
                findings.Notes.Add($"broker at {report.Node} was not asked: {own.Message}");
            }

            foreach (var broker in seed.Cluster.Brokers.Where(broker => report.Fault is { Stage: not null } && broker.Value == report.Node))
            {
                unreached[broker.Key] = Faults.Worded(report.Fault!);
            }
        }

        return unreached;
    }

    private async ValueTask<Outcome<BrokerLink>> MeetAsync(ProbeRun part, NodeAddress place, CancellationToken cancellationToken) =>
        await door.OpenAsync(part, place, asks: true, cancellationToken);

    /// <summary>Over the connection that is there. Brokers before KRaft do not offer it: theirs is in the metadata.</summary>
    private async ValueTask<Outcome<QuorumAnswer>> AskQuorumAsync(ProbeRun part, NodeAddress place, CancellationToken cancellationToken)
    {
        if (seed.Link.Apis.Version(KafkaApi.DescribeQuorum, 0, 0) is null)
        {
            return new QuorumAnswer(KafkaError.None, seed.Cluster.ControllerId);
        }

        using var request = new RequestWriter();
        QuorumAnswer.Ask(request);
        if (await seed.Link.ExchangeAsync(part, request, cancellationToken) is { } fault)
        {
            return fault;
        }

        return QuorumAnswer.Read(seed.Link.Answer(0)) is { } answer ? answer : seed.Link.Malformed(KafkaApi.DescribeQuorum);
    }

    private void Controller(NodeReport<QuorumAnswer> report)
    {
        if (report.Fault is { Stage: FailureStage.Timeout })
        {
            // A broker passes this question on to the controller; without one it never answers.
            findings.Failures.Add($"no controller: {seed.Link.Place} got no answer of one in {ProbeRun.Text(Math.Round(report.Run.Elapsed.TotalSeconds, 1))} s");
        }
        else if (report.Fault is { } fault)
        {
            findings.Notes.Add($"the controllers could not be asked for: {Faults.Worded(fault)}");
        }
        else if (report.Answer!.Error == KafkaError.ClusterAuthorizationFailed)
        {
            findings.Notes.Add("the controllers are not seen: Describe on the cluster is not granted");
        }
        else if (report.Answer.Error != KafkaError.None)
        {
            findings.Notes.Add($"the controllers could not be asked for: {KafkaError.Words(report.Answer.Error)}");
        }
        else if (report.Answer.Leader < 0 && seed.Cluster.ControllerId >= 0)
        {
            findings.Failures.Add("the cluster has no controller");
        }
    }
}
