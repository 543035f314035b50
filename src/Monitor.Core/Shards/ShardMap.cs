namespace Monitor.Core.Shards;

/// <summary>Which shard a target or a robot lives in. The number of shards is fixed when a cluster is made.</summary>
public static class ShardMap
{
    public const int Count = 256;

    public static int Of(long targetId) => (int)(Mix((ulong)targetId) % Count);

    /// <summary>SplitMix64's finalizer: neighbouring ids land far apart, and every silo of every version agrees.</summary>
    public static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}

/// <summary>The right to write for one shard: checked inside every transition's transaction.</summary>
/// <param name="Shard">0-255.</param>
/// <param name="Owner">The silo's row id.</param>
/// <param name="Epoch">Raised by every claim; an older epoch commits nothing.</param>
/// <param name="Timeline">
/// The WAL timeline on which it was claimed: on a promoted standby, which may have lost the last commits, it commits nothing until it is claimed anew. 0 where there are no timelines.
/// </param>
public readonly record struct Fence(int Shard, long Owner, long Epoch, long Timeline = 0);
