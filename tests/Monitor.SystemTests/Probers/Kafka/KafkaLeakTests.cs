using Monitor.Core.Probing;
using Monitor.SystemTests.Harness;
using Monitor.SystemTests.Servers;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Probers.Kafka;

/// <summary>A thousand probes, good and bad ones, leave nothing behind.</summary>
[Collection(Alone.Name)]
public sealed class KafkaLeakTests
{
    [Fact]
    public async Task A_thousand_probes_leave_no_socket_no_timer_and_no_memory()
    {
        // Side by side: one after the other their time-outs alone would take two minutes. What a broker answers depends on what it was asked before, so each has its own.
        var lanes = Enumerable.Range(0, 10).Select(_ => new Lane(KafkaScript.Healthy(), KafkaScript.Healthy())).ToArray();
        await using var silent = ScriptedServer.Start((stream, token) => stream.CopyToAsync(Stream.Null, token));
        await Task.WhenAll(lanes.Select(lane => lane.RunAsync(silent.Port, 3)));
        var (memory, sockets, timers) = Held();
        await Task.WhenAll(lanes.Select(lane => lane.RunAsync(silent.Port, 25)));
        await Eventually.TrueAsync($"no more sockets than before ({sockets})", () => Held().Sockets <= sockets, KafkaBench.Token);
        await Eventually.TrueAsync($"no more timers than before ({timers})", () => Held().Timers <= timers, KafkaBench.Token);
        Assert.InRange(Held().Memory, 0, memory + (4 << 20));
        foreach (var lane in lanes)
        {
            await lane.DisposeAsync();
        }
    }

    /// <summary>Of this process, the scripted servers' ends of the connections included.</summary>
    private static (long Memory, int Sockets, long Timers) Held()
    {
        var sockets = Directory.EnumerateFileSystemEntries("/proc/self/fd").Count(file => new FileInfo(file).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) ?? false);
        return (GC.GetTotalMemory(forceFullCollection: true), sockets, Timer.ActiveCount);
    }

    private sealed record Lane(KafkaScript Broker, KafkaScript Halting) : IAsyncDisposable
    {
        public async Task RunAsync(int silent, int rounds)
        {
            Halting.On(Monitor.Probers.Kafka.KafkaApi.OffsetFetch, _ => null);
            for (var i = 0; i < rounds; i++)
            {
                (await KafkaBench.OnceAsync(new { bootstrap_servers = new[] { Broker.Address }, consumer_group = "billing" })).Healthy();
                (await KafkaBench.OnceAsync(new { bootstrap_servers = new[] { $"127.0.0.1:{silent}", Broker.Address } }, 5)).Healthy();
                Assert.Equal(ProbeOutcome.Failed, (await KafkaBench.OnceAsync(new { bootstrap_servers = new[] { Halting.Address }, consumer_group = "billing" }, 0.1)).Outcome);
                Assert.Equal(FailureStage.Timeout, (await KafkaBench.OnceAsync(new { bootstrap_servers = new[] { $"127.0.0.1:{silent}" } }, 0.01)).Stage);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await Broker.DisposeAsync();
            await Halting.DisposeAsync();
        }
    }
}
