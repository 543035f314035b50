using System.Diagnostics.CodeAnalysis;
using System.Runtime.Versioning;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Monitor.Core.Ports;
using Monitor.Core.Targets;
using Monitor.Storage.Sqlite;
using Monitor.Tests.Shared;
using Xunit;
using static Monitor.Tests.Shared.StoreExamples;

namespace Monitor.SystemTests.Storage;

/// <summary>What an operator meets: a store that must not be opened, cannot be written, or has lost its keys.</summary>
public sealed class SqliteTroubleTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("monitor-store-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private SqliteOptions Options => new(_folder);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_second_opener_is_told_that_the_folder_is_in_use()
    {
        using var first = await OpenAsync(_folder);
        var refused = await RefusedAsync(_folder);
        Assert.Equal($"the folder {_folder} is in use by another process", refused.Message);
        first.Dispose();
        using var second = await OpenAsync(_folder);
    }

    [Fact]
    public async Task A_schema_of_a_newer_version_is_refused_with_both_numbers()
    {
        (await OpenAsync(_folder)).Dispose();
        Alter("INSERT INTO schema_versions (version, applied_at) VALUES (7, 0)");
        Assert.StartsWith("the store was written by a newer version (schema 7, this version knows 2)", (await RefusedAsync(_folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_of_the_first_schema_keeps_its_open_results()
    {
        (await OpenAsync(_folder)).Dispose();
        Alter(
            """
            DROP TABLE probe_results;
            CREATE TABLE probe_results (
                target_id INTEGER NOT NULL, checked_at INTEGER NOT NULL, flags INTEGER NOT NULL, latency_us INTEGER NOT NULL, origin INTEGER NOT NULL,
                message TEXT NOT NULL, details TEXT, metrics BLOB, PRIMARY KEY (target_id, checked_at)) WITHOUT ROWID;
            INSERT INTO origins (id, silo, zone) VALUES (1, 'silo-1', 'default');
            INSERT INTO probe_results (target_id, checked_at, flags, latency_us, origin, message) VALUES (1, 1700000000000000, 64, 1500, 1, 'up'), (1, 1700000007000000, 64, 1600, 1, 'up');
            DELETE FROM schema_versions WHERE version = 2;
            """);
        using var store = await OpenAsync(_folder);
        var results = await store.ListResultsAsync(new ResultQuery(1, null, null, null), Token);
        Assert.Equal([1.6, 1.5], results.Items.Select(result => result.Latency.TotalMilliseconds));
    }

    [Theory]
    [InlineData("this is no database at all, but a text that somebody has put here, long enough to be read as a header")]
    [InlineData("SQLite format 3\0 and then nothing that makes sense, but long enough to be taken for the whole of a header of one hundred bytes")]
    public async Task A_file_that_is_no_database_is_refused(string content)
    {
        await File.WriteAllTextAsync(Options.DatabasePath, content, Token);
        Assert.Contains("damaged or not a database", (await RefusedAsync(_folder)).Message, StringComparison.Ordinal);
        Assert.Equal(content, await File.ReadAllTextAsync(Options.DatabasePath, Token));
    }

    [Fact]
    public async Task A_database_that_has_lost_its_end_is_refused()
    {
        (await OpenAsync(_folder)).Dispose();
        await using (var file = new FileStream(Options.DatabasePath, FileMode.Open))
        {
            file.SetLength(file.Length - 8_192);
        }

        Assert.Contains("damaged", (await RefusedAsync(_folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_of_another_program_is_left_alone()
    {
        Alter("CREATE TABLE songs (name TEXT)");
        Assert.Contains("another program", (await RefusedAsync(_folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_whose_path_is_a_file_is_refused()
    {
        var path = Path.Combine(_folder, "file");
        await File.WriteAllTextAsync(path, "", Token);
        Assert.Contains(path, (await RefusedAsync(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public async Task Files_are_readable_by_their_owner_only_and_hold_no_secret()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "modes are those of Unix");
        using (var store = await OpenAsync(_folder))
        {
            await store.CreateChannelAsync(Channel(), By(), Token);
            await store.CreateTargetAsync(WithSecret(), By(), Token);
            const UnixFileMode Others = ~(UnixFileMode.UserRead | UnixFileMode.UserWrite);
            var files = Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories).ToArray();
            Assert.Contains(files, file => file.EndsWith("-wal", StringComparison.Ordinal));
            Assert.All(files, file => Assert.Equal((UnixFileMode)0, File.GetUnixFileMode(file) & Others));
        }

        foreach (var file in Directory.EnumerateFiles(_folder))
        {
            Assert.DoesNotContain("s3cret", await File.ReadAllTextAsync(file, System.Text.Encoding.Latin1, Token), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_key_ring_that_cannot_open_the_secrets_is_told_and_such_targets_are_not_probed_without_them()
    {
        long id;
        using (var store = await OpenAsync(_folder))
        {
            id = (await store.CreateTargetAsync(WithSecret(), By(), Token)).Value!.Id;
            await store.CreateTargetAsync(Target("plain"), By(), Token);
        }

        Directory.Delete(Options.KeyFolder, recursive: true);
        using (var store = await OpenAsync(_folder))
        {
            Assert.Contains($"1 target ({id})", Assert.Single(store.Reasons()).English, StringComparison.Ordinal);
            Assert.Equal("plain", Assert.Single(await store.LoadTargetsAsync([.. Enumerable.Range(0, 256)], Token)).Target.Settings.Name);
            var shown = (await store.FindTargetAsync(id, Token))!.Target;
            Assert.Equal(("{}", WithSecret().MaskedConfig), (shown.Settings.Config, shown.Settings.MaskedConfig));
            await store.UpdateTargetAsync(id, 1, WithSecret(), By(), Token);
            Assert.Empty(store.Reasons());
            Assert.Equal(WithSecret().Config, (await store.LoadTargetAsync(id, Token))!.Target.Settings.Config);
        }
    }

    [Fact]
    public async Task A_full_disk_loses_nothing_that_was_confirmed_and_reads_go_on()
    {
        await using var disk = await SmallDisk.MountAsync(4, Token);
        Assert.SkipWhen(disk is null, "this user may not mount a file system of its own");
        var folder = Path.Combine(disk!.Path, "data");
        var confirmed = new List<long>();
        using (var store = await OpenAsync(folder))
        {
            var ballast = Path.Combine(disk.Path, "ballast");
            await File.WriteAllBytesAsync(ballast, new byte[1_000_000], Token);
            StoreUnavailableException? full = null;
            while (full is null)
            {
                try
                {
                    var settings = Target(new string('n', 200)) with { Config = "{}" + new string(' ', 4_000) };
                    confirmed.Add((await store.CreateTargetAsync(settings, By(), Token)).Value!.Id);
                }
                catch (StoreUnavailableException e)
                {
                    full = e;
                }
            }

            Assert.Equal("the disk is full: the store cannot be written", full.Message);
            Assert.Equal(full.Line, store.WriteTrouble);
            Assert.Equal(confirmed.Count, (await store.ListTargetsAsync(new TargetQuery(), Token)).Total);

            File.Delete(ballast);
            await store.ProbeWriteAsync(Token);
            Assert.Null(store.WriteTrouble);
            confirmed.Add((await store.CreateTargetAsync(Target(), By(), Token)).Value!.Id);
        }

        using (var again = await OpenAsync(folder))
        {
            Assert.Equal(confirmed, (await again.LoadTargetsAsync([.. Enumerable.Range(0, 256)], Token)).Select(stored => stored.Target.Id));
        }
    }

    [Fact]
    public async Task A_read_only_folder_is_refused_in_one_line()
    {
        await using var disk = await SmallDisk.MountAsync(4, Token);
        Assert.SkipWhen(disk is null, "this user may not mount a file system of its own");
        (await OpenAsync(disk!.Path)).Dispose();
        Assert.True(await disk.MakeReadOnlyAsync(Token));
        var refused = await RefusedAsync(disk.Path);
        Assert.Contains(disk.Path, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("in use", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }

    [Fact]
    public async Task One_callers_cancellation_or_refusal_does_not_undo_what_waits_with_it()
    {
        using var store = await OpenAsync(_folder);
        using var canceled = new CancellationTokenSource();
        await canceled.CancelAsync();
        var edits = Enumerable.Range(0, 200).Select(i => i % 3 == 0
            ? store.CreateTargetAsync(Target() with { ChannelIds = [99] }, By(), Token)
            : store.CreateTargetAsync(Target(), By(), Token)).ToArray();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.CreateTargetAsync(Target(), By(), canceled.Token));
        var outcomes = await Task.WhenAll(edits);
        Assert.Equal(67, outcomes.Count(outcome => outcome.Problem == EditProblem.UnknownChannel));
        Assert.Equal(133, (await store.ListTargetsAsync(new TargetQuery(), Token)).Total);
        Assert.Equal(133, outcomes.Select(outcome => outcome.Value?.Id).OfType<long>().Distinct().Count());
    }

    private static TargetSettings WithSecret() =>
        Target("secret") with { Config = """{"password":"s3cret"}""", MaskedConfig = """{"password":"******"}""" };

    private static async Task<SqliteStore> OpenAsync(string folder)
    {
        var store = new SqliteStore(new SqliteOptions(folder), TimeProvider.System, NullLogger<SqliteStore>.Instance);
        await store.OpenAsync(Token);
        return store;
    }

    private static Task<StoreRefusedException> RefusedAsync(string folder) => Assert.ThrowsAsync<StoreRefusedException>(() => OpenAsync(folder));

    [SuppressMessage("Security", "CA2100", Justification = "A constant of this test.")]
    private void Alter(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Options.DatabasePath};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
