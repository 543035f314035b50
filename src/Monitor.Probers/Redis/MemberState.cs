namespace Monitor.Probers.Redis;

/// <summary>What is known of one member of the cluster, from the others and from asking it.</summary>
internal sealed record MemberState
{
    public required ClusterNode Node { get; init; }

    /// <summary>It was asked and answered with PONG.</summary>
    public bool IsReached { get; init; }

    /// <summary>What it said of itself, ready or not.</summary>
    public NodeAnswer? Answer { get; init; }

    /// <summary>Why it is down; null: it is up, as far as can be known.</summary>
    public string? Down { get; init; }

    /// <summary>Why it could not be reached from here, where that says nothing about it.</summary>
    public string? Unreached { get; init; }

    /// <summary>Our own trouble with asking it.</summary>
    public string? OwnTrouble { get; init; }

    public bool IsUp => Down is null;

    /// <summary>A replica that follows its master.</summary>
    public bool IsWorkingReplica => Node.Is(NodeFlags.Replica) && IsUp && Answer?.Info.LinkIsUp != false;

    public static MemberState Of(ClusterNode node, AskedNode? asked, bool reachedBefore)
    {
        var reasons = new List<string>(2);
        if (node.HasFailed)
        {
            reasons.Add(asked is { IsReady: true } ? "failed in the eyes of the cluster, though it answers here" : "failed in the eyes of the cluster");
        }

        if (node.Is(NodeFlags.NoAddress))
        {
            reasons.Add("its address is not known to the cluster (noaddr)");
        }

        var (answers, unreached) = (asked?.Answer is not null, (string?)null);
        if (asked?.Fault is { Stage: not null })
        {
            // Failed already, it needs no second reason but the first one in detail.
            if (node.HasFailed || asked.IsContactPoint || reachedBefore)
            {
                reasons.Add(asked.Trouble);
            }
            else
            {
                unreached = asked.Trouble;
            }
        }
        else if (answers && !asked!.IsReady)
        {
            reasons.Add(asked.Trouble);
        }

        return new MemberState
        {
            Node = node,
            IsReached = asked is { IsReady: true },
            Answer = asked?.Answer,
            Down = reasons.Count > 0 ? string.Join(", ", reasons) : null,
            Unreached = unreached,
            OwnTrouble = asked?.Fault is { Stage: null } own ? own.Message : null,
        };
    }
}
