using Monitor.Core.Shards;

namespace Monitor.UnitTests.Grains.Shards.Leases;

/// <summary>Random numbers from a seed (SplitMix64). <see cref="Random"/> with one takes longer to begin than many a history to play.</summary>
internal sealed class Dice(int seed)
{
    private ulong _state = (ulong)seed;

    /// <summary>Below that.</summary>
    public int Next(int end) => (int)(((Next() >> 32) * (ulong)end) >> 32);

    public int Next(int from, int end) => from + Next(end - from);

    private ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        return ShardMap.Mix(_state);
    }
}
