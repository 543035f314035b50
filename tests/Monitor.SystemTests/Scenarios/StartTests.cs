using System.Net;
using Microsoft.Data.Sqlite;
using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Scenarios;

/// <summary>Starting and stopping, well and badly: a start that cannot go well says why in one line.</summary>
public sealed class StartTests
{
    [Fact]
    public async Task The_first_start_says_where_it_listens_and_tells_the_token_once()
    {
        using var folder = new TempDir();
        var settings = new SiloSettings { Folder = folder.Folder, TokenIsSet = false };
        string token;
        await using (var first = await SiloProcess.StartAsync(settings, Scene.Token))
        {
            Assert.Contains(settings.Address, first.Output, StringComparison.Ordinal);
            token = await TokenInAsync(first);
            await first.Process.TerminateAsync(Scene.Token);
        }

        await using var second = await SiloProcess.StartAsync(settings, Scene.Token);
        Assert.DoesNotContain(token, second.Output, StringComparison.Ordinal);
        using var api = new ApiClient(settings.Address, token);
        await api.GetAsync("/api/v1/targets", Scene.Token);
    }

    [Fact]
    public async Task SIGTERM_ends_it_with_0_within_ten_seconds_whatever_hangs()
    {
        await using var hanging = TcpServer.Hanging();
        await using var gone = new TcpServer(start: false);
        await using var scene = await Scene.StartAsync();
        scene.Robot.Answer = _ => RobotAnswer.Ok.After(TimeSpan.FromSeconds(60));
        await scene.Api.AddTargetAsync(
            new { name = "hung", type = "http", config = new { url = $"http://127.0.0.1:{hanging.Port}/" }, interval_seconds = 1, timeout_seconds = 300 }, Scene.Token);
        await scene.Api.AddTargetAsync(
            new { name = "gone", type = "tcp", config = new { host = "127.0.0.1", port = gone.Port }, interval_seconds = 1, failure_threshold = 1 }, Scene.Token);
        await scene.Robot.WaitForAsync(_ => true, Scene.Token);

        var (code, took) = await scene.Silo.Process.TerminateAsync(Scene.Token);

        Assert.Equal(0, code);
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData("Storage:Provider", "--Storage:Provider=oracle")]
    [InlineData("Messages:Language", "--Messages:Language=tlh")]
    [InlineData("Messages:TimeZone", "--Messages:TimeZone=Mars/Olympus")]
    [InlineData("Retention:Results", "--Retention:Results=banana")]
    [InlineData("Outbound:Deny", "--Outbound:Deny:0=everything")]
    [InlineData("Messages:Langauge", "--Messages:Langauge=en")]
    [InlineData("Access:Mode", "--Access:Mode=closed")]
    [InlineData("Access:Mode", "--Access:Mode=open", "--urls", "http://0.0.0.0:0")]
    public async Task A_bad_setting_stops_the_start_with_its_name(string named, params string[] arguments)
    {
        using var folder = new TempDir();
        await RefusedAsync(new SiloSettings { Folder = folder.Folder, Arguments = arguments }, named);
    }

    [Fact]
    public async Task Every_setting_that_is_documented_is_one()
    {
        var samples = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Secrets:MasterKey"] = Convert.ToBase64String(new byte[32]),
            ["Web:PublicUrl"] = "https://monitor.example",
            ["Outbound:Allow"] = "127.0.0.0/8",
            ["Outbound:Deny"] = "192.0.2.0/24",
            ["Cluster:SiloName"] = "here",
            ["Cluster:AdvertisedAddress"] = "http://127.0.0.1:5080",
        };
        string[] givenAlready = ["urls", "Storage:Path", "Access:AdminToken"];
        var rows = (await File.ReadAllLinesAsync(Repository.File("docs/settings.md"), Scene.Token)).Where(line => line.StartsWith("| `", StringComparison.Ordinal));
        var arguments = rows.Select(row => row.Split('|')).SelectMany(cells => cells[1].Split(',').Select(name => (Name: name.Trim(' ', '`'), Default: cells[2].Trim(' ', '`'))))
            .Where(setting => !givenAlready.Contains(setting.Name))
            .Select(setting => $"--{setting.Name}={samples.GetValueOrDefault(setting.Name, setting.Default)}").ToArray();
        Assert.True(arguments.Length > 12);

