using System.Diagnostics;
using Monitor.Core.Probing;
using Monitor.SystemTests.Harness;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Probers.Postgres;

/// <summary>Looks at the whole process: alone.</summary>
[Collection(Alone.Name)]
public sealed class PostgresLeakTests(PostgresPlace place)
{
    [Fact]
    public async Task A_thousand_probes_leave_nothing_behind()
    {
        var server = await place.ServerAsync();
        var token = TestContext.Current.CancellationToken;
        await ProbesAsync(server, 0, 300);
        await SettledAsync();
        var (handles, timers, memory, threads) = (Handles(), Timer.ActiveCount, GC.GetTotalMemory(forceFullCollection: true), Process.GetCurrentProcess().Threads.Count);
        await ProbesAsync(server, 300, 1000);
        await SettledAsync();
        await Eventually.TrueAsync($"no handle is left ({handles} before)", () => Handles() <= handles + 3, token);
        await Eventually.TrueAsync($"no timer is left ({timers} before)", () => Timer.ActiveCount <= timers + 2, token);
        await Eventually.TrueAsync($"no thread is left ({threads} before)", () => Process.GetCurrentProcess().Threads.Count <= threads + 4, token);
        var grown = GC.GetTotalMemory(forceFullCollection: true) - memory;
        TestContext.Current.TestOutputHelper?.WriteLine($"{grown} bytes more after 1,000 probes; {Handles() - handles} handles, {Timer.ActiveCount - timers} timers");
        Assert.InRange(grown, long.MinValue, 1_000_000);
        await Eventually.TrueAsync("no session is left", async () => await server.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'monitor'", token) == 0, token);
    }

    /// <summary>Equal ones, different ones, refused ones, and such as end at their deadline.</summary>
    private static async Task ProbesAsync(PostgresServer server, int from, int count)
    {
        for (var i = from; i < from + count; i++)
        {
            object config = (i % 10) switch
            {
                0 => new { host = "127.0.0.1", port = server.Port, username = $"user_{i}", password = $"password-{i}" },
                1 => new { host = "127.0.0.1", port = server.Port, username = "open", database = $"database_{i}" },
                2 => new { host = "127.0.0.1", port = server.Port, username = "open", ssl_mode = "require" },
                3 => new { host = "127.0.0.1", port = server.Port, username = "open", query = $"SELECT {i}", expect_result = $"{i}" },
                4 => new { host = "127.0.0.1", port = server.Port, username = "open", query = "SELECT pg_sleep(5)" },
                _ => new { host = "127.0.0.1", port = server.Port, username = "open" },
            };
            var result = await ProbeBench.PostgresAsync(config, i % 10 == 4 ? 0.05 : 10);
            Assert.Equal((i % 10) is 0 or 1 or 4 ? ProbeOutcome.Failed : ProbeOutcome.Ok, result.Outcome);
        }
    }

    private static async Task SettledAsync()
    {
        for (var i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        await Eventually.NothingForAsync(TimeSpan.FromMilliseconds(300), TestContext.Current.CancellationToken);
    }

    private static int Handles() => Directory.GetFiles("/proc/self/fd").Length;
}
