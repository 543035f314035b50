using System.Net.Sockets;
using System.Text.Json;
using Monitor.Core.Probing;
using Monitor.Core.Schemas;
using Monitor.Core.Text;
using Monitor.Probers.Tcp;
using Monitor.SystemTests.Harness;
using Monitor.SystemTests.Servers;
using Xunit;

namespace Monitor.SystemTests.Probers;

/// <summary>The harness itself: it passes what is clean and sees each kind of leak.</summary>
[Collection(Alone.Name)]
public sealed class LeftoversTests
{
    [Fact]
    public async Task A_prober_that_closes_what_it_opens_passes()
    {
        await using var server = ScriptedServer.Start((stream, token) => stream.CopyToAsync(Stream.Null, token));
        await Leftovers.NoneAsync(
            new TcpProber(ProbeBench.Dialer(), TimeProvider.System), new { host = "127.0.0.1", port = server.Port }, result => Assert.True(result.IsClean), probes: 500);
    }

    [Theory]
    [InlineData("socket")]
    [InlineData("timer")]
    [InlineData("memory")]
    public async Task A_prober_that_leaves_something_behind_is_told(string what)
    {
        using var leaky = new LeakyProber(what);
        await Assert.ThrowsAnyAsync<Exception>(() => Leftovers.NoneAsync(leaky, new { }, _ => { }, probes: 500));
    }

    private sealed class LeakyProber(string what) : IProber, IDisposable
    {
        private readonly List<object> _left = [];

        public string Type => "leaky";

        public LocalizedText Name { get; } = new("Leaky", "泄漏");

        public ObjectSchema Schema { get; } = new();

        public ConfigReading Read(JsonElement config) => ConfigReading.Accepted(config, "");

        public ValueTask<ProbeResult> ProbeAsync(ProbeRequest request, CancellationToken cancellationToken)
        {
            _left.Add(what switch
            {
                "socket" => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp),
                "timer" => new Timer(_ => { }, null, TimeSpan.FromHours(1), Timeout.InfiniteTimeSpan),
                _ => new byte[8000],
            });
            return ValueTask.FromResult(ProbeResult.Ok(ProbeMetrics.Empty));
        }

        public void Dispose()
        {
            foreach (var thing in _left.OfType<IDisposable>())
            {
                thing.Dispose();
            }
        }
    }
}
