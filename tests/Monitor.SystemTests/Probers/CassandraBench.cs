using System.Text.Json;
using Monitor.Core.Outbound;
using Monitor.Core.Probing;
using Monitor.Probers.Cassandra;
using Xunit;

namespace Monitor.SystemTests.Probers;

/// <summary>Probes of Cassandra that remember, as in a silo.</summary>
internal sealed class CassandraBench(OutboundPolicy? policy = null, Monitor.Probers.Wire.INameResolver? names = null)
{
    public CassandraProber Prober { get; } = new(ProbeBench.Dialer(names, policy), TimeProvider.System);

    public ReadOnlyMemory<byte> Memory { get; set; }

    public async Task<ProbeResult> ProbeAsync(object config, double timeoutSeconds = 10)
    {
        var reading = Prober.Read(JsonSerializer.SerializeToElement(config));
        Assert.Empty(reading.Errors);
        var timeout = TimeSpan.FromSeconds(timeoutSeconds);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(timeout);
        var result = await Prober.ProbeAsync(new ProbeRequest(reading.Config!, Memory, timeout), deadline.Token);
        Memory = result.Memory ?? Memory;
        return result;
    }

    public static string Told(ProbeResult result) =>
        $"{result.Outcome} {result.Message} warnings [{string.Join(" | ", result.Warnings)}] notes [{string.Join(" | ", result.Notes)}]";
}