        using var folder = new TempDir();
        await using var silo = await SiloProcess.StartAsync(new SiloSettings { Folder = folder.Folder, Arguments = arguments }, Scene.Token);
    }

    [Fact]
    public async Task A_second_process_on_the_same_folder_is_refused()
    {
        await using var scene = await Scene.StartAsync();
        await RefusedAsync(new SiloSettings { Folder = scene.Settings.Folder }, scene.Settings.Folder);
        await scene.Api.GetAsync("/api/v1/targets", Scene.Token);
    }

    [Fact]
    public async Task A_corrupt_file_is_named()
    {
        using var folder = new TempDir();
        var file = await StoreFileAsync(folder);
        await using (var stream = File.OpenWrite(file))
        {
            await stream.WriteAsync(new byte[4096].Select((_, at) => (byte)(at * 31)).ToArray(), Scene.Token);
        }

        await RefusedAsync(new SiloSettings { Folder = folder.Folder }, Path.GetFileName(file));
    }

    [Fact]
    public async Task A_schema_from_a_newer_version_is_left_alone()
    {
        using var folder = new TempDir();
        var file = await StoreFileAsync(folder);
        await using (var connection = new SqliteConnection($"Data Source={file};Pooling=False"))
        {
            await connection.OpenAsync(Scene.Token);
            await using var command = connection.CreateCommand();
            command.CommandText = "UPDATE schema_versions SET version = 9999 WHERE version = (SELECT max(version) FROM schema_versions)";
            Assert.Equal(1, await command.ExecuteNonQueryAsync(Scene.Token));
        }

        await RefusedAsync(new SiloSettings { Folder = folder.Folder }, "9999");
    }

    [Fact]
    public async Task A_read_only_folder_is_named()
    {
        Requires.Root("mounting a read-only folder");
        using var folder = new TempDir();
        var mount = folder.Sub("read-only");
        await using var mounted = await Mount.TmpfsAsync(mount, "size=1m,ro", Scene.Token);
        await RefusedAsync(new SiloSettings { Folder = mount }, mount);
    }

    /// <summary>It ends by itself, not well, and says why in one line that a person can act on.</summary>
    private static async Task RefusedAsync(SiloSettings settings, string named)
    {
        await using var silo = await SiloProcess.LaunchAsync(settings);
        var code = await silo.Process.WaitForExitAsync(Scene.Token).WaitAsync(Eventually.Patience, Scene.Token);
        Assert.NotEqual(0, code);
        var line = Assert.Single(silo.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains(named, line, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Exception", line, StringComparison.Ordinal);
    }

    /// <summary>A store as a silo leaves it behind.</summary>
    private static async Task<string> StoreFileAsync(TempDir folder)
    {
        await using var silo = await SiloProcess.StartAsync(new SiloSettings { Folder = folder.Folder }, Scene.Token);
        await silo.Process.TerminateAsync(Scene.Token);
        return Directory.EnumerateFiles(folder.Folder, "*.db", SearchOption.AllDirectories).Single();
    }

    /// <summary>The one word of its output that opens the API.</summary>
    private static async Task<string> TokenInAsync(SiloProcess silo)
    {
        foreach (var word in silo.Output.Split([' ', '\n', '"', ':', '='], StringSplitOptions.RemoveEmptyEntries).Where(word => word.Length >= 16).Distinct())
        {
            using var api = new ApiClient(silo.Settings.Address, null);
            using var request = new HttpRequestMessage(HttpMethod.Get, silo.Settings.Address + "/api/v1/targets");
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + word);
            using var http = new HttpClient();
            using var response = await http.SendAsync(request, Scene.Token);
            if (response.StatusCode == HttpStatusCode.OK)
            {
                return word;
            }
        }

        throw new InvalidOperationException("no token in: " + silo.Output);
    }
}
