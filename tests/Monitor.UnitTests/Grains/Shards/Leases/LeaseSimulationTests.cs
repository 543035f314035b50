using System.Globalization;
using Xunit;

namespace Monitor.UnitTests.Grains.Shards.Leases;

/// <summary>
/// Random histories of faults against the pure protocol. More of them with <c>MONITOR_LEASE_HISTORIES=100000</c>; one again with <c>MONITOR_LEASE_SEED=…</c>.
/// </summary>
public sealed class LeaseSimulationTests
{
    [Fact]
    public void Whatever_happens_there_are_never_two_owners_what_was_told_is_recorded_and_in_the_end_all_is_run_and_balanced() =>
        ForEachSeed(60, static seed => new RandomHistory(seed, cutPeers: false).Run());

    [Fact]
    public void With_peers_cut_off_from_each_other_the_fence_still_lets_only_one_commit() =>
        ForEachSeed(40, static seed => new RandomHistory(seed, cutPeers: true).Run());

    /// <summary>From 1 on, or the one that is asked for.</summary>
    internal static void ForEachSeed(int count, Func<int, int> history)
    {
        var first = Environment.GetEnvironmentVariable("MONITOR_LEASE_SEED") is { } one ? int.Parse(one, CultureInfo.InvariantCulture) : 1;
        var many = Environment.GetEnvironmentVariable("MONITOR_LEASE_HISTORIES") is { } more ? int.Parse(more, CultureInfo.InvariantCulture) : count;
        var last = Environment.GetEnvironmentVariable("MONITOR_LEASE_SEED") is null ? many : first;
        var steps = 0L;
        for (var seed = first; seed <= last; seed++)
        {
            try
            {
                steps += history(seed);
            }
            catch (Exception e)
            {
                Assert.Fail($"MONITOR_LEASE_SEED={seed}: {e.Message}");
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{steps} steps");
    }
}
