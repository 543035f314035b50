namespace Monitor.Probers.Kafka;

/// <summary>The requests that a probe makes, by Kafka's numbers. All of them only read.</summary>
public enum KafkaApi
{
    ListOffsets = 2,
    Metadata = 3,
    OffsetFetch = 9,
    FindCoordinator = 10,
    DescribeGroups = 15,
    ListGroups = 16,
    SaslHandshake = 17,
    ApiVersions = 18,
    SaslAuthenticate = 36,
    DescribeQuorum = 55,
    ConsumerGroupDescribe = 69,
}
