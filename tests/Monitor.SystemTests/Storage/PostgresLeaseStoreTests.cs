using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Storage.Postgres;
using Monitor.Tests.Shared;
using Npgsql;
using Xunit;
using static Monitor.Tests.Shared.StoreExamples;

namespace Monitor.SystemTests.Storage;

/// <summary>What the store does with leases, call by call: whatever does not fit drops out alone, and nothing is done for the dead.</summary>
public sealed class PostgresLeaseStoreTests(SharedPostgres shared) : IAsyncLifetime
{
    private PostgresLeaseStore _leases = null!;
    private string _connection = "";
    private long _timeline;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _connection = await shared.ConnectionAsync(await shared.DatabaseAsync(Token), Token);
        await using (var store = new PostgresStore(new PostgresStoreOptions(_connection, SharedPostgres.MasterKey), TimeProvider.System, NullLogger<PostgresStore>.Instance))
        {
            await store.OpenAsync(Token);
        }

        _leases = new PostgresLeaseStore(new PostgresStoreOptions(_connection, SharedPostgres.MasterKey));
        _timeline = (await _leases.LookAsync(Token)).Timeline;
    }

    public ValueTask DisposeAsync()
    {
        _leases?.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_silo_registers_once_and_is_seen_with_its_beat()
    {
        var instance = Guid.NewGuid();
        var first = await RegisterAsync("a", instance);
        Assert.Equal(first, await RegisterAsync("a", instance));
        var second = await RegisterAsync("b");
        Assert.True(second > first && first > 0);

        var answer = await _leases.BeatAsync(first, 2, Token);
        Assert.True(answer.Renewed);
        Assert.Equal(1, answer.View.Timeline);
        Assert.Equal(Enumerable.Range(0, 256), answer.View.Shards.Select(row => row.Shard));
        Assert.All(answer.View.Shards, row => Assert.Equal((0L, 0L, 0L, 0L), (row.Owner, row.Epoch, row.WantedBy, row.Version)));
        Assert.Equal(
            [new SiloRow(first, "a", "http://a", "z", 2, false, false), new SiloRow(second, "b", "http://b", "z", 1, false, false)], answer.View.Silos.AsEnumerable());
        Assert.False((await _leases.BeatAsync(first, 2, Token)).Renewed);
        Assert.False((await _leases.BeatAsync(first, 1, Token)).Renewed);
        Assert.False((await _leases.BeatAsync(999, 5, Token)).Renewed);
    }

    [Fact]
    public async Task What_is_nobodys_or_a_dead_silos_is_claimed_once()
    {
        var (a, b) = (await RegisterAsync("a"), await RegisterAsync("b"));
        var taken = await ClaimAsync(a, [], [new(0, 0), new(1, 0), new(2, 7)]);
        Assert.Equal([new Fence(0, a, 1, _timeline), new Fence(1, a, 1, _timeline)], taken.Fences);
        Assert.Empty((await ClaimAsync(b, [], [new(0, 0), new(0, 1), new(1, 1)])).Fences);

        // Its beat has moved since it was read: it lives.
        await _leases.BeatAsync(a, 5, Token);
        Assert.Empty((await ClaimAsync(b, [new(a, 1)], [new(0, 1)])).Fences);
        Assert.Equal([new Fence(0, b, 2, _timeline)], (await ClaimAsync(b, [new(a, 5)], [new(0, 1)])).Fences);
        var view = (await _leases.BeatAsync(b, 2, Token)).View;
        Assert.True(view.Silos.Single(silo => silo.Id == a).Dead);
        Assert.Equal((a, 1L), (view.Shards[1].Owner, view.Shards[1].Epoch));
        Assert.False((await _leases.BeatAsync(a, 6, Token)).Renewed);
        Assert.Equal(new ClaimAnswer(false, []), await ClaimAsync(a, [new(b, 2)], [new(1, 1)]), Same);
        Assert.False((await _leases.LookAsync(Token)).Silos.Single(silo => silo.Id == b).Dead);
    }

    [Fact]
    public async Task A_shard_is_handed_to_who_wants_it_and_still_lives()
    {
        var (a, b, c) = (await RegisterAsync("a"), await RegisterAsync("b"), await RegisterAsync("c"));
        await ClaimAsync(a, [], [new(0, 0), new(1, 0), new(2, 0)]);
        Assert.Equal([0, 1], await _leases.BidAsync(b, _timeline, [new(0, 1, 0), new(1, 1, 0), new(2, 9, 0)], Token));
        Assert.Equal([0], await _leases.BidAsync(b, _timeline, [new(0, 1, 0)], Token));
        Assert.Empty(await _leases.BidAsync(c, _timeline, [new(0, 1, 0)], Token));
        Assert.Equal([2], await _leases.BidAsync(c, _timeline, [new(2, 1, 0)], Token));

        await _leases.MarkStoppingAsync(c, Token);
        Assert.Empty(await _leases.BidAsync(c, _timeline, [new(1, 1, b)], Token));
        Assert.Equal([0], await _leases.HandOverAsync(a, _timeline, [new(0, 1, b), new(1, 1, c), new(2, 1, c)], Token));
        var view = await _leases.LookAsync(Token);
        Assert.Equal(new ShardRow(0, b, 2, 0, 0), view.Shards[0]);
        Assert.Equal(new ShardRow(1, a, 1, b, 0), view.Shards[1]);
        Assert.True(view.Silos.Single(silo => silo.Id == c).Stopping);

        await _leases.LeaveAsync(a, Token);
        Assert.Empty(await _leases.HandOverAsync(a, _timeline, [new(1, 1, b)], Token));
        Assert.Equal([new Fence(1, b, 2, _timeline)], (await ClaimAsync(b, [], [new(1, 1)])).Fences);
    }

    [Fact]
    public async Task On_another_timeline_nothing_fits_until_it_is_claimed_anew()
    {
        var (a, b) = (await RegisterAsync("a"), await RegisterAsync("b"));
        await ClaimAsync(a, [], [new(0, 0), new(1, 0)]);
        var other = _timeline + 1;
        Assert.Equal(new ClaimAnswer(true, []), await _leases.ClaimAsync(new ClaimRequest(b, other, [new(a, 1)], [new(5, 0)]), Token), Same);
        Assert.False((await _leases.LookAsync(Token)).Silos[0].Dead);
        Assert.Empty(await _leases.BidAsync(b, other, [new(0, 1, 0)], Token));
        Assert.Empty((await _leases.ReclaimAsync(a, other, [new(0, a, 1)], Token)).Fences);

        // The promoted standby has lost the claim of shard 3 (held: 4), and shard 1 was taken meanwhile (held: 1).
        await ClaimAsync(b, [], [new(3, 0)]);
        var anew = await _leases.ReclaimAsync(a, _timeline, [new(0, a, 1), new(3, a, 4), new(4, a, 0)], Token);
        Assert.Equal([new Fence(0, a, 2, _timeline), new Fence(3, a, 5, _timeline)], anew.Fences);
    }

    [Fact]
    public async Task A_write_is_tried_also_by_who_has_no_row()
    {
        var a = await RegisterAsync("a");
        await _leases.TryWriteAsync(a, Token);
        await _leases.TryWriteAsync(999, Token);
        await _leases.TryWriteAsync(999, Token);
        Assert.Equal(1, (await _leases.LookAsync(Token)).Silos.Single().Beat);
    }

    [Fact]
    public async Task Edits_are_seen_by_their_shards_version()
    {
        await using var store = new PostgresStore(new PostgresStoreOptions(_connection, SharedPostgres.MasterKey), TimeProvider.System, NullLogger<PostgresStore>.Instance);
        await store.OpenAsync(Token);
        var id = (await store.CreateTargetAsync(Target(), By(), Token)).Value!.Id;
        await store.UpdateTargetAsync(id, 1, Target("b"), By(), Token);
        await store.DeleteTargetAsync(id, null, By(), Token);
        var shard = ShardMap.Of(id);
        Assert.Equal(3, (await _leases.LookAsync(Token)).Shards[shard].Version);
        Assert.Equal([new TargetRevision(id, 3, true)], (await _leases.LoadEditsAsync([new MovedShard(shard, 0, 3)], Token)).Targets);
        Assert.Empty((await _leases.LoadEditsAsync([new MovedShard((shard + 1) % 256, 0, 1)], Token)).Targets);
    }

    [Fact]
    public async Task Only_what_was_edited_is_read_and_where_that_does_not_explain_the_version_the_whole_shard()
    {
        await using var store = new PostgresStore(new PostgresStoreOptions(_connection, SharedPostgres.MasterKey), TimeProvider.System, NullLogger<PostgresStore>.Instance);
        await store.OpenAsync(Token);
        var made = await Task.WhenAll(Enumerable.Range(0, 600).Select(_ => store.CreateTargetAsync(Target(), By(), Token)));
        var shard = made.Select(outcome => outcome.Value!).GroupBy(target => target.Shard).First(group => group.Count() >= 2);
        var (one, other) = (shard.First().Id, shard.Last().Id);
        var before = (await _leases.LookAsync(Token)).Shards[shard.Key].Version;

        await store.UpdateTargetAsync(one, 1, Target("b"), By(), Token);
        var edits = await _leases.LoadEditsAsync([new MovedShard(shard.Key, before, before + 1)], Token);
        Assert.Equal([new TargetRevision(one, 2, false)], edits.Targets);
        Assert.Empty(edits.Whole);

        // Its first edit bears no version any more.
        await store.UpdateTargetAsync(one, 2, Target("c"), By(), Token);
        edits = await _leases.LoadEditsAsync([new MovedShard(shard.Key, before, before + 2)], Token);
        Assert.Equal(shard.Select(target => new TargetRevision(target.Id, target.Id == one ? 3 : 1, false)).OrderBy(edit => edit.TargetId), edits.Targets.OrderBy(edit => edit.TargetId));
        Assert.Equal([shard.Key], edits.Whole);
        edits = await _leases.LoadEditsAsync([new MovedShard(shard.Key, before + 1, before + 2)], Token);
        Assert.Equal([new TargetRevision(one, 3, false)], edits.Targets);
        Assert.Empty(edits.Whole);

        // A program of an earlier version edits, and does not note which.
        await using var connection = new NpgsqlConnection(_connection);
        await connection.OpenAsync(Token);
        await using var edit = new NpgsqlCommand(
            "WITH edited AS (UPDATE probe_targets SET revision = 2 WHERE id = $1) UPDATE shard_versions SET version = version + 1 WHERE shard = $2", connection);
        edit.Parameters.Add(new NpgsqlParameter { Value = other });
        edit.Parameters.Add(new NpgsqlParameter { Value = shard.Key });
        await edit.ExecuteNonQueryAsync(Token);
        edits = await _leases.LoadEditsAsync([new MovedShard(shard.Key, before + 2, before + 3)], Token);
        Assert.Contains(new TargetRevision(other, 2, false), edits.Targets);
        Assert.Equal([shard.Key], edits.Whole);
    }

    [Fact]
    public async Task A_silent_store_holds_nobody_up_beyond_the_callers_deadline()
    {
        await using var proxy = new TcpProxy((await shared.ServerAsync(Token)).Port);
        using var leases = new PostgresLeaseStore(
            new PostgresStoreOptions(new NpgsqlConnectionStringBuilder(_connection) { Port = proxy.Port }.ConnectionString, SharedPostgres.MasterKey));
        var a = await leases.RegisterAsync(new SiloIdentity("a", "z", "http://a", Start), Guid.NewGuid(), Token);
        proxy.Hold();
        for (var beat = 2; beat < 8; beat++)
        {
            using var deadline = new CancellationTokenSource(TimeSpan.FromMilliseconds(500), TimeProvider.System);
            var began = Stopwatch.GetTimestamp();
            await Assert.ThrowsAnyAsync<Exception>(() => leases.BeatAsync(a, beat, deadline.Token));
            Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 2.5);
        }

        proxy.Heal();
        await Eventually.TrueAsync("it beats again", async () =>
        {
            try
            {
                return (await leases.BeatAsync(a, 100, Token)).Renewed || (await leases.LookAsync(Token)).Silos.Single(silo => silo.Id == a).Beat == 100;
            }
            catch (StoreUnavailableException)
            {
                return false;
            }
        }, Token);
    }

    private static IEqualityComparer<ClaimAnswer> Same { get; } =
        EqualityComparer<ClaimAnswer>.Create((x, y) => x!.Alive == y!.Alive && x.Fences.SequenceEqual(y.Fences));

    private Task<long> RegisterAsync(string name, Guid? instance = null) =>
        _leases.RegisterAsync(new SiloIdentity(name, "z", $"http://{name}", Start), instance ?? Guid.NewGuid(), Token);

    private Task<ClaimAnswer> ClaimAsync(long silo, IReadOnlyList<SiloSeen> dead, IReadOnlyList<ShardSeen> shards) =>
        _leases.ClaimAsync(new ClaimRequest(silo, _timeline, dead, shards), Token);
}
