using System.Net;
using System.Net.Sockets;
using Monitor.Core.Probing;
using Monitor.Probers.Wire;
using Monitor.SystemTests.Servers;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Probers.Wire;

/// <summary>Both ways to connect see and say the same of real sockets.</summary>
public sealed class ConnectorTests
{
    public static readonly TheoryData<string> Ways = ["kernel", "runtime"];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_server_that_listens_is_connected_to_and_sees_an_end_without_a_reset(string way)
    {
        foreach (var address in new[] { IPAddress.Loopback, IPAddress.IPv6Loopback })
        {
            using var listener = new FullListener(address, full: false);
            var before = TimeProvider.System.GetTimestamp();
            var end = await Connector(way).ConnectAsync(listener.Place, Stop);
            Assert.Equal(SocketError.Success, end.Error);
            Assert.InRange(end.At, before, TimeProvider.System.GetTimestamp());
            using var accepted = await listener.AcceptAsync(Stop);
            end.Connection!.Dispose();
            Assert.Equal(0, await accepted.ReceiveAsync(new byte[1], Stop));
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_port_where_nobody_listens_is_refused(string way)
    {
        var end = await Connector(way).ConnectAsync(new IPEndPoint(IPAddress.Loopback, ProbeBench.ClosedPort()), Stop);
        Assert.Equal(SocketError.ConnectionRefused, end.Error);
        Assert.Null(end.Connection);
    }

    /// <summary>The address of a broadcast has no way for a connection; one of a link needs to know which.</summary>
    [Theory]
    [InlineData("127.255.255.255", SocketError.NetworkUnreachable)]
    [InlineData("fe80::1%1", SocketError.NetworkUnreachable)]
    [InlineData("fe80::1", SocketError.InvalidArgument)]
    public async Task What_cannot_be_reached_has_the_same_name_either_way(string address, SocketError error)
    {
        var place = new IPEndPoint(IPAddress.Parse(address), 80);
        Assert.Equal(error, (await Connector("kernel").ConnectAsync(place, Stop)).Error);
        Assert.Equal(error, (await Connector("runtime").ConnectAsync(place, Stop)).Error);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_connection_that_nobody_answers_ends_with_its_token(string way)
    {
        using var listener = new FullListener(IPAddress.Loopback);
        using var cancelled = new CancellationTokenSource();
        var connecting = Connector(way).ConnectAsync(listener.Place, cancelled.Token).AsTask();
        await Eventually.NothingForAsync(TimeSpan.FromMilliseconds(100), Stop);
        Assert.False(connecting.IsCompleted);
        await cancelled.CancelAsync();
        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting);
        Assert.Equal(cancelled.Token, thrown.CancellationToken);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Connector(way).ConnectAsync(listener.Place, cancelled.Token).AsTask());
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_server_that_lets_in_late_is_connected_to_late(string way)
    {
        using var listener = new FullListener(IPAddress.Loopback);
        var began = TimeProvider.System.GetTimestamp();
        var connecting = Connector(way).ConnectAsync(listener.Place, Stop).AsTask();
        await Eventually.NothingForAsync(TimeSpan.FromMilliseconds(100), Stop);
        Assert.False(connecting.IsCompleted);
        listener.Widen();
        var end = await connecting;
        Assert.Equal(SocketError.Success, end.Error);

        // The kernel asks again after a second.
        Assert.InRange(TimeProvider.System.GetElapsedTime(began, end.At), TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(5));
        end.Connection!.Dispose();
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_server_that_goes_away_meanwhile_refuses_late(string way)
    {
        var listener = new FullListener(IPAddress.Loopback);
        var connecting = Connector(way).ConnectAsync(listener.Place, Stop).AsTask();
        await Eventually.NothingForAsync(TimeSpan.FromMilliseconds(100), Stop);
        Assert.False(connecting.IsCompleted);
        listener.Dispose();
        Assert.Equal(SocketError.ConnectionRefused, (await connecting).Error);
    }

    /// <summary>The thread that tells the time of all others must never be theirs to hold.</summary>
    [Fact]
    public async Task Who_goes_on_late_does_so_on_the_pool_and_holds_up_nobody_else()
    {
        using var first = new FullListener(IPAddress.Loopback);
        using var second = new FullListener(IPAddress.Loopback);
        using var letGo = new ManualResetEventSlim();
        var onPool = false;
        var holding = ProbeBench.Connector.ConnectAsync(first.Place, Stop).AsTask().ContinueWith(
            end =>
            {
                onPool = Thread.CurrentThread.IsThreadPoolThread;
                letGo.Wait(Stop);
                end.Result.Connection!.Dispose();
            },
            Stop, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        first.Widen();
        await Eventually.TrueAsync("the first one holds its thread", () => Volatile.Read(ref onPool), Stop);

        // Begun only now, so that both cannot be told of together.
        var other = ProbeBench.Connector.ConnectAsync(second.Place, Stop).AsTask();
        await Eventually.NothingForAsync(TimeSpan.FromMilliseconds(50), Stop);
        Assert.False(other.IsCompleted);
        second.Widen();
        (await other).Connection!.Dispose();
        Assert.False(holding.IsCompleted);
        letGo.Set();
        await holding;
    }

    [Fact]
    public async Task A_check_reads_the_same_either_way()
    {
        using var full = new FullListener(IPAddress.Loopback);
        await using var server = ScriptedServer.Start((_, token) => Forever.UntilCancelledAsync(token));
        var closed = ProbeBench.ClosedPort();
        foreach (var config in new object[]
        {
            new { host = "127.0.0.1", port = server.Port },
            new { host = "127.0.0.1", port = closed },
            new { host = "127.255.255.255", port = closed },
            new { host = "127.0.0.1", port = full.Place.Port },
            new { host = "127.0.0.1", port = server.Port, max_latency_ms = 0.001 },
            new { host = "two.test", port = closed },
        })
        {
            var (kernel, runtime) = (await ProbeAsync("kernel", config), await ProbeAsync("runtime", config));
            Assert.Equal((runtime.Outcome, runtime.Stage), (kernel.Outcome, kernel.Stage));
            Assert.Equal(WithoutFigures(runtime), WithoutFigures(kernel));
            Assert.Equal(runtime.Metrics.Items.Select(metric => metric.Name), kernel.Metrics.Items.Select(metric => metric.Name));
        }

        Assert.Equal($"timeout: a connection to {full.Place} did not come within 0.4 s", (await ProbeAsync("kernel", new { host = "127.0.0.1", port = full.Place.Port })).Message);
    }

    private static IConnector Connector(string way) => way == "kernel" ? ProbeBench.Connector : new RuntimeConnector(TimeProvider.System);

    private static Task<ProbeResult> ProbeAsync(string way, object config) =>
        ProbeBench.TcpAsync(config, 0.4, new ScriptedNames(["127.0.0.1", "127.0.0.2"]), connector: Connector(way));

    private static string? WithoutFigures(ProbeResult result) =>
        result.Stage == FailureStage.Assertion ? result.Message![..result.Message!.IndexOf(' ', StringComparison.Ordinal)] : result.Message;
}
