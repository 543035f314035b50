namespace Monitor.Tests.Shared;

/// <summary>What something takes of memory. The runtime counts for the whole process: what other tests take at the same time counts, too, and only adds to it.</summary>
public static class Allocations
{
    private const int Goes = 4;

    /// <summary>The fewest bytes that one of several goes took; ends with the first that took at most <paramref name="enough"/>.</summary>
    public static async Task<long> LeastAsync(long enough, Func<Task> go)
    {
        var least = long.MaxValue;
        for (var i = 0; i < Goes && least > enough; i++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            await go();
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        return least;
    }
}
