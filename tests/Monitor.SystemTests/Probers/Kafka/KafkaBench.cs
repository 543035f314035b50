using System.Text.Json;
using Monitor.Core.Outbound;
using Monitor.Core.Probing;
using Monitor.Probers.Kafka;
using Monitor.Probers.Wire;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Probers.Kafka;

/// <summary>Runs Kafka probes as the silo does, one remembering what the one before left where that is wanted.</summary>
internal sealed class KafkaBench(object config, double timeoutSeconds = 10, OutboundPolicy? policy = null, INameResolver? names = null)
{
    private ReadOnlyMemory<byte> _memory;

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public static Task<ProbeResult> OnceAsync(object config, double timeoutSeconds = 10, OutboundPolicy? policy = null, INameResolver? names = null) =>
        new KafkaBench(config, timeoutSeconds, policy, names).ProbeAsync();

    /// <summary>The next probe of this target.</summary>
    public async Task<ProbeResult> ProbeAsync()
    {
        var prober = new KafkaProber(ProbeBench.Dialer(names, policy), TimeProvider.System);
        var reading = prober.Read(JsonSerializer.SerializeToElement(config));
        Assert.Empty(reading.Errors);
        var timeout = TimeSpan.FromSeconds(timeoutSeconds);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Token);
        deadline.CancelAfter(timeout);
        var result = await prober.ProbeAsync(new ProbeRequest(reading.Config!, _memory, timeout), deadline.Token);
        _memory = result.Memory ?? _memory;
        TestContext.Current.TestOutputHelper?.WriteLine($"{result.Outcome} {result.Message} | {string.Join(" ; ", result.Warnings)} | {string.Join(" ; ", result.Notes)} | {Shown(result)}");
        return result;
    }

    /// <summary>Probes until the verdict is as told, and answers it: for what the cluster itself takes its time to notice.</summary>
    public Task<ProbeResult> UntilAsync(string what, Func<ProbeResult, bool> isSo) => Eventually.GetAsync(
        what,
        async () =>
        {
            var result = await ProbeAsync();
            return isSo(result) ? result : null;
        },
        Token,
        TimeSpan.FromSeconds(60));

    private static string Shown(ProbeResult result) => string.Join(" ", result.Metrics.Items.Select(
        metric => $"{metric.Name}={metric.Value.Number?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? metric.Value.Text ?? string.Join(",", metric.Value.Map ?? new Dictionary<string, double>())}"));
}

internal static class KafkaVerdicts
{
    public static void Healthy(this ProbeResult result)
    {
        Assert.True(result.Outcome == ProbeOutcome.Ok, result.Message);
        Assert.Empty(result.Warnings);
    }

    public static void FailedWith(this ProbeResult result, FailureStage stage, string words)
    {
        Assert.Equal(ProbeOutcome.Failed, result.Outcome);
        Assert.Equal(stage, result.Stage);
        Assert.Contains(words, result.Message, StringComparison.Ordinal);
    }

    public static void Warned(this ProbeResult result, string words)
    {
        Assert.True(result.Outcome == ProbeOutcome.Ok, result.Message);
        Assert.Contains(result.Warnings, warning => warning.Contains(words, StringComparison.Ordinal));
    }

    public static double? Number(this ProbeResult result, string metric) => result.Metrics[metric]?.Number;
}
