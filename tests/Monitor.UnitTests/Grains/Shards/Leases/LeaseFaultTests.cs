using Xunit;
using static Monitor.UnitTests.Grains.Shards.Leases.LeaseSimulationTests;

namespace Monitor.UnitTests.Grains.Shards.Leases;

/// <summary>One fault, or one join or leave, in a cluster at rest: what is promised of it. Seeds as in <see cref="LeaseSimulationTests"/>.</summary>
public sealed class LeaseFaultTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void A_killed_silo_s_shards_run_elsewhere_within_the_promise_and_each_moves_once() =>
        ForEachSeed(25, static seed => OneFault(seed, static (world, silo) => silo.Kill(), TimeSpan.FromSeconds(3.2)));

    [Fact]
    public void A_frozen_silo_s_shards_run_elsewhere_within_the_promise_and_it_wakes_without_them() =>
        ForEachSeed(25, static seed => OneFault(seed, static (world, silo) => silo.Freeze(world.Now + 60 * Second), TimeSpan.FromSeconds(3.2)));

    [Fact]
    public void A_silo_whose_loops_stand_still_lets_go() =>
        ForEachSeed(25, static seed => OneFault(seed, static (world, silo) => silo.Stalled = true, TimeSpan.FromSeconds(1.5)));

    [Fact]
    public void A_silo_cut_off_from_the_store_stops_before_others_take_over() =>
        ForEachSeed(25, static seed => OneFault(seed, static (world, silo) => silo.StoreCut = true, TimeSpan.FromSeconds(1.5)));

    [Fact]
    public void A_graceful_stop_leaves_no_hole_and_moves_each_shard_once() =>
        ForEachSeed(25, static seed => OneFault(seed, static (world, silo) => silo.Stop(), TimeSpan.FromSeconds(1)));

    [Fact]
    public void A_join_leaves_no_hole_and_moves_no_more_than_its_share() => ForEachSeed(25, static seed =>
    {
        var world = Balanced(seed, out var silos);
        world.ResetFigures();
        world.Add();
        world.Run(10 * Second);
        Healthy(world, TimeSpan.FromSeconds(1));
        Assert.True(world.Moves.Sum() <= Math.Ceiling(world.Moves.Length / (silos + 1.0)), $"{world.Moves.Sum()} moves");
        return world.Steps;
    });

    private static int OneFault(int seed, Action<Simulation, SimSilo> fault, TimeSpan promise)
    {
        var world = Balanced(seed, out _);
        world.ResetFigures();
        fault(world, world.Silos[world.Random.Next(world.Silos.Count)]);
        world.Run(10 * Second);
        Healthy(world, promise);
        if (world.Silos.Any(silo => silo.Frozen))
        {
            world.Run(60 * Second);
            Assert.True(world.Broken.Count == 0 && RandomHistory.IsBalanced(world), string.Join('\n', world.Broken) + world.Describe());
        }

        return world.Steps;
    }

    private static Simulation Balanced(int seed, out int silos)
    {
        var world = new Simulation(seed, shards: 12 + seed % 9) { StoreCalm = true };
        silos = 2 + seed % 4;
        for (var i = 0; i < silos; i++)
        {
            world.Add();
        }

        world.Run(10 * Second);
        Assert.True(RandomHistory.IsBalanced(world), world.Describe());
        return world;
    }

    private static void Healthy(Simulation world, TimeSpan promise)
    {
        Assert.True(world.Broken.Count == 0, string.Join('\n', world.Broken));
        Assert.True(world.LongestHole <= promise, $"{world.LongestHole}\n{world.Describe()}");
        Assert.True(world.Moves.Max() <= 1, world.Describe());
        Assert.True(RandomHistory.IsBalanced(world), world.Describe());
    }
}
