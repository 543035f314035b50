using Monitor.Core.Configs;
using Monitor.Core.Configs.Kafka;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Kafka;

/// <summary>The first broker that answered, and what it said of the cluster.</summary>
/// <param name="MetadataVersion">What it takes.</param>
/// <param name="Coordinator">Of the group; null without one.</param>
public sealed record Seed(BrokerLink Link, short MetadataVersion, ClusterMetadata Cluster, CoordinatorAnswer? Coordinator)
{
    /// <summary>How much of the time a silent bootstrap server may take: the others, coordinator and leaders, have the rest.</summary>
    private const double Share = 0.6;

    /// <summary>Asks the bootstrap servers, one after the other and beside silent ones.</summary>
    public static async ValueTask<Outcome<Seed>> FindAsync(ProbeRun run, BrokerDoor door, KafkaConfig config, Findings findings, CancellationToken cancellationToken)
    {
        if (config.BootstrapServers is [var only])
        {
            // There is nobody to leave time for: the probe's own deadline ends it, and its verdict says which answer did not come.
            return await GreetAsync(run, only, door, config, cancellationToken);
        }

        run.WaitingFor = "an answer of a bootstrap server";
        var reports = await NodeRounds.AskAnyAsync(
            run, config.BootstrapServers, Share, (part, place, token) => GreetAsync(part, place, door, config, token), cancellationToken);
        if (reports[^1].Answer is not { } seed)
        {
            run.TakeOver(reports[^1].Run);
            return Faults.Together("no bootstrap server answers", [.. reports.Select(report => (report.Node.ToString(), report.Fault!))]);
        }

        run.TakeOver(reports[^1].Run);
        findings.Notes.AddRange(reports.SkipLast(1).Select(report => $"bootstrap server {report.Node} did not answer: {Faults.Worded(report.Fault!)}"));
        return seed;
    }

    private static async ValueTask<Outcome<Seed>> GreetAsync(
        ProbeRun run, NodeAddress place, BrokerDoor door, KafkaConfig config, CancellationToken cancellationToken)
    {
        var opened = await door.OpenAsync(run, place, asks: true, cancellationToken);
        if (opened.Fault is { } closed)
        {
            return closed;
        }

        var link = opened.Value!;
        if (link.Apis.Version(KafkaApi.Metadata, ClusterMetadata.Oldest, ClusterMetadata.Newest) is not { } version)
        {
            return link.Apis.Lacks(KafkaApi.Metadata, ClusterMetadata.Newest)!;
        }

        if (config.ConsumerGroup is not null && Missing(link.Apis) is { } lacking)
        {
            return lacking;
        }

        using var requests = new RequestWriter();
        ClusterMetadata.Ask(requests, version, config.ConsumerGroup is null && config.Topics.Count == 0 ? null : config.Topics);
        if (config.ConsumerGroup is { } group)
        {
            CoordinatorAnswer.Ask(requests, group);
        }

        if (await link.ExchangeAsync(run, requests, cancellationToken) is { } fault)
        {
            return door.Unwelcome(link, fault);
        }

        return Read(link, version, config.Topics, config.ConsumerGroup is not null);
    }

    private static Outcome<Seed> Read(BrokerLink link, short version, IReadOnlyList<string> topics, bool withGroup)
    {
        if (ClusterMetadata.Read(link.Answer(0), version) is not { } cluster)
        {
            return link.Malformed(KafkaApi.Metadata);
        }

        var coordinator = withGroup ? CoordinatorAnswer.Read(link.Answer(1)) : null;
        return withGroup && coordinator is null ? link.Malformed(KafkaApi.FindCoordinator) : new Seed(link, version, topics.Count > 0 ? cluster.Only(topics) : cluster, coordinator);
    }

    private static WireFault? Missing(ApiRanges apis) =>
        apis.Lacks(KafkaApi.FindCoordinator, CoordinatorAnswer.Version) ?? apis.Lacks(KafkaApi.OffsetFetch, CommittedOffsets.Version)
        ?? apis.Lacks(KafkaApi.ListOffsets, LogOffsets.Version);
}
