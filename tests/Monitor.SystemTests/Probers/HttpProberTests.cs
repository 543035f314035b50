using Monitor.Core.Probing;
using Monitor.SystemTests.Servers;
using Xunit;

namespace Monitor.SystemTests.Probers;

public sealed class HttpProberTests
{
    private const string Fine = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Build: 42\r\nContent-Length: 38\r\n\r\n{\"status\":\"UP\",\"n\":[1,2.50],\"x\":null }";

    [Fact]
    public async Task A_good_answer_is_a_success_with_every_metric()
    {
        await using var server = ScriptedServer.Http(_ => Fine);
        var result = await ProbeBench.HttpAsync(new { url = server.Url });

        Assert.Equal(ProbeOutcome.Ok, result.Outcome);
        Assert.Empty(result.Warnings);
        string[] names = ["dns_ms", "connect_ms", "address", "status_code", "ttfb_ms", "transfer_ms", "body_bytes", "redirects", "http_version"];
        Assert.Equal(names, result.Metrics.Items.Select(metric => metric.Name));
        Assert.Equal("127.0.0.1", result.Metrics["address"]!.Value.Text);
        Assert.Equal(200, result.Metrics["status_code"]!.Value.Number);
        Assert.Equal(38, result.Metrics["body_bytes"]!.Value.Number);
        Assert.Equal("1.1", result.Metrics["http_version"]!.Value.Text);
    }

    [Fact]
    public async Task The_request_says_what_the_config_says()
    {
        await using var server = ScriptedServer.Http(_ => Fine);
        await ProbeBench.HttpAsync(new
        {
            url = $"{server.Url}a/b%20c?d=e#frag",
            method = "POST",
            body = "héllo",
            username = "probe",
            password = "s3cret",
            headers = new Dictionary<string, string> { ["X-One"] = "1", ["Host"] = "virtual.test" },
        });

        var request = Assert.Single(server.Requests);
        Assert.StartsWith("POST /a/b%20c?d=e HTTP/1.1\r\nHost: virtual.test\r\n", request, StringComparison.Ordinal);
        Assert.Contains("\r\nX-One: 1\r\n", request, StringComparison.Ordinal);
        Assert.Contains("\r\nAuthorization: Basic cHJvYmU6czNjcmV0\r\n", request, StringComparison.Ordinal);
        Assert.Contains("\r\nContent-Length: 6\r\n", request, StringComparison.Ordinal);
        Assert.Contains("\r\nUser-Agent: Monitor/0.1.0\r\n", request, StringComparison.Ordinal);
        Assert.Contains("\r\nConnection: close\r\n", request, StringComparison.Ordinal);
        Assert.DoesNotContain("Accept-Encoding", request, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Every_broken_expectation_is_told_with_what_was_measured()
    {
        await using var server = ScriptedServer.Http(_ => Fine);
        var result = await ProbeBench.HttpAsync(new
        {
            url = server.Url,
            expect_status = "301,500-599",
            expect_body_contains = "DOWN",
            expect_body_not_contains = "UP",
            expect_body_regex = "^x+$",
            expect_header = new Dictionary<string, string> { ["x-build"] = "^43$", ["X-Gone"] = "." },
            expect_json = new Dictionary<string, object?> { ["$.status"] = "DOWN", ["$.n[1]"] = 2.5, ["$.x"] = null, ["$.y"] = null, ["$['n'][0]"] = "1" },
        });

        Assert.Equal(FailureStage.Assertion, result.Stage);
        string[] said =
        [
            "assertion: status 200 != expect_status 301,500-599 (body: \"{\"status\":\"UP\"",
            "header x-build: \"42\" does not match expect_header ^43$",
            "header X-Gone is absent, expect_header .",
            "body does not contain expect_body_contains \"DOWN\"",
            "body contains expect_body_not_contains \"UP\"",
            "body does not match expect_body_regex ^x+$",
            "$.status is \"UP\", expect_json \"DOWN\"",
            "$.y is nothing, expect_json null",
            "$['n'][0] is 1, expect_json \"1\"",
        ];
        Assert.All(said, text => Assert.Contains(text, result.Message, StringComparison.Ordinal));
        Assert.DoesNotContain("$.n[1]", result.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("$.x ", result.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n", "protocol: the server did not answer with HTTP: \"SSH-2.0-OpenSSH_9.2")]
    [InlineData("\u0015\u0003\u0001\0\u0002\u0002\n", "protocol: the server answered with a TLS alert: it speaks TLS on this port; use https")]
    [InlineData("", "protocol: the server closed the connection without an answer")]
    [InlineData("HTTP/1.1 200 OK\r\nA: b", "protocol: the server closed the connection in the middle of the headers")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2147483648\r\n\r\nabc", "protocol: the server closed the connection after 3 of 2147483648 bytes of the body")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "protocol: the server closed the connection in the middle of a chunked body, after 2 bytes")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "protocol: the answer's body is not well-formed: a chunk size that is no hexadecimal number")]
    public async Task A_server_that_does_not_keep_to_the_protocol_is_named(string answer, string message)
    {
        await using var server = ScriptedServer.Http(_ => answer);
        var result = await ProbeBench.HttpAsync(new { url = server.Url });
        Assert.StartsWith(message, result.Message, StringComparison.Ordinal);
        Assert.Equal("127.0.0.1", result.Metrics["address"]!.Value.Text);
    }

    [Fact]
    public async Task A_server_that_accepts_and_says_nothing_is_a_timeout_that_says_what_was_waited_for()
    {
        await using var server = ScriptedServer.Start((_, token) => new TaskCompletionSource().Task.WaitAsync(token));
        var result = await ProbeBench.HttpAsync(new { url = server.Url }, 1);
        Assert.Equal(FailureStage.Timeout, result.Stage);
        Assert.Equal($"timeout: the server's answer to the request did not come within 1 s (connected to 127.0.0.1:{server.Port})", result.Message);
        Assert.NotNull(result.Metrics["connect_ms"]);
    }

    [Fact]
    public async Task A_server_that_never_ends_its_headers_is_given_up_at_64_KiB()
    {
        await using var server = ScriptedServer.Start(async (stream, token) =>
        {
            await stream.WriteAsync("HTTP/1.1 200 OK\r\n"u8.ToArray(), token);
            while (true)
            {
                await stream.WriteAsync("X-More: and more and more\r\n"u8.ToArray(), token);
            }
        });
        var result = await ProbeBench.HttpAsync(new { url = server.Url });
        Assert.Equal("protocol: the answer's headers are longer than 65536 bytes", result.Message);
    }

    [Fact]
    public async Task A_body_without_end_is_read_no_further_than_its_limit()
    {
        var written = 0L;
        await using var server = ScriptedServer.Start(async (stream, token) =>
        {
            await ScriptedServer.ReadHeadAsync(stream, token);
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2147483648\r\n\r\n"u8.ToArray(), token);
            while (true)
            {
                await stream.WriteAsync(new byte[4096], token);
                written += 4096;
            }
        });
        var result = await ProbeBench.HttpAsync(new { url = server.Url, max_body_bytes = 10_000 });
        Assert.Equal("assertion: body of more than 10000 bytes > max_body_bytes 10000", result.Message);
        Assert.InRange(written, 0, 32 * 1024 * 1024);
    }

    [Fact]
    public async Task One_byte_at_a_time_is_read_until_it_is_whole_or_the_deadline_comes()
    {
        await using var server = ScriptedServer.Start(async (stream, token) =>
        {
            foreach (var b in System.Text.Encoding.ASCII.GetBytes(Fine))
            {
                await stream.WriteAsync(new[] { b }, token);
            }

            await stream.FlushAsync(token);
        });
        Assert.Equal(ProbeOutcome.Ok, (await ProbeBench.HttpAsync(new { url = server.Url, expect_json = new Dictionary<string, string> { ["$.status"] = "UP" } })).Outcome);
    }

    [Fact]
    public async Task Latency_limits_are_judged_strictly_beyond()
    {
        await using var server = ScriptedServer.Http(_ => Fine);
        var warned = await ProbeBench.HttpAsync(new { url = server.Url, warn_latency_ms = 0.001 });
        var failed = await ProbeBench.HttpAsync(new { url = server.Url, max_latency_ms = 0.001, warn_latency_ms = 0.001 });
        Assert.Equal(ProbeOutcome.Ok, warned.Outcome);
        Assert.Contains(" ms > warn_latency_ms 0.001", Assert.Single(warned.Warnings), StringComparison.Ordinal);
        Assert.StartsWith("assertion: latency ", failed.Message, StringComparison.Ordinal);
        Assert.EndsWith(" ms > max_latency_ms 0.001", failed.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "authentication: status 401 != expect_status 200-299")]
    [InlineData(false, "assertion: status 401 != expect_status 200-299")]
    public async Task A_refused_login_is_told_apart_from_a_status(bool login, string message)
    {
        await using var server = ScriptedServer.Http(_ => "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
        var result = await ProbeBench.HttpAsync(login ? new { url = server.Url, bearer_token = "t0k" } : new { url = server.Url });
        Assert.Equal(message, result.Message);
    }

    [Fact]
    public async Task What_the_server_sends_back_of_our_secrets_is_not_shown()
    {
        await using var server = ScriptedServer.Http(request => $"HTTP/1.1 500 No\r\nX-Echo: {request.Split("Bearer ")[1].Split('\r')[0]}\r\n\r\n{request[^120..]}");
        var result = await ProbeBench.HttpAsync(new
        {
            url = server.Url,
            bearer_token = "very-secret-token",
            headers = new Dictionary<string, string> { ["X-Api-Key"] = "very-secret-key" },
            expect_header = new Dictionary<string, string> { ["X-Echo"] = "^no$" },
        });
        Assert.Contains("******", result.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("very-secret", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_closed_port_is_a_failure_to_connect()
    {
        var port = ProbeBench.ClosedPort();
        var result = await ProbeBench.HttpAsync(new { url = $"http://127.0.0.1:{port}/" });
        Assert.Equal($"connect: connection refused (127.0.0.1:{port})", result.Message);
    }

    [Fact]
    public async Task A_thousand_probes_leave_no_socket_behind_whatever_the_server_does()
    {
        await using var server = ScriptedServer.Http(_ => Fine);
        await using var silent = ScriptedServer.Start((_, token) => new TaskCompletionSource().Task.WaitAsync(token));
        await using var cut = ScriptedServer.Http(_ => "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab");
        await ProbeBench.HttpAsync(new { url = server.Url });
        var before = SocketsTo(server.Port, silent.Port, cut.Port);
        for (var i = 0; i < 10; i++)
        {
            await Task.WhenAll(Enumerable.Range(0, 25).Select(_ => ProbeBench.HttpAsync(new { url = server.Url })));
            await Task.WhenAll(Enumerable.Range(0, 25).Select(_ => ProbeBench.HttpAsync(new { url = silent.Url }, 0.1)));
            await Task.WhenAll(Enumerable.Range(0, 25).Select(_ => ProbeBench.TcpAsync(new { host = "127.0.0.1", port = silent.Port, tls = true }, 0.1)));
            await Task.WhenAll(Enumerable.Range(0, 25).Select(_ => ProbeBench.HttpAsync(new { url = cut.Url })));
        }

        Assert.Equal(0, before);
        Assert.Equal(0, SocketsTo(server.Port, silent.Port, cut.Port));
    }

    /// <summary>Open sockets of this process that are connected to one of these ports.</summary>
    private static int SocketsTo(params int[] ports)
    {
        var remotes = ports.Select(port => $":{port:X4}").ToArray();
        var inodes = File.ReadLines("/proc/self/net/tcp").Skip(1).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(parts => remotes.Any(remote => parts[2].EndsWith(remote, StringComparison.Ordinal))).Select(parts => $"socket:[{parts[9]}]").ToHashSet();
        return new DirectoryInfo($"/proc/{Environment.ProcessId}/fd").GetFiles().Count(file => file.LinkTarget is { } target && inodes.Contains(target));
    }
}
