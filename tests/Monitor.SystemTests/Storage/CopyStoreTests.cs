using Microsoft.Extensions.Logging.Abstractions;
using Monitor.Core.Alerts;
using Monitor.Core.Ports;
using Monitor.Core.Shards;
using Monitor.Storage.Copying;
using Monitor.Storage.Postgres;
using Monitor.Storage.Sqlite;
using Monitor.Tests.Shared;
using Xunit;
using static Monitor.Tests.Shared.StoreExamples;

namespace Monitor.SystemTests.Storage;

/// <summary>Moving up from SQLite: everything arrives, or nothing.</summary>
public sealed class CopyStoreTests(SharedPostgres shared) : IDisposable
{
    private readonly TempDir _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Everything_arrives_with_its_ids_secrets_and_open_episodes()
    {
        var secret = Array.Empty<byte>();
        long last;
        StoreView before;
        using (var source = await SqliteAsync())
        {
            last = await FillAsync(source);
            secret = source.InstallationSecret;
            before = await StoreView.OfAsync(source);
        }

        var connection = await shared.ConnectionAsync(await shared.DatabaseAsync(Token), Token);
        var options = new PostgresStoreOptions(connection, SharedPostgres.MasterKey);
        var lines = new List<string>();
        var counts = await new StoreCopy(new SqliteOptions(_folder.Folder), options, TimeProvider.System).RunAsync(lines.Add, Token);
        Assert.Equal((4, 2, 2, 1), ((int)counts["probe_targets"], (int)counts["notify_channels"], (int)counts["alert_records"], (int)counts["tokens"]));
        Assert.True(counts["result_blocks"] > 0 && counts["probe_results"] > 0 && counts["rollups"] > 0);
        Assert.Contains("alert_records: 2", lines);

        await using var target = new PostgresStore(options, TimeProvider.System, NullLogger<PostgresStore>.Instance);
        await target.OpenAsync(Token);
        Assert.Equal(secret, target.InstallationSecret);
        Assert.Empty(target.Reasons());
        Assert.Equivalent(before, await StoreView.OfAsync(target), strict: true);

        // It goes on where the old one ended: numbers beyond those of what was deleted, the open episode under its owner.
        var fences = await StorePorts.Of(target).ClaimAsync(Token);
        Assert.True((await target.CreateTargetAsync(Target(), By(), Token)).Value!.Id > last);
        var open = Assert.Single((await target.ListAlertsAsync(new AlertQuery(true, null, null, null, null), Token)).Items).Alert;
        var stored = (await target.LoadTargetAsync(open.TargetId, Token))!;
        var over = open with { ResolvedAt = Start.AddHours(9), ResolvedReason = ResolvedReason.Recovered };
        Assert.Equal(
            [StateOutcome.Committed],
            await target.CommitAsync(Batch(states: [Write(fences[ShardMap.Of(open.TargetId)], open.TargetId, stored.Version, Healthy(Start), [over])]), Token));
        Assert.Empty((await target.ListAlertsAsync(new AlertQuery(true, null, null, null, null), Token)).Items);

        var again = await Assert.ThrowsAsync<StoreRefusedException>(
            () => new StoreCopy(new SqliteOptions(_folder.Folder), options, TimeProvider.System).RunAsync(lines.Add, Token));
        Assert.StartsWith("the database is not empty", again.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_that_is_in_use_or_not_there_is_not_copied()
    {
        var options = new PostgresStoreOptions(await shared.ConnectionAsync(await shared.DatabaseAsync(Token), Token), SharedPostgres.MasterKey);
        var missing = await Assert.ThrowsAsync<StoreRefusedException>(
            () => new StoreCopy(new SqliteOptions(_folder.File("nowhere")), options, TimeProvider.System).RunAsync(_ => { }, Token));
        Assert.StartsWith("there is no store in", missing.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.File("nowhere")));

        using var running = await SqliteAsync();
        var used = await Assert.ThrowsAsync<StoreRefusedException>(
            () => new StoreCopy(new SqliteOptions(_folder.Folder), options, TimeProvider.System).RunAsync(_ => { }, Token));
        Assert.EndsWith("in use by another process", used.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_copies_and_says_so()
    {
        using (var source = await SqliteAsync())
        {
            await FillAsync(source);
        }

        var connection = await shared.ConnectionAsync(await shared.DatabaseAsync(Token), Token);
        await using var refused = await ChildProcess.StartAsync(
            "dotnet", [Path.Combine(AppContext.BaseDirectory, "silo.dll"), "copy-store", "--from", _folder.Folder, "--to", connection]);
        Assert.Equal(2, await refused.WaitForExitAsync(Token));
        Assert.Contains("Secrets:MasterKey must be set", refused.Output, StringComparison.Ordinal);

        await using var copy = await ChildProcess.StartAsync(
            "dotnet",
            [
                Path.Combine(AppContext.BaseDirectory, "silo.dll"), "copy-store", "--from", _folder.Folder, "--to", connection,
                $"--Secrets:MasterKey={Convert.ToBase64String(SharedPostgres.MasterKey)}",
            ]);
        Assert.Equal(0, await copy.WaitForExitAsync(Token));
        Assert.Contains("probe_targets: 4", copy.Output, StringComparison.Ordinal);
        Assert.Contains("the counts agree", copy.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", copy.Output, StringComparison.Ordinal);
    }

    private async Task<SqliteStore> SqliteAsync()
    {
        var store = new SqliteStore(new SqliteOptions(_folder.Folder), TimeProvider.System, NullLogger<SqliteStore>.Instance);
        await store.OpenAsync(Token);
        return store;
    }

    /// <summary>One of everything; answers the highest id that was ever given to a target, and which is gone.</summary>
    private static async Task<long> FillAsync(SqliteStore store)
    {
        var fences = await StorePorts.Of(store).ClaimAsync(Token);
        var channels = new[] { (await store.CreateChannelAsync(Channel() with { IsDefault = true }, By(), Token)).Value!.Id, (await store.CreateChannelAsync(Channel("b"), By(), Token)).Value!.Id };
        var ids = new List<long>();
        foreach (var name in new[] { "网关", "secret", "off", "tombstone", "gone" })
        {
            var settings = Target(name) with
            {
                Config = """{"password":"s3cret"}""",
                MaskedConfig = """{"password":"******"}""",
                Labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["team"] = name },
                ChannelIds = [channels[1], channels[0]],
                Enabled = name != "off",
                ExternalId = "ext-" + name,
            };
            ids.Add((await store.CreateTargetAsync(settings, By(claim: new IdempotencyClaim("1", name, "h")), Token)).Value!.Id);
        }

        await store.CommitAsync(
            Batch(
                [.. Enumerable.Range(0, 300).Select(i => i % 7 == 3 ? Failed(ids[0], Start.AddSeconds(30 * i)) : Ok(ids[0], Start.AddSeconds(30 * i)) with { Metrics = HttpMetrics })],
                [
                    Write(fences[ShardMap.Of(ids[0])], ids[0], 0, Healthy(Start), [Alert(ids[0], 1, Start)], [Delivery(ids[0], 1, channels[0], Start)]) with { Memory = new byte[] { 1, 2 } },
                    Write(
                        fences[ShardMap.Of(ids[1])], ids[1], 0, Healthy(Start),
                        [Alert(ids[1], 3, Start) with { ResolvedAt = Start.AddMinutes(1), ResolvedReason = ResolvedReason.Recovered, ToldAs = 2 }]),
                ],
                [new DeliveryWrite([Delivery(ids[0], 1, channels[0], Start) with { Status = DeliveryStatus.Sent, SentAt = Start }], [new SendSlot("robot", "m", Start, Start)])]),
            Token);
        while (await store.MaintainAsync(Start.AddMinutes(100), new Retention(TimeSpan.FromDays(7), TimeSpan.FromDays(400), TimeSpan.FromDays(400)), Token))
        {
        }

        await store.CommitAsync(Batch([Ok(ids[1], Start.AddMinutes(99))]), Token);
        await store.CreateTokenAsync("ci", Role.Editor, "ab12", Start.AddDays(1), By(), Token);
        await store.DeleteTargetAsync(ids[3], null, By(), Token);
        await store.DeleteTargetAsync(ids[4], null, By(), Token);
        await store.CommitAsync(Batch(states: [Write(fences[ShardMap.Of(ids[4])], ids[4], 0, Healthy(Start)) with { RemoveTarget = true }]), Token);
        return ids[4];
    }

    /// <summary>Everything that the ports show.</summary>
    private sealed record StoreView(
        IReadOnlyList<StoredTarget> Stored, IReadOnlyList<object> Shown, IReadOnlyList<object> Results, IReadOnlyList<object> Alerts, IReadOnlyList<object> Figures,
        IReadOnlyList<object> Others)
    {
        public static async Task<StoreView> OfAsync<T>(T store)
            where T : IGrainStore, ITargetStore, IHistoryStore, ITokenStore
        {
            var stored = await store.LoadTargetsAsync([.. Enumerable.Range(0, 256)], Token);
            var results = new List<object>();
            var figures = new List<object>();
            foreach (var target in stored.Select(target => target.Target.Id))
            {
                results.AddRange((await store.ListResultsAsync(new ResultQuery(target, null, null, null, 1_000), Token)).Items);
                figures.Add(await store.UptimeAsync(target, Start.AddHours(-1), Start.AddHours(5), Token));
                figures.AddRange(await store.HistoryAsync(target, Start.AddHours(-1), Start.AddHours(5), TimeSpan.FromMinutes(5), Token));
            }

            return new StoreView(
                stored,
                [.. (await store.ListTargetsAsync(new TargetQuery { Sort = TargetSort.Name }, Token)).Items, .. await store.LoadChannelsAsync(Token)],
                results,
                [.. (await store.ListAlertsAsync(new AlertQuery(null, null, null, null, null), Token)).Items],
                figures,
                [
                    .. await store.LoadTokensAsync(Token), .. (await store.LoadSendsAsync(Start.AddHours(-1), Token)).Cast<object>(),
                    (await store.CreateTargetAsync(Target(), By(claim: new IdempotencyClaim("1", "网关", "h")), Token)).Problem,
                ]);
        }
    }
}
