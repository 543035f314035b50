using System.Collections.Concurrent;
using System.Globalization;
using Xunit;

namespace Monitor.UnitTests.Grains.Shards.Leases;

/// <summary>
/// Random histories of faults against the pure protocol. More of each kind with <c>MONITOR_LEASE_HISTORIES=1000000</c> (of small worlds, two cores play some eighteen thousand a second);
/// one again, with all that its silos went through, with <c>MONITOR_LEASE_SEED=…</c>.
/// </summary>
public sealed class LeaseSimulationTests
{
    [Fact]
    public void Whatever_happens_there_are_never_two_owners_what_was_told_is_recorded_and_in_the_end_all_is_run_and_balanced() =>
        ForEachSeed(400, static seed => new RandomHistory(seed, cutPeers: false).Run());

    [Fact]
    public void With_peers_cut_off_from_each_other_the_fence_still_lets_only_one_commit() =>
        ForEachSeed(400, static seed => new RandomHistory(seed, cutPeers: true).Run());

    [Fact]
    public void The_same_in_small_worlds_of_which_very_many_are_played() =>
        ForEachSeed(10_000, static seed => new RandomHistory(seed, cutPeers: seed % 4 == 0, small: true).Run());

    /// <summary>From 1 on, or the one that is asked for.</summary>
    internal static void ForEachSeed(int count, Func<int, int> history)
    {
        var first = Environment.GetEnvironmentVariable("MONITOR_LEASE_SEED") is { } one ? int.Parse(one, CultureInfo.InvariantCulture) : 1;
        var many = Environment.GetEnvironmentVariable("MONITOR_LEASE_HISTORIES") is { } more ? int.Parse(more, CultureInfo.InvariantCulture) : count;
        var last = Environment.GetEnvironmentVariable("MONITOR_LEASE_SEED") is null ? many : first;
        var steps = 0L;
        var failed = new ConcurrentQueue<(int Seed, string Why)>();
        Parallel.For(first, last + 1, (seed, loop) =>
        {
            try
            {
                Interlocked.Add(ref steps, history(seed));
            }
            catch (Exception e)
            {
                failed.Enqueue((seed, e.Message));
                loop.Break();
            }
        });
        if (!failed.IsEmpty)
        {
            var (seed, why) = failed.MinBy(one => one.Seed);
            Assert.Fail($"MONITOR_LEASE_SEED={seed}: {why}");
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{steps} steps");
    }
}
