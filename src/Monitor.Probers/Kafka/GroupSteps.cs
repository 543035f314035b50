using Monitor.Core.Configs;
using Monitor.Core.Configs.Kafka;
using Monitor.Core.Probing;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Kafka;

/// <summary>Asks the coordinator of a group for its members and its committed offsets; a coordinator that has moved or is loading is asked for again within the time there is.</summary>
public sealed class GroupSteps(ProbeRun run, BrokerDoor door, KafkaConfig config, Seed seed)
{
    /// <summary>How much of the whole time finding the coordinator may take; the leaders have the rest.</summary>
    private const double Share = 0.7;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LittleTime = TimeSpan.FromMilliseconds(500);

    private readonly string _group = config.ConsumerGroup!;

    public async ValueTask<Outcome<GroupAnswer>> AskAsync(IReadOnlyList<TopicMetadata>? topics, CancellationToken cancellationToken)
    {
        var reserve = run.Left * (1 - Share);
        var coordinator = seed.Coordinator!;
        for (WireFault? unreached = null, said = null; ;)
        {
            var (fault, again, time) = (Away(coordinator.Error), KafkaError.IsCoordinatorAway(coordinator.Error), run.Left - reserve);
            if (coordinator.Error == KafkaError.None)
            {
                var answer = await AskAsync(coordinator, topics, reserve, cancellationToken);
                if (answer.Value is { } known && !KafkaError.IsCoordinatorAway(known.Error))
                {
                    return known.Error == KafkaError.None ? known : Away(known.Error);
                }

                // A broker that does not answer is given one more chance, to be replaced by another one; one that says "not yet" as many as there is time for.
                fault = answer.Fault ?? Away(answer.Value!.Error);
                again = answer.Fault is null || (unreached is null && fault.Stage is FailureStage.Connect or FailureStage.Timeout or FailureStage.Protocol);
                unreached = answer.Fault;
            }

            said = coordinator.Error != KafkaError.None || unreached is null ? fault : said;
            if (!again || run.Left - Pause <= reserve)
            {
                // Silence in the last moments of the time there was tells less than what was said before.
                return fault.Stage == FailureStage.Timeout && time < LittleTime ? said ?? fault : fault;
            }

            run.WaitingFor = $"the coordinator of group {_group}";
            await Task.Delay(Pause, run.Time, cancellationToken);
            var found = await FindAgainAsync(cancellationToken);
            if (found.Value is null)
            {
                return found.Fault!;
            }

            coordinator = found.Value;
        }
    }

    private async ValueTask<Outcome<GroupAnswer>> AskAsync(
        CoordinatorAnswer coordinator, IReadOnlyList<TopicMetadata>? topics, TimeSpan reserve, CancellationToken cancellationToken)
    {
        var reports = await NodeRounds.AskAllAsync(run, [coordinator.Place], run.ShareBeside(reserve), (part, place, token) => ConverseAsync(part, place, topics, token), cancellationToken);
        return reports[0].Answer is { } answer
            ? answer
            : Faults.About($"broker {coordinator.NodeId} advertised as {coordinator.Place}, the coordinator of group {_group}", reports[0].Fault!);
    }

    private async ValueTask<Outcome<GroupAnswer>> ConverseAsync(
        ProbeRun part, NodeAddress place, IReadOnlyList<TopicMetadata>? topics, CancellationToken cancellationToken)
    {
        var taken = await door.TakeAsync(part, place, asks: true, cancellationToken);
        if (taken.Fault is { } closed)
        {
            return closed;
        }

        var link = taken.Value!;
        var version = link.Apis.Version(KafkaApi.DescribeGroups, 0, GroupDescription.Newest);
        using var requests = new RequestWriter();
        CommittedOffsets.Ask(requests, _group, topics);
        if (version is { } offered)
        {
            GroupDescription.AskClassic(requests, offered, _group);
        }

        if (await link.ExchangeAsync(part, requests, cancellationToken) is { } fault)
        {
            return door.Unwelcome(link, fault);
        }

        if (CommittedOffsets.Read(link.Answer(0)) is not { } offsets)
        {
            return link.Malformed(KafkaApi.OffsetFetch);
        }

        GroupDescription? description = null;
        if (version is { } asked && (description = GroupDescription.ReadClassic(link.Answer(1), asked)) is null)
        {
            return link.Malformed(KafkaApi.DescribeGroups);
        }

        return description is { IsDead: true, Error: KafkaError.None or KafkaError.GroupIdNotFound }
            ? await AskNewerAsync(part, link, offsets, description, cancellationToken)
            : Ended(link, offsets, description, null);
    }

