using System.Globalization;

namespace Monitor.Probers.Kafka;

/// <summary>Kafka's error codes, as far as a reading client meets them.</summary>
public static class KafkaError
{
    public const short None = 0;
    public const short UnknownTopicOrPartition = 3;
    public const short LeaderNotAvailable = 5;
    public const short NotLeader = 6;
    public const short CoordinatorLoading = 14;
    public const short CoordinatorNotAvailable = 15;
    public const short NotCoordinator = 16;
    public const short TopicAuthorizationFailed = 29;
    public const short GroupAuthorizationFailed = 30;
    public const short ClusterAuthorizationFailed = 31;
    public const short UnsupportedSaslMechanism = 33;
    public const short IllegalSaslState = 34;
    public const short GroupIdNotFound = 69;
    public const short FencedLeaderEpoch = 74;
    public const short UnknownLeaderEpoch = 75;
    public const short OffsetNotAvailable = 78;

    /// <summary>The leader is another one by now, or has not taken over yet: newer metadata may help.</summary>
    public static bool IsMoved(short code) => code is LeaderNotAvailable or NotLeader or FencedLeaderEpoch or UnknownLeaderEpoch or OffsetNotAvailable;

    /// <summary>The coordinator is another one by now, or not ready: to be asked for again.</summary>
    public static bool IsCoordinatorAway(short code) => code is CoordinatorLoading or CoordinatorNotAvailable or NotCoordinator;

    /// <summary><c>NOT_COORDINATOR (16)</c></summary>
    public static string Words(short code)
    {
        var number = code.ToString(CultureInfo.InvariantCulture);
        return Name(code) is { } name ? $"{name} ({number})" : $"error {number}";
    }

    private static string? Name(short code) => code switch
    {
        -1 => "UNKNOWN_SERVER_ERROR",
        UnknownTopicOrPartition => "UNKNOWN_TOPIC_OR_PARTITION",
        LeaderNotAvailable => "LEADER_NOT_AVAILABLE",
        NotLeader => "NOT_LEADER_OR_FOLLOWER",
        7 => "REQUEST_TIMED_OUT",
        8 => "BROKER_NOT_AVAILABLE",
        13 => "NETWORK_EXCEPTION",
        CoordinatorLoading => "COORDINATOR_LOAD_IN_PROGRESS",
        CoordinatorNotAvailable => "COORDINATOR_NOT_AVAILABLE",
        NotCoordinator => "NOT_COORDINATOR",
        17 => "INVALID_TOPIC_EXCEPTION",
        24 => "INVALID_GROUP_ID",
        TopicAuthorizationFailed => "TOPIC_AUTHORIZATION_FAILED",
        GroupAuthorizationFailed => "GROUP_AUTHORIZATION_FAILED",
        ClusterAuthorizationFailed => "CLUSTER_AUTHORIZATION_FAILED",
        UnsupportedSaslMechanism => "UNSUPPORTED_SASL_MECHANISM",
        IllegalSaslState => "ILLEGAL_SASL_STATE",
        35 => "UNSUPPORTED_VERSION",
        42 => "INVALID_REQUEST",
        56 => "KAFKA_STORAGE_ERROR",
        58 => "SASL_AUTHENTICATION_FAILED",
        GroupIdNotFound => "GROUP_ID_NOT_FOUND",
        FencedLeaderEpoch => "FENCED_LEADER_EPOCH",
        UnknownLeaderEpoch => "UNKNOWN_LEADER_EPOCH",
        OffsetNotAvailable => "OFFSET_NOT_AVAILABLE",
        88 => "UNSTABLE_OFFSET_COMMIT",
        89 => "THROTTLING_QUOTA_EXCEEDED",
        _ => null,
    };
}
