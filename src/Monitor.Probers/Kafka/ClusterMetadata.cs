using Monitor.Core.Configs;

namespace Monitor.Probers.Kafka;

/// <summary>What one broker says of the cluster.</summary>
/// <param name="ControllerId">-1: none.</param>
public sealed record ClusterMetadata(IReadOnlyDictionary<int, NodeAddress> Brokers, int ControllerId, IReadOnlyList<TopicMetadata> Topics)
{
    /// <summary>The best version that is of use: 5 tells the replicas that are offline, from 4 on a request can forbid that it creates topics.</summary>
    public const short Newest = 5;

    public const short Oldest = 1;

    /// <summary>From here on a question for a topic by its name creates none.</summary>
    public const short NamesSafely = 4;

    /// <param name="topics">Null: all; empty: none. Before version 4, where naming one may create it, all are asked for instead.</param>
    public static void Ask(RequestWriter requests, short version, IReadOnlyCollection<string>? topics)
    {
        requests.Begin(KafkaApi.Metadata, version);
        if (topics is null || (version < NamesSafely && topics.Count > 0))
        {
            requests.Int32(-1);
        }
        else
        {
            requests.Int32(topics.Count);
            foreach (var topic in topics)
            {
                requests.Text(topic);
            }
        }

        if (version >= NamesSafely)
        {
            requests.Flag(false);
        }

        requests.End();
    }

    /// <summary>Without other topics than these; one that an answer about all topics does not mention does not exist.</summary>
    public ClusterMetadata Only(IReadOnlyCollection<string> topics)
    {
        var wanted = topics.ToHashSet(StringComparer.Ordinal);
        var found = Topics.Where(topic => wanted.Remove(topic.Name)).ToList();
        found.AddRange(wanted.Select(name => new TopicMetadata(name, KafkaError.UnknownTopicOrPartition, IsInternal: false, [])));
        return this with { Topics = found };
    }

    /// <summary>Null when it is not such an answer.</summary>
    public static ClusterMetadata? Read(ReadOnlySpan<byte> answer, short version)
    {
        var reader = new ResponseReader(answer);
        reader.Skip(version >= 3 ? sizeof(int) : 0);
        var count = reader.Count(12);
        var brokers = new Dictionary<int, NodeAddress>(count);
        for (; count > 0; count--)
        {
            var (id, host, port) = (reader.Int32(), reader.Text(), reader.Int32());
            reader.SkipText();
            brokers[id] = new NodeAddress(host, port);
        }

        if (version >= 2)
        {
            reader.SkipText();
        }

        var controller = reader.Int32();
        count = reader.Count(9);
        var topics = new List<TopicMetadata>(count);
        for (; count > 0 && !reader.Broken; count--)
        {
            topics.Add(ReadTopic(ref reader, version));
        }

        return reader.Broken ? null : new ClusterMetadata(brokers, controller, topics);
    }

    private static TopicMetadata ReadTopic(ref ResponseReader reader, short version)
    {
        var (error, name, isInternal) = (reader.Int16(), reader.Text(), reader.Flag());
        var partitions = new PartitionMetadata[reader.Count(version >= 5 ? 22 : 18)];
        for (var i = 0; i < partitions.Length && !reader.Broken; i++)
        {
            var (problem, id, leader) = (reader.Int16(), reader.Int32(), reader.Int32());
            var (replicas, inSync) = (Numbers(ref reader), Numbers(ref reader));
            if (version >= 5)
            {
                reader.Skip(reader.Count(sizeof(int)) * sizeof(int));
            }

            partitions[i] = new PartitionMetadata(id, problem is KafkaError.LeaderNotAvailable ? -1 : leader, replicas, inSync);
        }

        Array.Sort(partitions, static (one, other) => one.Id.CompareTo(other.Id));
        return new TopicMetadata(name, error, isInternal, partitions);
    }

    private static int[] Numbers(ref ResponseReader reader)
    {
        var numbers = new int[reader.Count(sizeof(int))];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = reader.Int32();
        }

        return numbers;
    }
}

/// <param name="Error">Of the topic as a whole: it does not exist, may not be described.</param>
public sealed record TopicMetadata(string Name, short Error, bool IsInternal, IReadOnlyList<PartitionMetadata> Partitions);

/// <param name="Leader">-1: none, it can be neither read nor written.</param>
/// <param name="Replicas">The brokers that should have it.</param>
/// <param name="InSync">Those that have all of it.</param>
public readonly record struct PartitionMetadata(int Id, int Leader, int[] Replicas, int[] InSync)
{
    public bool IsUnderReplicated => InSync.Length < Replicas.Length;
}
