using Monitor.Core.Probing;
using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Probers;

public sealed class PostgresProberTests
{
    [Fact]
    public async Task A_primary_shows_its_statistics()
    {
        Requires.Postgres();
        var token = TestContext.Current.CancellationToken;
        await using var server = await PostgresServer.StartAsync(token);
        var result = await ProbeBench.PostgresAsync(new { host = "127.0.0.1", port = server.Port, password = PostgresServer.Password });
        TestContext.Current.TestOutputHelper?.WriteLine($"{result} {string.Join(" ", result.Metrics.Items)} {string.Join(";", result.Warnings)} {string.Join(";", result.Notes)} {result.Latency}");
        Assert.Equal(ProbeOutcome.Ok, result.Outcome);
    }
}
