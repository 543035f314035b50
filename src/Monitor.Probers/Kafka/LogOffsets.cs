namespace Monitor.Probers.Kafka;

/// <summary>Where logs begin or end, of the partitions that one broker leads.</summary>
public static class LogOffsets
{
    public const short Version = 2;

    private const long Latest = -1;
    private const long Earliest = -2;

    /// <param name="end">True: behind the last record; false: the first one.</param>
    /// <param name="committed">The end is the last stable offset: what an open transaction has written is behind it.</param>
    public static void Ask(RequestWriter requests, IReadOnlyList<PartitionState> partitions, bool end, bool committed)
    {
        requests.Begin(KafkaApi.ListOffsets, Version).Int32(-1).Int8(committed ? (sbyte)1 : (sbyte)0);
        var topics = 0;
        for (var i = 0; i < partitions.Count; i++)
        {
            topics += IsFirstOfTopic(partitions, i) ? 1 : 0;
        }

        requests.Int32(topics);
        for (var i = 0; i < partitions.Count; i++)
        {
            if (IsFirstOfTopic(partitions, i))
            {
                requests.Text(partitions[i].Topic).Int32(CountOfTopic(partitions, i));
            }

            requests.Int32(partitions[i].Id).Int64(end ? Latest : Earliest);
        }

        requests.End();
    }

    /// <summary>Null when it is not such an answer.</summary>
    public static IReadOnlyList<TopicOffsets>? Read(ReadOnlySpan<byte> answer)
    {
        var reader = new ResponseReader(answer);
        reader.Skip(sizeof(int));
        var count = reader.Count(6);
        var topics = new List<TopicOffsets>(count);
        for (; count > 0 && !reader.Broken; count--)
        {
            var name = reader.Text();
            var partitions = new PartitionOffset[reader.Count(22)];
            for (var i = 0; i < partitions.Length; i++)
            {
                var (id, error) = (reader.Int32(), reader.Int16());
                reader.Skip(sizeof(long));
                partitions[i] = new PartitionOffset(id, error, reader.Int64());
            }

            topics.Add(new TopicOffsets(name, partitions));
        }

        return reader.Broken ? null : topics;
    }

    /// <summary>They come sorted by topic.</summary>
    private static bool IsFirstOfTopic(IReadOnlyList<PartitionState> partitions, int at) => at == 0 || partitions[at - 1].Topic != partitions[at].Topic;

    private static int CountOfTopic(IReadOnlyList<PartitionState> partitions, int at)
    {
        var end = at + 1;
        while (end < partitions.Count && !IsFirstOfTopic(partitions, end))
        {
            end++;
        }

        return end - at;
    }
}
