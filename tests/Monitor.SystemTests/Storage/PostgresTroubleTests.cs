using Microsoft.Extensions.Logging.Abstractions;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Core.Targets;
using Monitor.Storage.Postgres;
using Monitor.Tests.Shared;
using Npgsql;
using Xunit;
using static Monitor.Tests.Shared.StoreExamples;

namespace Monitor.SystemTests.Storage;

/// <summary>What several silos and their operator meet on one PostgreSQL.</summary>
public sealed class PostgresTroubleTests(SharedPostgres shared)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Silos_that_start_together_on_an_empty_database_agree_on_one_key_ring_and_one_secret()
    {
        var connection = await shared.ConnectionAsync(await shared.DatabaseAsync(Token), Token);
        var stores = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => OpenAsync(connection), Token)));
        Assert.Single(stores.Select(store => Convert.ToHexString(store.InstallationSecret)).Distinct(StringComparer.Ordinal));
        foreach (var store in stores)
        {
            var id = (await store.CreateTargetAsync(WithSecret(), By(), Token)).Value!.Id;
            foreach (var other in stores)
            {
                Assert.Equal(WithSecret().Config, (await other.LoadTargetAsync(id, Token))!.Target.Settings.Config);
            }
        }

        await CloseAsync(stores);
    }

    [Fact]
    public async Task Another_master_key_is_refused_in_one_line()
    {
        var connection = await shared.ConnectionAsync(await shared.DatabaseAsync(Token), Token);
        await CloseAsync(await OpenAsync(connection));
        var refused = await Assert.ThrowsAsync<StoreRefusedException>(() => OpenAsync(connection, new byte[32]));
        Assert.Equal("Secrets:MasterKey is not the one that the key ring in the database was made with: every silo must be given the same", refused.Message);
    }

    [Fact]
    public async Task No_secret_is_readable_in_the_database()
    {
        var database = await shared.DatabaseAsync(Token);
        var store = await OpenAsync(await shared.ConnectionAsync(database, Token));
        await store.CreateTargetAsync(WithSecret(), By(), Token);
        await store.CreateChannelAsync(Channel(), By(), Token);
        var server = await shared.ServerAsync(Token);
        var all = await server.ScalarAsync<string>(
            """
            SELECT string_agg(t.x, E'\n') FROM (SELECT k::text AS x FROM key_ring k UNION ALL SELECT p::text FROM probe_targets p UNION ALL SELECT c::text FROM notify_channels c
            UNION ALL SELECT encode(wrapped, 'escape') FROM key_ring) t
            """,
            Token, database);
        Assert.DoesNotContain("s3cret", all!, StringComparison.Ordinal);
        Assert.DoesNotContain("masterKey", all, StringComparison.OrdinalIgnoreCase);
        await CloseAsync(store);
    }

    [Fact]
    public async Task A_schema_that_only_grew_is_used_and_one_that_this_version_is_too_old_for_is_refused()
    {
        var database = await shared.DatabaseAsync(Token);
        var connection = await shared.ConnectionAsync(database, Token);
        await CloseAsync(await OpenAsync(connection));
        var server = await shared.ServerAsync(Token);
        await server.ExecuteAsync("INSERT INTO schema_versions (version, min_program, applied_at) VALUES (7, 1, 0); ALTER TABLE probe_targets ADD COLUMN later text", Token, database);
        var store = await OpenAsync(connection);
        await store.CreateTargetAsync(Target(), By(), Token);
        await CloseAsync(store);

        await server.ExecuteAsync("INSERT INTO schema_versions (version, min_program, applied_at) VALUES (8, 8, 0)", Token, database);
        var refused = await Assert.ThrowsAsync<StoreRefusedException>(() => OpenAsync(connection));
        Assert.Equal(
            "this version is too old for the database: its schema 8 needs a program that knows schema 8, this one knows 3; start the newer version", refused.Message);
    }

    [Fact]
    public async Task A_database_of_another_program_is_left_alone()
    {
        var database = await shared.DatabaseAsync(Token);
        await (await shared.ServerAsync(Token)).ExecuteAsync("CREATE TABLE songs (name text)", Token, database);
        var connection = await shared.ConnectionAsync(database, Token);
        var refused = await Assert.ThrowsAsync<StoreRefusedException>(() => OpenAsync(connection));
        Assert.Contains("another program (songs)", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_an_extension_brought_is_no_other_program()
    {
        var database = await shared.DatabaseAsync(Token);
        await (await shared.ServerAsync(Token)).ExecuteAsync("CREATE EXTENSION pg_stat_statements", Token, database);
        var store = await OpenAsync(await shared.ConnectionAsync(database, Token));
        await store.CreateTargetAsync(Target(), By(), Token);
        await CloseAsync(store);
    }

    [Theory]
    [InlineData("Host=127.0.0.1;Prot=5432", "not valid")]
    [InlineData("Database=x", "names no Host")]
    public async Task A_connection_string_that_cannot_be_used_is_refused_without_quoting_it(string connection, string why)
    {
        var refused = await Assert.ThrowsAsync<StoreRefusedException>(() => OpenAsync(connection));
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_who_may_do_nothing_but_own_the_database_is_enough()
    {
        var server = await shared.ServerAsync(Token);
        var database = await shared.DatabaseAsync(Token);
        await server.ExecuteAsync($"CREATE ROLE plain_{database} LOGIN", Token);
        await server.ExecuteAsync($"ALTER DATABASE {database} OWNER TO plain_{database}", Token);
        var store = await OpenAsync(server.ConnectionString($"plain_{database}", database));
        var fences = await StorePorts.Of(store).ClaimAsync(Token);
        var id = (await store.CreateTargetAsync(Target(), By(), Token)).Value!.Id;
        Assert.Equal([StateOutcome.Committed], await store.CommitAsync(Batch([Ok(id, Start)], [Write(fences[ShardMap.Of(id)], id, 0, Healthy(Start))]), Token));
        await MaintainAsync(store, Start.AddHours(1));
        await CloseAsync(store);

        // A user who may not even make tables is told so (before version 15 everybody might).
        var other = await shared.DatabaseAsync(Token);
        await server.ExecuteAsync("REVOKE CREATE ON SCHEMA public FROM PUBLIC", Token, other);
        var refused = await Assert.ThrowsAsync<StoreRefusedException>(() => OpenAsync(server.ConnectionString($"plain_{database}", other)));
        Assert.StartsWith("the database does not allow it", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_commit_whose_answer_was_lost_is_taken_as_written_when_it_is_given_again()
    {
        var database = await shared.DatabaseAsync(Token);
        var server = await shared.ServerAsync(Token);
        await using var proxy = new TcpProxy(server.Port);
        var store = await OpenAsync(Through(await shared.ConnectionAsync(database, Token), proxy.Port));
        var fences = await StorePorts.Of(store).ClaimAsync(Token);
        var id = (await store.CreateTargetAsync(Target(), By(), Token)).Value!.Id;
        var channel = (await store.CreateChannelAsync(Channel(), By(), Token)).Value!.Id;
        var batch = Batch(
            [Failed(id, Start)], [Write(fences[ShardMap.Of(id)], id, 0, Healthy(Start), [Alert(id, 1, Start)], [Delivery(id, 1, channel, Start)])],
            [new DeliveryWrite([], [new Core.Alerts.SendSlot("r", "m", Start, Start)])]);

        // Its silo's name has been given a number before: what is lost is the answer to the commit itself.
        await store.CommitAsync(Batch([Ok(id, Start.AddSeconds(-1))]), Token);
        proxy.DropAnswers();
        var commit = store.CommitAsync(batch, Token);
        await Eventually.TrueAsync(
            "the server has committed", async () => await server.ScalarAsync<long>("SELECT count(*) FROM target_states", Token, database) == 1, Token);
        Assert.False(commit.IsCompleted);
        proxy.Cut();
        var lost = await Assert.ThrowsAsync<StoreUnavailableException>(() => commit);
        Assert.Equal(lost.Line, store.WriteTrouble);

        proxy.Heal();
        Assert.Equal([StateOutcome.Committed, StateOutcome.Committed], await store.CommitAsync(batch, Token));
        Assert.Null(store.WriteTrouble);
        Assert.Equal(1, (await store.LoadTargetAsync(id, Token))!.Version);
        Assert.Equal(2, (await store.ListResultsAsync(new ResultQuery(id, null, null, null), Token)).Items.Count);
        Assert.Single(Assert.Single((await store.ListAlertsAsync(new AlertQuery(null, null, id, null, null), Token)).Items).Deliveries);
        await CloseAsync(store);
    }

    [Fact]
    public async Task A_way_that_goes_silent_is_told_as_trouble_and_found_again()
    {
        var database = await shared.DatabaseAsync(Token);
        await using var proxy = new TcpProxy((await shared.ServerAsync(Token)).Port);
        var store = await OpenAsync(Through(await shared.ConnectionAsync(database, Token), proxy.Port));
        proxy.Hold();
        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.CommitAsync(Batch(deliveries: [new DeliveryWrite([], [new Core.Alerts.SendSlot("r", "m", Start, null)])]), Token));
        Assert.Equal("the database does not answer in time", store.WriteTrouble?.English);
        proxy.Heal();
        await store.ProbeWriteAsync(Token);
        Assert.Null(store.WriteTrouble);
        proxy.Cut();
        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.ProbeWriteAsync(Token));
        await CloseAsync(store);
    }

    [Fact]
    public async Task A_text_that_the_database_cannot_hold_costs_a_character_and_not_the_batch()
    {
        var store = await OpenAsync(await shared.ConnectionAsync(await shared.DatabaseAsync(Token), Token));
        var fences = await StorePorts.Of(store).ClaimAsync(Token);
        var settings = Target("a\0b") with { Labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["k"] = "x\0" } };
        var id = (await store.CreateTargetAsync(settings, By(), Token)).Value!.Id;
        var odd = Failed(id, Start) with { Message = "said \0 and \ud800 and 😀", Warnings = ["w\0"] };
        await store.CommitAsync(Batch([odd]), Token);
        await store.CommitAsync(Batch([odd with { CheckedAt = Start.AddSeconds(1) }], [Write(fences[ShardMap.Of(id)], id, 0, Healthy(Start), [Alert(id, 1, Start) with { Message = "\0" }])]), Token);
        Assert.All(
            (await store.ListResultsAsync(new ResultQuery(id, null, null, null), Token)).Items,
            result => Assert.Equal("said \ufffd and \ufffd and 😀", result.Message));
        Assert.Equal("a\ufffdb", (await store.FindTargetAsync(id, Token))!.Target.Settings.Name);
        await CloseAsync(store);
    }

    [Fact]
    public async Task Two_edits_at_once_make_one_thing_once()
    {
        var connection = await shared.ConnectionAsync(await shared.DatabaseAsync(Token), Token);
        var stores = new[] { await OpenAsync(connection), await OpenAsync(connection) };
        var edit = By(claim: new IdempotencyClaim("1", "key", "hash"));
        var same = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => stores[i % 2].CreateTargetAsync(Target(), edit, Token)));
        Assert.Single(same, outcome => outcome.Problem == EditProblem.None);
        Assert.Single(same.Select(outcome => outcome.Value!.Id).Distinct());

        var external = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => stores[i % 2].CreateTargetAsync(Target() with { ExternalId = "x" }, By(), Token)));
        Assert.Single(external, outcome => outcome.Problem == EditProblem.None);
        Assert.Equal(15, external.Count(outcome => outcome.Problem == EditProblem.ExternalIdTaken));

        var id = same[0].Value!.Id;
        var updates = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => stores[i % 2].UpdateTargetAsync(id, 1, Target($"n{i}"), By(), Token)));
        Assert.Single(updates, outcome => outcome.Problem == EditProblem.None);
        await CloseAsync(stores);
    }

    [Fact]
    public async Task Silos_that_keep_the_store_together_lose_and_double_nothing()
    {
        var connection = await shared.ConnectionAsync(await shared.DatabaseAsync(Token), Token);
        var stores = new[] { await OpenAsync(connection), await OpenAsync(connection), await OpenAsync(connection) };
        var ids = new List<long>();
        for (var i = 0; i < 30; i++)
        {
            ids.Add((await stores[0].CreateTargetAsync(Target(), By(), Token)).Value!.Id);
        }

        await stores[0].CommitAsync(Batch([.. ids.SelectMany(id => Enumerable.Range(0, 400).Select(i => Ok(id, Start.AddSeconds(3 * i))))]), Token);
        var upkeep = stores.Select(store => Task.Run(() => MaintainAsync(store, Start.AddHours(1)), Token)).ToList();
        upkeep.Add(Task.Run(
            async () =>
            {
                foreach (var id in ids)
                {
                    await stores[1].CommitAsync(Batch([Ok(id, Start.AddSeconds(1)), Ok(id, Start)]), Token);
                }
            },
            Token));
        await Task.WhenAll(upkeep);
        await MaintainAsync(stores[2], Start.AddHours(2));
        foreach (var id in ids)
        {
            Assert.Equal(401, (await stores[1].UptimeAsync(id, Start.AddHours(-1), Start.AddHours(3), Token)).Checks);
        }

        await CloseAsync(stores);
    }

    [Fact]
    public async Task Partitions_are_made_ahead_and_dropped_by_age()
    {
        var database = await shared.DatabaseAsync(Token);
        var server = await shared.ServerAsync(Token);
        var store = await OpenAsync(await shared.ConnectionAsync(database, Token));
        var id = (await store.CreateTargetAsync(Target(), By(), Token)).Value!.Id;
        await store.CommitAsync(Batch([Ok(id, Start), Ok(id, Start.AddDays(1))]), Token);
        await MaintainAsync(store, Start.AddDays(1).AddHours(1));
        var names = await PartitionsAsync(server, database);
        foreach (var day in new[] { "20260301", "20260302", "20260303", "20260304", "20260305", "20260306" })
        {
            Assert.Contains("probe_results_" + day, names);
            Assert.Contains("result_blocks_" + day, names);
        }

        Assert.Equal(0, await server.ScalarAsync<long>("SELECT count(*) FROM probe_results", Token, database));
        await MaintainAsync(store, Start.AddDays(8).AddHours(13));
        names = await PartitionsAsync(server, database);
        Assert.DoesNotContain("result_blocks_20260301", names);
        Assert.DoesNotContain("probe_results_20260302", names);
        Assert.Contains("result_blocks_20260302", names);
        Assert.Equal(Start.AddDays(1), Assert.Single((await store.ListResultsAsync(new ResultQuery(id, null, null, null), Token)).Items).CheckedAt);
        await CloseAsync(store);
    }

    private static async Task<string> PartitionsAsync(PostgresServer server, string database) =>
        (await server.ScalarAsync<string>("SELECT string_agg(inhrelid::regclass::text, ' ') FROM pg_inherits", Token, database))!;

    private static TargetSettings WithSecret() =>
        Target("secret") with { Config = """{"password":"s3cret"}""", MaskedConfig = """{"password":"******"}""" };

    private static string Through(string connection, int port) => new NpgsqlConnectionStringBuilder(connection) { Port = port }.ConnectionString;

    private static async Task<PostgresStore> OpenAsync(string connection, byte[]? masterKey = null)
    {
        var store = new PostgresStore(new PostgresStoreOptions(connection, masterKey ?? SharedPostgres.MasterKey), TimeProvider.System, NullLogger<PostgresStore>.Instance);
        try
        {
            await store.OpenAsync(Token);
            return store;
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    private static async Task CloseAsync(params PostgresStore[] stores)
    {
        foreach (var store in stores)
        {
            await store.DisposeAsync();
        }
    }

    private static async Task MaintainAsync(PostgresStore store, DateTimeOffset now)
    {
        while (await store.MaintainAsync(now, new Retention(TimeSpan.FromDays(7), TimeSpan.FromDays(400), TimeSpan.FromDays(400)), Token))
        {
        }
    }
}
