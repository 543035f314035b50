namespace Monitor.Probers.Kafka;

/// <summary>What a group has committed.</summary>
/// <param name="Error">Of the group as a whole.</param>
public sealed record CommittedOffsets(short Error, IReadOnlyList<TopicOffsets> Topics)
{
    public const short Version = 3;

    /// <param name="topics">Null: every topic with a commit.</param>
    public static void Ask(RequestWriter requests, string group, IReadOnlyList<TopicMetadata>? topics)
    {
        requests.Begin(KafkaApi.OffsetFetch, Version).Text(group).Int32(topics?.Count ?? -1);
        foreach (var topic in topics ?? [])
        {
            requests.Text(topic.Name).Int32(topic.Partitions.Count);
            foreach (var partition in topic.Partitions)
            {
                requests.Int32(partition.Id);
            }
        }

        requests.End();
    }

    public static CommittedOffsets? Read(ReadOnlySpan<byte> answer)
    {
        var reader = new ResponseReader(answer);
        reader.Skip(sizeof(int));
        var count = reader.Count(6);
        var topics = new List<TopicOffsets>(count);
        for (; count > 0 && !reader.Broken; count--)
        {
            var name = reader.Text();
            var partitions = new PartitionOffset[reader.Count(16)];
            for (var i = 0; i < partitions.Length; i++)
            {
                var (id, offset) = (reader.Int32(), reader.Int64());
                reader.SkipText();
                partitions[i] = new PartitionOffset(id, reader.Int16(), offset);
            }

            topics.Add(new TopicOffsets(name, partitions));
        }

        var error = reader.Int16();
        return reader.Broken ? null : new CommittedOffsets(error, topics);
    }
}

/// <summary>One offset for each partition of a topic.</summary>
public sealed record TopicOffsets(string Name, IReadOnlyList<PartitionOffset> Partitions);

/// <param name="Offset">-1: none.</param>
public readonly record struct PartitionOffset(int Id, short Error, long Offset);
