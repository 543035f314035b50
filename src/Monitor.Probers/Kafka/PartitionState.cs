using System.Globalization;

namespace Monitor.Probers.Kafka;

/// <summary>One partition of the group's, filled in step by step.</summary>
public sealed class PartitionState(string topic, int id)
{
    public string Topic { get; } = topic;
    public int Id { get; } = id;

    /// <summary>-1: none.</summary>
    public int Leader { get; set; } = -1;

    /// <summary>The next offset that the group will read; -1: it has committed none.</summary>
    public long Committed { get; set; } = -1;

    /// <summary>The first record that is still there; -1: not known.</summary>
    public long Start { get; set; } = -1;

    /// <summary>Behind the last record that counts; -1: not known.</summary>
    public long End { get; set; } = -1;

    /// <summary>Behind the last record, those of open transactions included; equal to <see cref="End"/> unless committed records alone count.</summary>
    public long HighWatermark { get; set; } = -1;

    /// <summary>Why its offsets are not known.</summary>
    public short Error { get; set; }

    public bool IsKnown => End >= 0 && Start >= 0 && HighWatermark >= 0;

    public bool HasCommit => Committed >= 0;

    public bool IsBeyondEnd => HasCommit && Committed > HighWatermark;

    /// <summary>Records were deleted that the group had not read.</summary>
    public bool HasLost => HasCommit && Committed < Start;

    public bool IsUncommittedWithRecords => !HasCommit && HighWatermark > Start;

    /// <summary>What the group still has to read, of what is there; 0 without a commit, which is told apart.</summary>
    public long Lag => HasCommit ? Math.Max(0, End - Math.Max(Committed, Start)) : 0;

    /// <summary><c>orders/4</c></summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Topic}/{Id}");
}
