using System.Net;
using System.Net.Sockets;
using Monitor.Core.Probing;
using Monitor.SystemTests.Servers;
using Xunit;

namespace Monitor.SystemTests.Probers;

public sealed class TcpProberTests
{
    [Fact]
    public async Task A_port_that_accepts_is_up()
    {
        await using var server = ScriptedServer.Start((_, token) => new TaskCompletionSource().Task.WaitAsync(token));
        var result = await ProbeBench.TcpAsync(new { host = "127.0.0.1", port = server.Port });
        Assert.Equal(ProbeOutcome.Ok, result.Outcome);
        Assert.Equal(["dns_ms", "connect_ms", "address", "received_bytes"], result.Metrics.Items.Select(metric => metric.Name));
        Assert.Equal(0, result.Metrics["dns_ms"]!.Value.Number);
    }

    [Fact]
    public async Task What_is_sent_and_what_comes_back_are_bytes()
    {
        var got = new byte[5];
        await using var server = ScriptedServer.Start(async (stream, token) =>
        {
            await stream.ReadExactlyAsync(got, token);
            foreach (var b in "+PO"u8.ToArray())
            {
                await stream.WriteAsync(new[] { b }, token);
            }

            await stream.WriteAsync("NG\r\n"u8.ToArray(), token);
            await new TaskCompletionSource().Task.WaitAsync(token);
        });
        var result = await ProbeBench.TcpAsync(new { host = "127.0.0.1", port = server.Port, send = "\\xFFAB\\r\\n", expect_regex = "PONG\\r\\n$" });
        Assert.Equal(ProbeOutcome.Ok, result.Outcome);
        Assert.Equal(7, result.Metrics["received_bytes"]!.Value.Number);
        Assert.Equal(new byte[] { 0xFF, (byte)'A', (byte)'B', 13, 10 }, got);
    }

    [Fact]
    public async Task An_answer_that_does_not_match_is_shown_with_what_was_expected()
    {
        await using var server = ScriptedServer.Http(_ => "HTTP/1.0 400 Bad\r\n\r\n");
        var result = await ProbeBench.TcpAsync(new { host = "127.0.0.1", port = server.Port, send = "x\\r\\n\\r\\n", expect_regex = "^SSH-" });
        Assert.Equal(
            "assertion: no answer that matches expect_regex ^SSH-: 20 bytes received before the server closed the connection: \"HTTP/1.0 400 Bad    \"", result.Message);
    }

    [Fact]
    public async Task A_flood_is_looked_at_for_4_KiB()
    {
        await using var server = ScriptedServer.Start(async (stream, token) =>
        {
            while (true)
            {
                await stream.WriteAsync(new byte[1000], token);
            }
        });
        var result = await ProbeBench.TcpAsync(new { host = "127.0.0.1", port = server.Port, expect_regex = "x" });
        Assert.StartsWith("assertion: no answer that matches expect_regex x: 4096 bytes received at most are looked at", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Silence_is_a_timeout_and_so_is_half_an_answer()
    {
        await using var silent = ScriptedServer.Start((_, token) => new TaskCompletionSource().Task.WaitAsync(token));
        await using var half = ScriptedServer.Start(async (stream, token) =>
        {
            await stream.WriteAsync("SS"u8.ToArray(), token);
            await new TaskCompletionSource().Task.WaitAsync(token);
        });
        var nothing = await ProbeBench.TcpAsync(new { host = "127.0.0.1", port = silent.Port, expect_regex = "^SSH-" }, 1);
        var some = await ProbeBench.TcpAsync(new { host = "127.0.0.1", port = half.Port, expect_regex = "^SSH-" }, 1);
        Assert.Equal($"timeout: an answer that matches expect_regex did not come within 1 s (connected to 127.0.0.1:{silent.Port})", nothing.Message);
        Assert.StartsWith("timeout: an answer that matches expect_regex (2 bytes received: \"SS\") did not come", some.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reset_in_the_middle_is_a_failure_of_the_protocol()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        var probing = ProbeBench.TcpAsync(new { host = "127.0.0.1", port = ((IPEndPoint)listener.LocalEndPoint!).Port, send = "x", expect_regex = "y" });
        using (var accepted = await listener.AcceptAsync(TestContext.Current.CancellationToken))
        {
            // Its byte says that the probe is past connecting.
            await accepted.ReceiveAsync(new byte[1], TestContext.Current.CancellationToken);
            accepted.LingerState = new LingerOption(true, 0);
        }

        var result = await probing;
        Assert.Equal("protocol: connection reset by the server while waiting for an answer that matches expect_regex", result.Message);
    }

    [Fact]
    public async Task The_other_address_is_tried_when_one_does_not_answer()
    {
        await using var server = ScriptedServer.Start((_, token) => new TaskCompletionSource().Task.WaitAsync(token));
        var result = await ProbeBench.TcpAsync(new { host = "two.test", port = server.Port }, names: new ScriptedNames(["127.0.0.2", "::1", "127.0.0.1"]));
        Assert.Equal(ProbeOutcome.Ok, result.Outcome);
        Assert.Equal("127.0.0.1", result.Metrics["address"]!.Value.Text);
    }

    [Fact]
    public async Task When_no_address_answers_each_is_named()
    {
        var port = ProbeBench.ClosedPort();
        var result = await ProbeBench.TcpAsync(new { host = "two.test", port }, names: new ScriptedNames(["127.0.0.1", "127.0.0.2"]));
        Assert.Equal($"connect: connection refused (127.0.0.1:{port}); connection refused (127.0.0.2:{port})", result.Message);
    }

    [Fact]
    public async Task Only_the_wanted_family_is_used()
    {
        await using var server = ScriptedServer.Start((_, token) => new TaskCompletionSource().Task.WaitAsync(token), IPAddress.IPv6Loopback);
        var names = new ScriptedNames(["127.0.0.1", "::1"]);
        var found = await ProbeBench.TcpAsync(new { host = "two.test", port = server.Port, ip_family = "ipv6" }, names: names);
        var none = await ProbeBench.TcpAsync(new { host = "127.0.0.1", port = server.Port, ip_family = "ipv6" });
        Assert.Equal("::1", found.Metrics["address"]!.Value.Text);
        Assert.Equal("dns: 127.0.0.1 has no IPv6 address", none.Message);
    }

    [Fact]
    public async Task Localhost_is_looked_up()
    {
        await using var server = ScriptedServer.Start((_, token) => new TaskCompletionSource().Task.WaitAsync(token));
        var result = await ProbeBench.TcpAsync(new { host = "localhost", port = server.Port });
        Assert.Equal(ProbeOutcome.Ok, result.Outcome);
        Assert.True(result.Metrics["dns_ms"]!.Value.Number > 0);
    }

    [Fact]
    public async Task A_server_whose_queue_is_full_is_a_timeout_of_the_connection()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(0);
        var port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ProbeBench.TcpAsync(new { host = "127.0.0.1", port, expect_regex = "x" }, 0.5)));
        Assert.All(results, result => Assert.Equal(FailureStage.Timeout, result.Stage));
        Assert.Contains(results, result => result.Message == $"timeout: a connection to 127.0.0.1:{port} did not come within 0.5 s");
    }
}
