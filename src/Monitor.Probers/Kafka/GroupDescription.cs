namespace Monitor.Probers.Kafka;

/// <summary>State and members of a group, in either protocol.</summary>
/// <param name="State">Kafka's word: Stable, Empty, PreparingRebalance, CompletingRebalance, Assigning, Reconciling, Dead.</param>
/// <param name="Assigned">Partitions that members are to read, by topic.</param>
public sealed record GroupDescription(short Error, string State, int Members, IReadOnlyDictionary<string, SortedSet<int>> Assigned)
{
    public const string Dead = "Dead";

    /// <summary>From here on a member may have a name that outlives its process.</summary>
    public const short Newest = 4;

    public bool IsDead => Error == KafkaError.GroupIdNotFound || State == Dead;

    public bool IsRebalancing => State is "PreparingRebalance" or "CompletingRebalance" or "Assigning" or "Reconciling";

    public static void AskClassic(RequestWriter requests, short version, string group)
    {
        requests.Begin(KafkaApi.DescribeGroups, version).Int32(1).Text(group);
        if (version >= 3)
        {
            requests.Flag(false);
        }

        requests.End();
    }

    /// <summary>A group of the older protocol; one of the newer reads as <c>Dead</c>. Null when it is not such an answer.</summary>
    public static GroupDescription? ReadClassic(ReadOnlySpan<byte> answer, short version)
    {
        var reader = new ResponseReader(answer);
        reader.Skip(version >= 1 ? sizeof(int) : 0);
        if (reader.Count(14) < 1)
        {
            return null;
        }

        var error = reader.Int16();
        reader.SkipText();
        var (state, protocolType) = (reader.Text(), reader.Text());
        reader.SkipText();
        var members = reader.Count(14);
        var assigned = new Dictionary<string, SortedSet<int>>(StringComparer.Ordinal);
        for (var left = members; left > 0 && !reader.Broken; left--)
        {
            for (var texts = version >= 4 ? 4 : 3; texts > 0; texts--)
            {
                reader.SkipText();
            }

            reader.Bytes();
            var assignment = reader.Bytes();
            if (protocolType == "consumer")
            {
                ReadAssignment(assignment, assigned);
            }
        }

        return reader.Broken ? null : new GroupDescription(error, state, members, assigned);
    }

    public static void AskConsumer(RequestWriter requests, string group) =>
        requests.Begin(KafkaApi.ConsumerGroupDescribe, 0, flexible: true).CompactCount(1).CompactText(group).Flag(false).Tags().End();

    /// <summary>A group of the newer protocol (KIP-848). Null when it is not such an answer.</summary>
    public static GroupDescription? ReadConsumer(ReadOnlySpan<byte> answer)
    {
        var reader = new ResponseReader(answer);
        reader.SkipTags();
        reader.Skip(sizeof(int));
        if (reader.CompactCount(20) < 1)
        {
            return null;
        }

        var error = reader.Int16();
        reader.CompactNullableText();
        reader.CompactNullableText();
        var state = reader.CompactText();
        reader.Skip(2 * sizeof(int));
        reader.CompactNullableText();
        var members = reader.CompactCount(15);
        var assigned = new Dictionary<string, SortedSet<int>>(StringComparer.Ordinal);
        for (var left = members; left > 0 && !reader.Broken; left--)
        {
            ReadMember(ref reader, assigned);
        }

        return reader.Broken ? null : new GroupDescription(error, state, members, assigned);
    }

    private static void ReadMember(ref ResponseReader reader, Dictionary<string, SortedSet<int>> assigned)
    {
        for (var texts = 3; texts > 0; texts--)
        {
            reader.CompactNullableText();
        }

        reader.Skip(sizeof(int));
        reader.CompactNullableText();
        reader.CompactNullableText();
        for (var topics = reader.CompactCount(1); topics > 0 && !reader.Broken; topics--)
        {
            reader.CompactNullableText();
        }

        reader.CompactNullableText();
        ReadAssignment(ref reader, assigned);
        ReadAssignment(ref reader, null);
        reader.SkipTags();
    }

    private static void ReadAssignment(ref ResponseReader reader, Dictionary<string, SortedSet<int>>? into)
    {
        for (var topics = reader.CompactCount(19); topics > 0 && !reader.Broken; topics--)
        {
            reader.Skip(16);
            var topic = reader.CompactText();
            for (var partitions = reader.CompactCount(sizeof(int)); partitions > 0; partitions--)
            {
                var id = reader.Int32();
                if (into is not null)
                {
                    Add(into, topic, id);
                }
            }

            reader.SkipTags();
        }

        reader.SkipTags();
    }

    /// <summary>What the leading member wrote, not the broker: what does not fit is passed over.</summary>
    private static void ReadAssignment(ReadOnlySpan<byte> assignment, Dictionary<string, SortedSet<int>> into)
    {
        var reader = new ResponseReader(assignment);
        reader.Skip(sizeof(short));
        for (var topics = reader.Count(6); topics > 0 && !reader.Broken; topics--)
        {
            var topic = reader.Text();
            for (var partitions = reader.Count(sizeof(int)); partitions > 0; partitions--)
            {
                Add(into, topic, reader.Int32());
            }
        }
    }

    private static void Add(Dictionary<string, SortedSet<int>> into, string topic, int partition)
    {
        if (!into.TryGetValue(topic, out var partitions))
        {
            into[topic] = partitions = [];
        }

        partitions.Add(partition);
    }
}
