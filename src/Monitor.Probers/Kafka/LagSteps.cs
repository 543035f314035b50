using Monitor.Core.Configs;
using Monitor.Core.Configs.Kafka;
using Monitor.Core.Probing;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Kafka;

/// <summary>Asks the leaders of all partitions, side by side, where their logs begin and end. Where a leader has moved meanwhile or does not answer, newer metadata is asked for, once.</summary>
public sealed class LagSteps(ProbeRun run, BrokerDoor door, KafkaConfig config, Seed seed)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly Dictionary<NodeAddress, WireFault> _unreached = [];

    /// <summary>The metadata that the offsets belong to.</summary>
    public ClusterMetadata Cluster { get; private set; } = seed.Cluster;

    /// <summary>Fills in the partitions. Null when all that could be learned has been; partitions without leader are left unknown.</summary>
    public async ValueTask<WireFault?> AskAsync(IReadOnlyList<PartitionState> partitions, IReadOnlyList<string> topics, CancellationToken cancellationToken)
    {
        await AskLeadersAsync(partitions, 0.5, cancellationToken);
        var moved = partitions.Where(IsUnsettled).ToArray();
        if (moved.Length > 0)
        {
            run.WaitingFor = "the election of new leaders";
            await Task.Delay(Pause, run.Time, cancellationToken);
            var fresh = await AskTopicsAsync(topics, cancellationToken);
            if (fresh.Value is null)
            {
                return fresh.Fault!;
            }

            Lead(moved, fresh.Value);
            _unreached.Clear();
            await AskLeadersAsync(moved, 0.8, cancellationToken);
        }

        return Fault(partitions);
    }

    /// <summary>The metadata of these topics, from any broker that is connected.</summary>
    public async ValueTask<Outcome<ClusterMetadata>> AskTopicsAsync(IReadOnlyList<string> topics, CancellationToken cancellationToken)
    {
        if (door.TakeAny() is not { } link)
        {
            return WireFault.Protocol("no broker is left to ask for the leaders of the partitions");
        }

        using var request = new RequestWriter();
        ClusterMetadata.Ask(request, seed.MetadataVersion, topics);
        if (await link.ExchangeAsync(run, request, cancellationToken) is { } fault)
        {
            return fault;
        }

        var answer = ClusterMetadata.Read(link.Answer(0), seed.MetadataVersion);
        door.GiveBack(link);
        if (answer is null)
        {
            return link.Malformed(KafkaApi.Metadata);
        }

        Cluster = answer.Only(topics);
        return Cluster;
    }

    private static bool IsUnsettled(PartitionState partition) => !partition.IsKnown && (partition.Leader < 0 || partition.Error == KafkaError.None || KafkaError.IsMoved(partition.Error));

    private static void Lead(PartitionState[] partitions, ClusterMetadata cluster)
    {
        var leaders = new Dictionary<(string, int), int>();
        foreach (var topic in cluster.Topics)
        {
            foreach (var partition in topic.Partitions)
            {
                leaders[(topic.Name, partition.Id)] = partition.Leader;
            }
        }

        foreach (var partition in partitions)
        {
            partition.Leader = leaders.GetValueOrDefault((partition.Topic, partition.Id), -1);
            partition.Error = KafkaError.None;
        }
    }

    private async ValueTask AskLeadersAsync(IReadOnlyList<PartitionState> partitions, double share, CancellationToken cancellationToken)
    {
        var byPlace = new Dictionary<NodeAddress, List<PartitionState>>();
        foreach (var partition in partitions)
        {
            if (Cluster.Brokers.TryGetValue(partition.Leader, out var place))
            {
                if (!byPlace.TryGetValue(place, out var led))
                {
                    byPlace[place] = led = [];
                }

                led.Add(partition);
            }
            else
            {
                partition.Leader = -1;
            }
        }

        run.WaitingFor = "the ends of the logs";
        var reports = await NodeRounds.AskAllAsync(run, [.. byPlace.Keys], share, (part, place, token) => AskLeaderAsync(part, place, byPlace[place], token), cancellationToken);
        foreach (var report in reports)
        {
            run.Warnings.AddRange(report.Run.Warnings.Except(run.Warnings, StringComparer.Ordinal).ToArray());
            if (report.Fault is { } fault)
            {
                _unreached[report.Node] = fault;
            }
        }
    }

    private async ValueTask<Outcome<BrokerLink>> AskLeaderAsync(ProbeRun part, NodeAddress place, List<PartitionState> led, CancellationToken cancellationToken)
    {
        var taken = await door.TakeAsync(part, place, asks: false, cancellationToken);
        if (taken.Fault is { } closed)
        {
            return closed;
        }

        var link = taken.Value!;
        using var requests = new RequestWriter();
        LogOffsets.Ask(requests, led, end: true, config.ReadCommitted);
        LogOffsets.Ask(requests, led, end: false, config.ReadCommitted);
        if (config.ReadCommitted)
        {
            LogOffsets.Ask(requests, led, end: true, committed: false);
        }

        if (await link.ExchangeAsync(part, requests, cancellationToken) is { } fault)
        {
            return door.Unwelcome(link, fault);
        }

        for (var i = 0; i < requests.Asked.Count; i++)
        {
            if (LogOffsets.Read(link.Answer(i)) is not { } offsets)
            {
                return link.Malformed(KafkaApi.ListOffsets);
            }

            Take(led, offsets, i);
        }

        door.GiveBack(link);
        return link;
    }

    /// <param name="question">0: the end, 1: the start, 2: the end with open transactions.</param>
    private static void Take(List<PartitionState> led, IReadOnlyList<TopicOffsets> answers, int question)
    {
        foreach (var topic in answers)
        {
            foreach (var answer in topic.Partitions)
            {
                if (Find(led, topic.Name, answer.Id) is not { } partition)
                {
                    continue;
                }

                if (answer.Error != KafkaError.None)
                {
                    partition.Error = answer.Error;
                }
                else if (question == 1)
                {
                    partition.Start = answer.Offset;
                }
                else
                {
                    partition.HighWatermark = answer.Offset;
                    partition.End = question == 0 ? answer.Offset : partition.End;
                }
            }
        }
    }

    /// <summary>They are sorted.</summary>
    private static PartitionState? Find(List<PartitionState> led, string topic, int id)
    {
        var (low, high) = (0, led.Count - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var order = string.CompareOrdinal(led[middle].Topic, topic);
            order = order != 0 ? order : led[middle].Id.CompareTo(id);
            if (order == 0)
            {
                return led[middle];
            }

            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }

        return null;
    }

    /// <summary>Why not all could be learned, if it is not for want of a leader: that one is judged with the cluster.</summary>
    private WireFault? Fault(IReadOnlyList<PartitionState> partitions)
    {
        var unknown = partitions.Where(partition => !partition.IsKnown && partition.Leader >= 0 && partition.Error != KafkaError.UnknownTopicOrPartition).ToArray();
        if (unknown.FirstOrDefault(partition => partition.Error == KafkaError.TopicAuthorizationFailed) is { } hidden)
        {
            return new WireFault(FailureStage.Authentication, $"not allowed to see topic {hidden.Topic}: Describe on it is not granted to {config.Login?.Username ?? "this user"} (TOPIC_AUTHORIZATION_FAILED)");
        }

        if (_unreached.Count > 0)
        {
            return Faults.Together("leaders do not answer", [.. _unreached.Select(one => ("", Faults.About(Leads(one.Key, unknown), one.Value)))]);
        }

        var named = Findings.List(unknown, partition => $"{partition}: {(partition.Error == KafkaError.None ? "no answer for it" : KafkaError.Words(partition.Error))}");
        return unknown.Length == 0 ? null : WireFault.Protocol($"the leader did not tell the end of the log ({named})");
    }

    private string Leads(NodeAddress place, PartitionState[] unknown)
    {
        var led = unknown.Where(partition => Cluster.Brokers.GetValueOrDefault(partition.Leader) == place).ToArray();
        var brokers = Cluster.Brokers.Where(broker => broker.Value == place).Select(broker => broker.Key).Order().ToArray();
        return $"broker {string.Join(" and ", brokers)} advertised as {place}, the leader of {Findings.Count(led.Length, "partition")} ({Findings.List(led, partition => partition.ToString())})";
    }
}
