using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Monitor.Core.Outbound;
using Monitor.Core.Probing;
using Monitor.Probers.Tcp;
using Monitor.Probers.Wire;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.UnitTests.Probers.Tcp;

/// <summary>A check that only connects: what it makes of what the connector says.</summary>
public sealed class BareTcpCheckTests
{
    private readonly FakeTime _time = new();

    [Fact]
    public async Task Its_latency_ends_with_the_connection_however_late_that_is_heard_of()
    {
        using var connection = new Connection();
        var result = await ProbeAsync("10.0.0.1", _ =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(3));
            var end = new ConnectEnd(connection, SocketError.Success, _time.GetTimestamp());
            _time.Advance(TimeSpan.FromMilliseconds(40));
            return end;
        });
        Assert.Equal(ProbeOutcome.Ok, result.Outcome);
        Assert.Equal(TimeSpan.FromMilliseconds(3), result.Latency);
        Assert.Equal(3, result.Metrics["connect_ms"]!.Value.Number);
        Assert.Equal("10.0.0.1", result.Metrics["address"]!.Value.Text);
        Assert.Equal(0, result.Metrics["received_bytes"]!.Value.Number);
        Assert.Equal(1, connection.Closed);
    }

    [Fact]
    public async Task It_is_judged_by_that_latency()
    {
        using var connection = new Connection();
        var result = await ProbeAsync("10.0.0.1", _ =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(30));
            return new ConnectEnd(connection, SocketError.Success, _time.GetTimestamp());
        });
        Assert.Equal("assertion: latency 30 ms > max_latency_ms 20", result.Message);
        Assert.Equal(1, connection.Closed);
    }

    [Theory]
    [InlineData(SocketError.ConnectionRefused, ProbeOutcome.Failed, "connect: connection refused (10.0.0.1:80)")]
    [InlineData(SocketError.HostUnreachable, ProbeOutcome.Failed, "connect: host unreachable (10.0.0.1:80)")]
    [InlineData(SocketError.TooManyOpenSockets, ProbeOutcome.Skipped, "this monitor has no free socket (too many open files); raise its limit of open files (to 10.0.0.1:80)")]
    [InlineData(SocketError.AddressNotAvailable, ProbeOutcome.Skipped, "this monitor has no free local port or no local address for this network (to 10.0.0.1:80)")]
    public async Task An_error_is_the_targets_or_our_own(SocketError error, ProbeOutcome outcome, string message)
    {
        var result = await ProbeAsync("10.0.0.1", _ => new ConnectEnd(null, error, _time.GetTimestamp()));
        Assert.Equal(outcome, result.Outcome);
        Assert.Equal(message, result.Message);
    }

    [Fact]
    public async Task What_is_not_allowed_is_not_connected_to()
    {
        var result = await ProbeAsync("169.254.169.254", _ => throw new InvalidOperationException("connected"));
        Assert.StartsWith("connect: not allowed: ", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_is_rebound_is_connected_to_where_it_was_judged()
    {
        using var connection = new Connection();
        var names = new RebindingNames("10.0.0.7", "169.254.169.254");
        var places = new List<IPEndPoint>();
        var result = await ProbeAsync("h.test", place =>
        {
            places.Add(place);
            return new ConnectEnd(connection, SocketError.Success, _time.GetTimestamp());
        }, names);
        Assert.Equal(ProbeOutcome.Ok, result.Outcome);
        Assert.Equal(new IPEndPoint(IPAddress.Parse("10.0.0.7"), 80), Assert.Single(places));
    }

    [Fact]
    public async Task Of_several_addresses_the_next_one_follows_a_refusal_at_once_and_the_lost_ones_are_named()
    {
        using var connection = new Connection();
        var names = new RebindingNames("10.0.0.1,10.0.0.2");
        var found = await ProbeAsync("h.test", place => place.Address.ToString() == "10.0.0.1"
            ? new ConnectEnd(null, SocketError.ConnectionRefused, _time.GetTimestamp())
            : new ConnectEnd(connection, SocketError.Success, _time.GetTimestamp()), names);
        var none = await ProbeAsync("h.test", _ => new ConnectEnd(null, SocketError.ConnectionRefused, _time.GetTimestamp()), names);
        Assert.Equal("10.0.0.2", found.Metrics["address"]!.Value.Text);
        Assert.Equal(1, connection.Closed);
        Assert.Equal("connect: connection refused (10.0.0.1:80); connection refused (10.0.0.2:80)", none.Message);
    }

    [Fact]
    public async Task A_deadline_in_the_middle_says_what_did_not_come()
    {
        using var deadline = new CancellationTokenSource();
        var prober = new TcpProber(
            new Dialer(_time, new RebindingNames(), OutboundPolicy.Default, new ScriptedConnector(_ => throw new OperationCanceledException(deadline.Token))), _time);
        await deadline.CancelAsync();
        var result = await prober.ProbeAsync(Request(prober, "10.0.0.1"), deadline.Token);
        Assert.Equal("timeout: a connection to 10.0.0.1:80 did not come within 5 s", result.Message);
    }

    private Task<ProbeResult> ProbeAsync(string host, Func<IPEndPoint, ConnectEnd> connect, INameResolver? names = null)
    {
        var prober = new TcpProber(new Dialer(_time, names ?? new RebindingNames(), OutboundPolicy.Default, new ScriptedConnector(connect)), _time);
        return prober.ProbeAsync(Request(prober, host), TestContext.Current.CancellationToken).AsTask();
    }

    private static ProbeRequest Request(TcpProber prober, string host)
    {
        var reading = prober.Read(JsonSerializer.SerializeToElement(new { host, port = 80, max_latency_ms = 20 }));
        Assert.Empty(reading.Errors);
        return new ProbeRequest(reading.Config!, default, TimeSpan.FromSeconds(5));
    }

    private sealed class ScriptedConnector(Func<IPEndPoint, ConnectEnd> connect) : IConnector
    {
        public ValueTask<ConnectEnd> ConnectAsync(IPEndPoint place, CancellationToken cancellationToken) => ValueTask.FromResult(connect(place));
    }

    private sealed class Connection : IDisposable
    {
        public int Closed { get; private set; }

        public void Dispose() => Closed++;
    }

    /// <summary>Each look-up gets the next of its lists, the last one for ever.</summary>
    private sealed class RebindingNames(params string[] answers) : INameResolver
    {
        private int _asked;

        public ValueTask<Outcome<IPAddress[]>> ResolveAsync(string name, CancellationToken cancellationToken) =>
            ValueTask.FromResult<Outcome<IPAddress[]>>(Array.ConvertAll(answers[Math.Min(_asked++, answers.Length - 1)].Split(','), IPAddress.Parse));
    }
}
