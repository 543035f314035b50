namespace Monitor.Probers.Kafka;

/// <summary>
/// Who leads the controllers of a KRaft cluster. The metadata cannot tell: it names any broker as the controller, and a broker that is cut off from a
/// quorum that is lost goes on to tell the last it heard, dead brokers included.
/// </summary>
/// <param name="Error">Of the answer or of the one partition that it is about.</param>
/// <param name="Leader">-1: none.</param>
public sealed record QuorumAnswer(short Error, int Leader)
{
    private const string Log = "__cluster_metadata";

    public static void Ask(RequestWriter requests) => requests.Begin(KafkaApi.DescribeQuorum, 0, flexible: true)
        .CompactCount(1).CompactText(Log).CompactCount(1).Int32(0).Tags().Tags().Tags().End();

    /// <summary>Null when it is not such an answer.</summary>
    public static QuorumAnswer? Read(ReadOnlySpan<byte> answer)
    {
        var reader = new ResponseReader(answer);
        reader.SkipTags();
        var error = reader.Int16();
        if (reader.CompactCount(3) == 0)
        {
            return reader.Broken ? null : new QuorumAnswer(error, -1);
        }

        reader.CompactNullableText();
        if (reader.CompactCount(24) == 0)
        {
            return reader.Broken ? null : new QuorumAnswer(error, -1);
        }

        reader.Skip(sizeof(int));
        var problem = reader.Int16();
        var leader = reader.Int32();
        return reader.Broken ? null : new QuorumAnswer(error != KafkaError.None ? error : problem, leader);
    }
}
