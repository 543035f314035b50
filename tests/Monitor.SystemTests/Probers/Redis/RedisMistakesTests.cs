using System.Diagnostics;
using System.Globalization;
using System.Text;
using Monitor.Core.Probing;
using Monitor.SystemTests.Harness;
using Monitor.SystemTests.Servers;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Probers.Redis;

/// <summary>Servers that are none, or not as expected: each is named, by stage, in time, with bounded memory.</summary>
public sealed class RedisMistakesTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_http_server_is_named()
    {
        await using var server = ScriptedServer.Start(async (stream, token) =>
        {
            _ = await stream.ReadAsync(new byte[100], token);
            await stream.WriteAsync("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"u8.ToArray(), token);
        });
        Assert.Equal("protocol: an HTTP server answered on this port", (await ProbeAsync(server)).Message);
    }

    [Fact]
    public async Task A_tls_port_in_plain_and_a_plain_port_in_tls()
    {
        Requires.Redis();
        using var certificates = new TestCertificates();
        using var folder = new TempDir();
        await using var server = await TlsRedis.StartAsync(certificates, folder, Token);
        await using var plain = await RedisServer.StartAsync([], Token);
        var inPlain = await ProbeBench.RedisAsync(new { host = "127.0.0.1", port = server.Port });
        var inTls = await ProbeBench.RedisAsync(new { host = "127.0.0.1", port = plain.Port, tls = true }, 0.6);
        var right = await ProbeBench.RedisAsync(new { host = "127.0.0.1", port = server.Port, tls = new { ca_pem = certificates.AuthorityPem } });
        var untrusted = await ProbeBench.RedisAsync(new { host = "127.0.0.1", port = server.Port, tls = true });
        Assert.StartsWith("protocol: connection ", inPlain.Message, StringComparison.Ordinal);
        Assert.EndsWith("without a word: a TLS port does so when it is spoken to in plain; set tls if it is one", inPlain.Message, StringComparison.Ordinal);
        Assert.Equal(
            $"timeout: the TLS handshake (a Redis that speaks plain text on this port stays silent like this) did not come within 0.6 s (connected to {plain.Address})",
            inTls.Message);
        Assert.True(right.IsClean, right.Message);
        Assert.True(right.Metrics["tls_ms"]!.Value.Number > 0);
        Assert.StartsWith("tls: certificate is not trusted", untrusted.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_there()
    {
        var port = ProbeBench.ClosedPort();
        var result = await ProbeBench.RedisAsync(new { host = "127.0.0.1", port });
        Assert.Equal($"connect: connection refused (127.0.0.1:{port})", result.Message);
        var unknown = await ProbeBench.RedisAsync(new { host = "no-such-host.invalid", port });
        Assert.Equal(FailureStage.Dns, unknown.Stage);
        var several = await ProbeBench.RedisAsync(new { nodes = new[] { $"127.0.0.1:{port}", $"127.0.0.2:{port}" } });
        Assert.Equal(
            $"connect: no contact point answers: 127.0.0.1:{port}: connect: connection refused (127.0.0.1:{port}); 127.0.0.2:{port}: connect: connection refused (127.0.0.2:{port})",
            several.Message);
    }

    [Fact]
    public async Task Silence_and_one_byte_a_time_end_with_the_deadline()
    {
        await using var silent = ScriptedServer.Start((_, token) => new TaskCompletionSource().Task.WaitAsync(token));
        await using var slow = ScriptedServer.Start(async (stream, token) =>
        {
            await stream.WriteAsync("+PONG\r\n$5000\r\n"u8.ToArray(), token);
            while (true)
            {
                await stream.WriteAsync("x"u8.ToArray(), token);
                await Eventually.NothingForAsync(TimeSpan.FromMilliseconds(20), token);
            }
        });
        var began = Stopwatch.GetTimestamp();
        var nothing = await ProbeAsync(silent, 1);
        var drip = await ProbeAsync(slow, 1);
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 1.9, 5);
        Assert.Equal($"timeout: the answer to PING did not come within 1 s (connected to 127.0.0.1:{silent.Port})", nothing.Message);
        Assert.Equal($"timeout: the answer to INFO server did not come within 1 s (connected to 127.0.0.1:{slow.Port})", drip.Message);
    }

    [Theory]
    [InlineData("+PONG\r\n$2147483647\r\nabc", "a text of 2147483647 bytes is announced, at most 2097152 are taken (answer to INFO server): \"abc\"")]
    [InlineData("*4294967295\r\n", "a list of 4294967295 items is announced, at most 20000 are taken (answer to PING)")]
    [InlineData("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n", "lists are nested deeper than 8 (answer to PING)")]
    [InlineData("$x\r\n", "a length cannot be read (answer to PING)")]
    [InlineData("$-7\r\n", "a length cannot be read (answer to PING)")]
    [InlineData("$3\r\nabcd\r\n", "a text does not end where its length says (answer to PING): \"abcd  \"")]
    [InlineData(":12a\r\n", "a number cannot be read (answer to PING)")]
    [InlineData("+PONG\n", "a line does not end with CR LF (answer to PING): \"+PONG \"")]
    [InlineData("\x01\x02garbage", "the answer is not Redis's protocol (answer to PING): \"  garbage\"")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n", "an SSH server answered on this port")]
    public async Task Garbage_is_named(string answer, string words)
    {
        await using var server = ScriptedServer.Start(async (stream, token) =>
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(answer), token);
            await Bystander(stream, token);
        });
        Assert.Equal("protocol: " + words, (await ProbeAsync(server)).Message);
    }

    [Fact]
    public async Task A_wrong_answer_to_PING_is_shown()
    {
        await using var server = ScriptedServer.Start(async (stream, token) =>
        {
            await stream.WriteAsync("+OK\r\n+1\r\n+2\r\n+3\r\n+4\r\n+5\r\n"u8.ToArray(), token);
            await Bystander(stream, token);
        });
        Assert.Equal("protocol: PING was not answered with PONG but with \"OK\"", (await ProbeAsync(server)).Message);
    }

    [Fact]
    public async Task A_flood_without_end_stays_within_the_cap()
    {
        await using var server = ScriptedServer.Start(async (stream, token) =>
        {
            await stream.WriteAsync("+PONG\r\n"u8.ToArray(), token);
            var chunk = Encoding.ASCII.GetBytes("$1000000\r\n" + new string('x', 1_000_000) + "\r\n");
            while (true)
            {
                await stream.WriteAsync(chunk, token);
            }
        });
        const long most = 40_000_000;
        var least = await Allocations.LeastAsync(most, async () =>
            Assert.StartsWith("protocol: more than 3145728 bytes came", (await ProbeAsync(server)).Message, StringComparison.Ordinal));
        Assert.InRange(least, 0, most);
    }

    [Fact]
    public async Task Secrets_that_a_server_sends_back_are_not_shown()
    {
        await using var server = ScriptedServer.Start(async (stream, token) =>
        {
            await stream.WriteAsync("-ERR no such user hunter22 here\r\n"u8.ToArray(), token);
            await Bystander(stream, token);
        });
        var result = await ProbeBench.RedisAsync(new { host = "127.0.0.1", port = server.Port, password = "hunter22" }, 0.5);
        Assert.DoesNotContain("hunter22", result.Message, StringComparison.Ordinal);
    }

    /// <summary>A whole answer of a real server, cut at every place: the verdict may not depend on where TCP cuts.</summary>
    [Fact]
    public async Task An_answer_that_is_split_at_any_byte_is_the_same_answer()
    {
        var answer = Encoding.ASCII.GetBytes(Transcripts.Standalone);
        for (var cut = 1; cut < answer.Length; cut += cut < 40 ? 1 : 7)
        {
            var (first, rest) = (answer[..cut], answer[cut..]);
            await using var server = ScriptedServer.Start(async (stream, token) =>
            {
                _ = await stream.ReadAsync(new byte[500], token);
                await stream.WriteAsync(first, token);
                await stream.FlushAsync(token);
                await Task.Yield();
                await stream.WriteAsync(rest, token);
                await Bystander(stream, token);
            });
            var result = await ProbeAsync(server);
            Assert.True(result.IsClean, $"cut at {cut.ToString(CultureInfo.InvariantCulture)}: {result.Message}");
            Assert.Equal(12345, result.Metrics["used_memory_bytes"]!.Value.Number);
        }
    }

    [Fact]
    public async Task An_answer_that_ends_in_the_middle_names_what_is_missing()
    {
        var answer = Encoding.ASCII.GetBytes(Transcripts.Standalone);
        for (var length = 0; length < answer.Length; length += 11)
        {
            var part = answer[..length];
            await using var server = ScriptedServer.Start(async (stream, token) =>
            {
                _ = await stream.ReadAsync(new byte[500], token);
                await stream.WriteAsync(part, token);
            });
            var result = await ProbeAsync(server);
            Assert.Equal(FailureStage.Protocol, result.Stage);
            Assert.Contains("connection closed by the server while waiting for the answer to ", result.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>What wrote stays until the other side has gone: closing would reset, and take unread bytes along.</summary>
    private static async Task Bystander(Stream stream, CancellationToken token)
    {
        while (await stream.ReadAsync(new byte[1000], token) > 0)
        {
            // What it says does not matter.
        }
    }

    private static Task<ProbeResult> ProbeAsync(ScriptedServer server, double seconds = 10) => ProbeBench.RedisAsync(new { host = "127.0.0.1", port = server.Port }, seconds);
}
