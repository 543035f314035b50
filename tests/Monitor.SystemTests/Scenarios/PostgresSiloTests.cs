using Monitor.SystemTests.Storage;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Scenarios;

/// <summary>One silo on PostgreSQL, as an operator starts it.</summary>
public sealed class PostgresSiloTests(SharedPostgres shared)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_silo_on_PostgreSQL_probes_stores_and_goes_on_after_a_restart()
    {
        using var folder = new TempDir();
        await using var target = TcpServer.Http();
        var database = await shared.DatabaseAsync(Token);
        var settings = new SiloSettings
        {
            Folder = folder.Folder,
            Arguments =
            [
                "--Messages:Language=en", "--Storage:Provider=postgres", $"--Storage:ConnectionString={await shared.PooledConnectionAsync(database, Token)}",
                $"--Storage:CoordinationConnectionString={await shared.ConnectionAsync(database, Token)}",
                $"--Secrets:MasterKey={Convert.ToBase64String(SharedPostgres.MasterKey)}",
            ],
        };
        await using (var silo = await SiloProcess.StartAsync(settings, Token))
        {
            await silo.Api.AddTargetAsync(
                new
                {
                    name = "web",
                    type = "http",
                    config = new { url = $"http://127.0.0.1:{target.Port}/", headers = new { Authorization = "Bearer s3cret" } },
                    interval_seconds = 5,
                },
                Token);
            await HealthyAsync(silo);
            await silo.KillAsync();
        }

        var accepted = target.Accepted;
        await using (var silo = await SiloProcess.StartAsync(settings with { Port = FreePort.Next() }, Token))
        {
            await HealthyAsync(silo);
            await Eventually.TrueAsync("it is probed again", () => target.Accepted > accepted, Token);
            Assert.Contains($"store in 127.0.0.1/{database}", silo.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("s3cret", silo.Output, StringComparison.Ordinal);
        }

        var server = await shared.ServerAsync(Token);
        Assert.True(await server.ScalarAsync<long>("SELECT count(*) FROM probe_results", Token, database) > 0);
        Assert.False(File.Exists(Path.Combine(folder.Folder, "monitor.db")));
    }

    private static Task HealthyAsync(SiloProcess silo) => Eventually.TrueAsync(
        "the target is healthy",
        async () => (await silo.Api.SendAsync(HttpMethod.Get, "/api/v1/targets", null, Token)).Text.Contains("\"status\":\"healthy\"", StringComparison.Ordinal),
        Token);
}
