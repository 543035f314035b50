using Microsoft.Extensions.Logging.Abstractions;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Storage.Postgres;
using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Npgsql;
using Xunit;
using static Monitor.Tests.Shared.StoreExamples;

namespace Monitor.SystemTests.Storage;

/// <summary>A primary that dies and a standby that takes its place.</summary>
public sealed class PostgresStandbyTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_promoted_standby_is_found_and_fences_of_before_commit_nothing_until_they_are_claimed_anew()
    {
        Requires.Postgres();
        await using var primary = await PostgresServer.StartAsync(Token, new PostgresOptions { Authentication = "trust" });
        await using var standby = await primary.StandbyAsync(Token);
        var connection = new NpgsqlConnectionStringBuilder(primary.ConnectionString())
        {
            Host = $"127.0.0.1:{standby.Port},127.0.0.1:{primary.Port}",
            Pooling = true,
            TargetSessionAttributes = "primary",
        }.ConnectionString;
        var options = new PostgresStoreOptions(connection, SharedPostgres.MasterKey);
        await using var store = new PostgresStore(options, TimeProvider.System, NullLogger<PostgresStore>.Instance);
        await store.OpenAsync(Token);
        using var leases = new PostgresLeaseStore(options);
        var silo = await leases.RegisterAsync(new SiloIdentity("a", "z", "http://a", Start), Guid.NewGuid(), Token);
        var id = (await store.CreateTargetAsync(Target(), By(), Token)).Value!.Id;
        var fence = (await leases.ClaimAsync(new ClaimRequest(silo, 1, [], [new(ShardMap.Of(id), 0)]), Token)).Fences.Single();
        Assert.Equal([StateOutcome.Committed], await store.CommitAsync(Batch([Ok(id, Start)], [Write(fence, id, 0, Healthy(Start))]), Token));
        await Eventually.TrueAsync(
            "the standby has it", async () => await standby.ScalarAsync<long>("SELECT count(*) FROM target_states", Token) == 1, Token);

        await primary.KillAsync(Token);
        await standby.PromoteAsync(Token);
        var again = Batch(states: [Write(fence, id, 1, Healthy(Start))]);
        var outcomes = await Eventually.GetAsync("the new primary answers", () => TryAsync(() => store.CommitAsync(again, Token)), Token);
        Assert.Equal([StateOutcome.FenceLost], outcomes);
        Assert.Equal(1, (await store.LoadTargetAsync(id, Token))!.Version);

        var beat = await Eventually.GetAsync("the silo beats on the new primary", () => TryAsync(() => leases.BeatAsync(silo, 2, Token)), Token);
        Assert.Equal(2, beat.View.Timeline);
        Assert.Empty((await leases.ClaimAsync(new ClaimRequest(silo, 1, [], [new(7, 0)]), Token)).Fences);
        var anew = (await leases.ReclaimAsync(silo, 2, [fence], Token)).Fences.Single();
        Assert.Equal(new Fence(fence.Shard, silo, 2, 2), anew);
        Assert.Equal([StateOutcome.Committed], await store.CommitAsync(Batch(states: [Write(anew, id, 1, Healthy(Start))]), Token));
        Assert.True(await leases.RegisterAsync(new SiloIdentity("b", "z", "http://b", Start), Guid.NewGuid(), Token) > 1L << 32);
    }

    private static async Task<T?> TryAsync<T>(Func<Task<T>> ask)
        where T : class
    {
        try
        {
            return await ask();
        }
        catch (StoreUnavailableException)
        {
            return null;
        }
    }
}