    /// <summary>A group that is none of the older protocol may be one of the newer, or of a kind that has no lag.</summary>
    private async ValueTask<Outcome<GroupAnswer>> AskNewerAsync(
        ProbeRun part, BrokerLink link, CommittedOffsets offsets, GroupDescription classic, CancellationToken cancellationToken)
    {
        var (describes, lists) = (link.Apis.Version(KafkaApi.ConsumerGroupDescribe, 0, 0) is not null, link.Apis.Version(KafkaApi.ListGroups, GroupKind.Version, GroupKind.Version) is not null);
        if (describes)
        {
            using var request = new RequestWriter();
            GroupDescription.AskConsumer(request, _group);
            if (await link.ExchangeAsync(part, request, cancellationToken) is { } fault)
            {
                return fault;
            }

            if (GroupDescription.ReadConsumer(link.Answer(0)) is not { } newer)
            {
                return link.Malformed(KafkaApi.ConsumerGroupDescribe);
            }

            if (newer.Error != KafkaError.GroupIdNotFound)
            {
                return Ended(link, offsets, newer, null);
            }
        }

        if (!lists)
        {
            return Ended(link, offsets, classic, null);
        }

        using var listing = new RequestWriter();
        GroupKind.Ask(listing);
        return await link.ExchangeAsync(part, listing, cancellationToken) is { } broken ? broken : Ended(link, offsets, classic, GroupKind.Find(link.Answer(0), _group));
    }

    private GroupAnswer Ended(BrokerLink link, CommittedOffsets offsets, GroupDescription? description, string? kind)
    {
        door.GiveBack(link);
        return new GroupAnswer(offsets, description, kind);
    }

    private async ValueTask<Outcome<CoordinatorAnswer>> FindAgainAsync(CancellationToken cancellationToken)
    {
        if (door.TakeAny() is not { } link)
        {
            return WireFault.Protocol($"no broker is left to ask for the coordinator of group {_group}");
        }

        using var request = new RequestWriter();
        CoordinatorAnswer.Ask(request, _group);
        if (await link.ExchangeAsync(run, request, cancellationToken) is { } fault)
        {
            return fault;
        }

        var answer = CoordinatorAnswer.Read(link.Answer(0));
        door.GiveBack(link);
        return answer is null ? link.Malformed(KafkaApi.FindCoordinator) : answer;
    }

    private WireFault Away(short error) => error switch
    {
        KafkaError.GroupAuthorizationFailed => new WireFault(
            FailureStage.Authentication, $"not allowed to see consumer group {_group}: Describe on the group is not granted to {config.Login?.Username ?? "this user"} (GROUP_AUTHORIZATION_FAILED)"),
        KafkaError.CoordinatorLoading => WireFault.Protocol($"the coordinator of group {_group} is still loading: {KafkaError.Words(error)}"),
        KafkaError.CoordinatorNotAvailable => WireFault.Protocol($"group {_group} has no coordinator at present: {KafkaError.Words(error)}"),
        KafkaError.NotCoordinator => WireFault.Protocol($"the coordinator of group {_group} keeps moving: {KafkaError.Words(error)}"),
        _ => WireFault.Protocol($"the coordinator of group {_group} answered {KafkaError.Words(error)}"),
    };
}

/// <param name="Kind">Of a group that has no consumers: <c>share</c>, <c>streams</c>; null: not known.</param>
public sealed record GroupAnswer(CommittedOffsets Offsets, GroupDescription? Description, string? Kind)
{
    /// <summary>That of the offsets, else that of the description; a group that does not exist is none.</summary>
    public short Error => Offsets.Error is not (KafkaError.None or KafkaError.GroupIdNotFound) ? Offsets.Error
        : Description is { Error: not (KafkaError.None or KafkaError.GroupIdNotFound) } described ? described.Error : KafkaError.None;
}
