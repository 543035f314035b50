namespace Monitor.Probers.Kafka;

/// <summary>What kind of group bears a name. Asked only where it is no consumer group: a share group has no lag by partition, and "does not exist" would be wrong.</summary>
public static class GroupKind
{
    /// <summary>The first that tells the kind.</summary>
    public const short Version = 5;

    public static void Ask(RequestWriter requests) => requests.Begin(KafkaApi.ListGroups, Version, flexible: true).CompactCount(0).CompactCount(0).Tags().End();

    /// <summary>Null when the broker does not list it, or the answer cannot be read.</summary>
    public static string? Find(ReadOnlySpan<byte> answer, string group)
    {
        var reader = new ResponseReader(answer);
        reader.SkipTags();
        reader.Skip(sizeof(int) + sizeof(short));
        for (var left = reader.CompactCount(5); left > 0 && !reader.Broken; left--)
        {
            var name = reader.CompactText();
            reader.CompactNullableText();
            reader.CompactNullableText();
            var kind = reader.CompactText();
            reader.SkipTags();
            if (name == group && !reader.Broken)
            {
                return kind;
            }
        }

        return null;
    }
}
