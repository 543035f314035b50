using Monitor.Core.Outbound;
using Monitor.Core.Probing;
using Xunit;

namespace Monitor.SystemTests.Probers;

public sealed class PingProberTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task Loopback_answers(string host)
    {
        var result = await ProbeBench.PingAsync(new { host, packet_interval_ms = 5 });
        SkipWithoutRight(result);
        Assert.Equal(ProbeOutcome.Ok, result.Outcome);
        Assert.Empty(result.Warnings);
        Assert.Equal(0, result.Metrics["loss_percent"]!.Value.Number);
        Assert.Equal(host, result.Metrics["address"]!.Value.Text);
        Assert.True(result.Metrics["rtt_min_ms"]!.Value.Number <= result.Metrics["rtt_avg_ms"]!.Value.Number);
        Assert.True(result.Metrics["rtt_avg_ms"]!.Value.Number <= result.Metrics["rtt_max_ms"]!.Value.Number);
        Assert.Equal(result.Latency!.Value.TotalMilliseconds, result.Metrics["rtt_avg_ms"]!.Value.Number!.Value, 3);
    }

    [Fact]
    public async Task Limits_are_held_against_the_average()
    {
        var warned = await ProbeBench.PingAsync(new { host = "127.0.0.1", count = 1, warn_latency_ms = 0.001 });
        SkipWithoutRight(warned);
        var failed = await ProbeBench.PingAsync(new { host = "127.0.0.1", count = 1, max_latency_ms = 0.001 });
        Assert.StartsWith("average round trip ", Assert.Single(warned.Warnings), StringComparison.Ordinal);
        Assert.StartsWith("assertion: average round trip ", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Probes_at_the_same_time_do_not_take_each_others_answers()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => ProbeBench.PingAsync(new { host = "127.0.0.1", count = 2, packet_interval_ms = 1, packet_size = 8 + i })));
        SkipWithoutRight(results[0]);
        Assert.All(results, result => Assert.Equal(0, result.Metrics["loss_percent"]!.Value.Number));
    }

    [Fact]
    public async Task The_outbound_rules_hold_for_ping_too()
    {
        var result = await ProbeBench.PingAsync(new { host = "127.0.0.1" }, policy: new OutboundPolicy([System.Net.IPNetwork.Parse("10.0.0.0/8")], []));
        Assert.Equal("connect: not allowed: 127.0.0.1 is not in Outbound:Allow", result.Message);
    }

    private static void SkipWithoutRight(ProbeResult result) =>
        Assert.SkipWhen(result.Outcome == ProbeOutcome.Skipped, $"this machine cannot ping: {result.Message}");
}
