using System.Globalization;
using Monitor.Core.Probing;
using Monitor.SystemTests.Harness;
using Monitor.SystemTests.Servers;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Probers.Redis;

/// <summary>Nothing is left behind by a thousand probes, of servers that answer and of such that do not. Runs alone: what others open meanwhile would be counted.</summary>
[Collection(Alone.Name)]
public sealed class RedisLeakTests
{
    private const int Probes = 1000;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_thousand_probes_leave_no_handle_timer_or_thread_and_memory_flat()
    {
        Requires.Redis();
        await using var server = await RedisServer.StartAsync(["--requirepass", "s3cret"], Token, ["--no-auth-warning", "--pass", "s3cret"]);
        await using var silent = ScriptedServer.Start(async (stream, token) =>
        {
            // Its own half has to go with the probe's: it is counted in this process, too.
            while (await stream.ReadAsync(new byte[100], token) > 0)
            {
                // Says nothing.
            }
        });
        await using var rude = ScriptedServer.Start(async (stream, token) => await stream.WriteAsync("+PONG\r\n$10\r\nab"u8.ToArray(), token));
        await ProbeAllAsync(server, silent, rude, 50);
        var before = Figures.Now();
        await ProbeAllAsync(server, silent, rude, Probes);
        await Eventually.TrueAsync($"as before: {before}, not {Figures.Now()}", () => Figures.Now().IsAtMost(before), Token);
        Assert.Contains("connected_clients:1\n", await server.AskAsync(Token, "INFO", "clients") + "\n", StringComparison.Ordinal);
    }

    private static async Task ProbeAllAsync(RedisServer server, ScriptedServer silent, ScriptedServer rude, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var fine = await ProbeBench.RedisAsync(new { host = "127.0.0.1", port = server.Port, password = "s3cret" });
            Assert.Equal(ProbeOutcome.Ok, fine.Outcome);
            if (i % 50 == 0)
            {
                await Task.WhenAll(
                    ProbeBench.RedisAsync(new { host = "127.0.0.1", port = silent.Port }, 0.1),
                    ProbeBench.RedisAsync(new { host = "127.0.0.1", port = rude.Port }),
                    ProbeBench.RedisAsync(new { nodes = (string[])[$"127.0.0.1:{silent.Port}", $"127.0.0.1:{rude.Port}", server.Address], password = "s3cret" }, 0.6));
            }
        }
    }

    private sealed record Figures(int Handles, long Timers, int Threads, long Bytes)
    {
        public static Figures Now() => new(
            Directory.GetFileSystemEntries("/proc/self/fd").Length,
            Timer.ActiveCount,
            ThreadPool.ThreadCount,
            GC.GetTotalMemory(forceFullCollection: true));

        /// <summary>Half a megabyte is what the pools of buffers may keep more or less of.</summary>
        public bool IsAtMost(Figures before) =>
            Handles <= before.Handles + 2 && Timers <= before.Timers + 2 && Threads <= before.Threads + 4 && Bytes <= before.Bytes + 512 * 1024;

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Handles} handles, {Timers} timers, {Threads} threads, {Bytes} bytes");
    }
}
