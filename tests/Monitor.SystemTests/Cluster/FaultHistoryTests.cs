using System.Globalization;
using System.Text;
using Monitor.SystemTests.Harness;
using Xunit;

namespace Monitor.SystemTests.Cluster;

/// <summary>
/// Random histories of faults on real silos. <c>MONITOR_FAULT_HISTORIES=100</c> plays so many from <c>MONITOR_FAULT_SEED</c> on and writes down in docs/fault-histories.md
/// what came of them, <c>MONITOR_FAULT_AT_ONCE</c> at once; a few are played in every run. What a seed stands for does not depend on how many are played. Nothing here is judged by how
/// long it takes; but some of them at once are all that a small machine bears.
/// </summary>
[Collection(Alone.Name)]
[Trait(Calm.Name, Calm.Yes)]
public sealed class FaultHistoryTests
{
    private const int Few = 10;

    /// <summary>What two cores bear: a history mostly waits.</summary>
    private const int AtOnce = 3;
    private const string Page = "docs/fault-histories.md";

    [Fact]
    public async Task Whatever_fails_and_when_every_outage_is_one_record_and_is_told_in_order()
    {
        Requires.Postgres();
        var many = Environment.GetEnvironmentVariable("MONITOR_FAULT_HISTORIES");
        var count = many is null ? Few : int.Parse(many, CultureInfo.InvariantCulture);
        var first = Environment.GetEnvironmentVariable("MONITOR_FAULT_SEED") is { } seed ? int.Parse(seed, CultureInfo.InvariantCulture) : 1;
        var atOnce = Environment.GetEnvironmentVariable("MONITOR_FAULT_AT_ONCE") is { } side ? int.Parse(side, CultureInfo.InvariantCulture) : AtOnce;
        var outcomes = new FaultOutcome[count];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, count),
            new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = Scene.Token },
            async (i, _) => outcomes[i] = await PlayAsync(FaultPlan.Of(first + i)));

        if (many is not null)
        {
            await File.WriteAllTextAsync(Repository.File(Page), Write(outcomes), Scene.Token);
        }

        Assert.All(outcomes, outcome => Assert.True(outcome.Broken.Count == 0, $"{outcome.Plan}\n{string.Join('\n', outcome.Broken)}"));
    }

    private static async Task<FaultOutcome> PlayAsync(FaultPlan plan)
    {
        FaultOutcome outcome;
        try
        {
            outcome = await FaultHistory.RunAsync(plan);
        }
        catch (Exception e) when (e is not OperationCanceledException || !Scene.Token.IsCancellationRequested)
        {
            // One that breaks off must not take the table of all others with it.
            outcome = new FaultOutcome(plan, [], [$"it broke off: {e.Message}"], 0, 0, "");
        }

        ClusterScene.Note($"{outcome.Plan}\n{string.Join('\n', outcome.Log)}\n{outcome.Outages} outages, {outcome.Repeated} copies; broken: {string.Join("; ", outcome.Broken)}");
        if (outcome.Broken.Count > 0 && Environment.GetEnvironmentVariable("MONITOR_FAULT_LOGS") is { } folder)
        {
            Directory.CreateDirectory(folder);
            await File.WriteAllTextAsync(Path.Combine(folder, $"history-{outcome.Plan.Seed}.log"), string.Join('\n', [.. outcome.Log, .. outcome.Broken, outcome.SilosSaid]), Scene.Token);
        }

        return outcome;
    }

    private static string Write(FaultOutcome[] outcomes)
    {
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"""
            # Random histories of faults

            Three silos over PostgreSQL with a streaming standby, as processes; 12 sites watched once a second, which fall and rise while silos are killed, stopped, frozen, cut off from
            the store (`Cut`) and from their peers as well (`Isolate`), and started again, with the store or without; while the store is stopped, its standby is promoted, and targets are edited. A model knows what should have been told: every outage one record and one pair of notices, in
            order; a second copy only of what was on its way when a silo was lost. Written by `FaultHistoryTests` (`MONITOR_FAULT_HISTORIES={outcomes.Length}`).

            {outcomes.Length} histories, {outcomes.Sum(one => one.Outages)} outages, {outcomes.Sum(one => one.Repeated)} notices told a second time, {outcomes.Count(one => one.Broken.Count > 0)} histories in which something was not as it should be.

            | seed | outages | told twice | faults | not as it should be |
            |---|---|---|---|---|

            """);
        foreach (var outcome in outcomes)
        {
            var faults = string.Join(", ", outcome.Plan.Steps.Where(step => step.Kind >= FaultKind.Kill).GroupBy(step => step.Kind).Select(kind => $"{kind.Count()} {kind.Key}"));
            page.Append(CultureInfo.InvariantCulture, $"| {outcome.Plan.Seed} | {outcome.Outages} | {outcome.Repeated} | {faults} | {string.Join("; ", outcome.Broken)} |\n");
        }

        return page.ToString();
    }
}
