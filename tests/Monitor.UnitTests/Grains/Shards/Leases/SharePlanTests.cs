using Monitor.Core.Shards;
using Monitor.Grains.Shards.Leases;
using Xunit;

namespace Monitor.UnitTests.Grains.Shards.Leases;

public sealed class SharePlanTests
{
    [Fact]
    public void Whatever_is_seen_no_two_plan_the_same_shard_and_all_plans_together_are_balanced()
    {
        for (var seed = 0; seed < 3000; seed++)
        {
            var view = View(new Random(seed));
            var live = view.Silos.Where(silo => silo is { Dead: false, Stopping: false }).Select(silo => silo.Id).ToArray();
            var owners = view.Shards.ToDictionary(row => row.Shard, row => live.Contains(row.WantedBy) ? row.WantedBy : row.Owner);
            var planned = new HashSet<int>();
            foreach (var silo in live)
            {
                var plan = SharePlan.Of(view, silo, []);
                foreach (var row in plan.Claims.Concat(plan.Bids))
                {
                    Assert.True(planned.Add(row.Shard), $"seed {seed}: shard {row.Shard} twice");
                    owners[row.Shard] = silo;
                }
            }

            var (low, rest) = Math.DivRem(view.Shards.Length, live.Length);
            Assert.All(live, silo => Assert.InRange(owners.Values.Count(owner => owner == silo), low, low + Math.Sign(rest)));
        }
    }

    [Fact]
    public void Who_has_taken_its_part_changes_nobody_else_s()
    {
        for (var seed = 0; seed < 1000; seed++)
        {
            var view = View(new Random(seed));
            var live = view.Silos.Where(silo => silo is { Dead: false, Stopping: false }).Select(silo => silo.Id).ToArray();
            var first = live[seed % live.Length];
            var taken = SharePlan.Of(view, first, []);
            var rows = view.Shards.ToArray();
            foreach (var row in taken.Claims)
            {
                rows[row.Shard] = row with { Owner = first, Epoch = row.Epoch + 1, WantedBy = 0 };
            }

            foreach (var row in taken.Bids)
            {
                rows[row.Shard] = row with { WantedBy = first };
            }

            foreach (var other in live.Where(silo => silo != first))
            {
                Assert.Equal(Planned(view, other), Planned(view with { Shards = [.. rows] }, other));
            }
        }
    }

    [Fact]
    public void Nobody_who_is_dead_stopping_or_unknown_plans_anything()
    {
        var view = new ClusterView(1, [new SiloRow(1, "", "", "", 1, Stopping: true, Dead: false), new SiloRow(2, "", "", "", 1, false, Dead: true)], [default, default]);
        foreach (var silo in new long[] { 1, 2, 3 })
        {
            Assert.Empty(Planned(view, silo));
        }
    }

    private static IEnumerable<int> Planned(ClusterView view, long silo) =>
        SharePlan.Of(view, silo, []) is var plan ? plan.Claims.Concat(plan.Bids).Select(row => row.Shard).Order() : [];

    private static ClusterView View(Random random)
    {
        var silos = Enumerable.Range(1, random.Next(1, 6))
            .Select(id => new SiloRow(id, "", "", "", 1, Stopping: id > 1 && random.Next(5) == 0, Dead: id > 1 && random.Next(5) == 0))
            .ToArray();
        var shards = Enumerable.Range(0, random.Next(4, 30))
            .Select(shard => new ShardRow(shard, random.Next(silos.Length + 1), 1, random.Next(3) > 0 ? 0 : random.Next(silos.Length + 1), 0));
        return new ClusterView(1, [.. silos], [.. shards]);
    }
}
