using System.Diagnostics;
using System.Globalization;
using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Cluster;

/// <summary>Ten silos on one machine, with 20,000 targets: all are watched, none late, and belonging together asks little of the store. What it takes of the processor is <c>cluster</c>'s of the benchmarks to say.</summary>
[Collection(Alone.Name)]
public sealed class ManySilosTests
{
    private const int Silos = 10;
    private const double MostStatements = 7;

    [Fact]
    public async Task Ten_silos_share_twenty_thousand_targets_evenly_and_coordination_takes_few_statements()
    {
        var plan = new ClusterPlan
        {
            Silos = Silos,
            Sites = 20_000,
            Interval = 60,
            StoreSettings = new Dictionary<string, string>(PostgresStatements.Settings, StringComparer.Ordinal) { ["max_connections"] = "400", ["shared_buffers"] = "256MB" },
        };
        await using var scene = await ClusterScene.StartAsync(plan);
        await scene.BalancedAsync(Silos);
        var owners = await scene.OwnersAsync();
        await PostgresStatements.BeginAsync(scene.Store, Scene.Token);
        var (began, before) = (ClusterScene.Now, await PostgresStatements.CountAsync(scene.Store, Scene.Token));
        await scene.VisitedAsync(1, TimeSpan.FromSeconds(90));
        var after = await PostgresStatements.CountAsync(scene.Store, Scene.Token);
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        scene.NoneLaterThan(TimeSpan.FromSeconds(1.5), "with ten silos", began);
        var statements = (after.Coordination - before.Coordination) / seconds / Silos;
        ClusterScene.Note(string.Create(CultureInfo.InvariantCulture, $"{statements:0.0} statements of coordination a second and silo"));
        Assert.InRange(statements, 1, MostStatements);

        // At rest nothing moves, and nothing is told.
        await scene.BalancedAsync(Silos);
        Assert.Equal(owners, await scene.OwnersAsync());
        Assert.Empty(scene.Robot.Messages);
        var list = await scene[Silos - 1].Api.GetAsync("/api/v1/targets?status=healthy&limit=1", Scene.Token);
        Assert.Equal(plan.Sites, list.Number("total"));
    }
}
