using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Monitor.Core.Probing;
using Monitor.SystemTests.Servers;
using Monitor.Tests.Shared;
using Xunit;

namespace Monitor.SystemTests.Probers.Postgres;

/// <summary>What a real server does not do on command: other servers on its port, silence, trickles, lies about lengths, a session cut anywhere.</summary>
public sealed class PostgresScriptTests(PostgresPlace place)
{
    private const string Notice = "N\0\0\0\u0017SNOTICE\0C00000\0Mx\0\0";
    private const string Welcome = "R\0\0\0\u0008\0\0\0\0S\0\0\0\u0019server_version\0" + "15.18\0K\0\0\0\u000C\0\0\0\u0007\0\0\0\u0009Z\0\0\0\u0005I";

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n", "protocol: an HTTP server answered on this port")]
    [InlineData("SSH-2.0-OpenSSH_9.2p1\r\n", "protocol: an SSH server answered on this port")]
    [InlineData("-ERR unknown command\r\n", "protocol: a Redis server answered on this port")]
    [InlineData("\u0015\u0003\u0003\0\u0002\u0002\u0028", "protocol: the server answered with a TLS alert: it speaks TLS on this port, and not PostgreSQL's way of it")]
    [InlineData("\u0001\u0002\u0003\u0004garbage", "protocol: this is not a PostgreSQL server: it answered \"    garbage\"")]
    [InlineData("R\u007F\u00FF\u00FF\u00FF\0\0\0\u0005", "protocol: this is not a PostgreSQL server: it answered \"R ÿÿÿ    \"")]
    [InlineData("R\0\0\0\u0008\0\0\0\u0007", "authentication: the server asks for GSSAPI, which this monitor does not speak; let the user log in by password")]
    [InlineData(Welcome + "1\u007F\u00FF\u00FF\u00FF", "protocol: a message ('1') of 2147483647 bytes was announced; between 4 and 1048576 are read")]
    public async Task Another_kind_of_server_is_named(string sent, string message)
    {
        foreach (var mode in (string[])["disable", "require"])
        {
            await using var server = ScriptedServer.Start(async (stream, token) =>
            {
                _ = await stream.ReadAtLeastAsync(new byte[1000], 1, throwOnEndOfStream: false, token);
                await stream.WriteAsync(Encoding.Latin1.GetBytes(sent), token);
                await new TaskCompletionSource().Task.WaitAsync(token);
            });
            var allocated = GC.GetTotalAllocatedBytes();
            var result = await ProbeBench.PostgresAsync(new { host = "127.0.0.1", port = server.Port, ssl_mode = mode }, 5);
            Assert.InRange(GC.GetTotalAllocatedBytes() - allocated, 0, 200_000_000);
            if (mode == "disable" || sent[0] is 'H' or '-')
            {
                Assert.Equal(message, result.Message);
            }

            Assert.True(result.Stage is FailureStage.Protocol or FailureStage.Authentication or FailureStage.Tls, result.Message);
        }
    }

    [Theory]
    [InlineData("", "timeout: the server's answer to the login did not come within 0.5 s")]
    [InlineData("R\0\0", "timeout: the server's answer to the login did not come within 0.5 s")]
    [InlineData("R\0\0\0\u000C\0\0\0\u0005abcd", "timeout: the answer to the password did not come within 0.5 s")]
    [InlineData("R\0\0\0\u0008\0\0\0\0", "timeout: the end of the login did not come within 0.5 s")]
    [InlineData(Welcome, "timeout: the answer to SELECT 1 did not come within 0.5 s")]
    public async Task Silence_says_what_did_not_come(string sent, string message)
    {
        await using var server = Sends(sent, stays: true);
        var began = Stopwatch.GetTimestamp();
        var result = await ProbeBench.PostgresAsync(new { host = "127.0.0.1", port = server.Port, password = "a-pw" }, 0.5);
        Assert.Equal($"{message} (connected to 127.0.0.1:{server.Port})", result.Message);
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0.45, 5);
    }

    [Theory]
    [InlineData("", "protocol: connection closed by the server while waiting for the server's answer to the login")]
    [InlineData(Welcome, "protocol: connection closed by the server while waiting for the answer to SELECT 1")]
    public async Task A_connection_that_is_closed_says_where(string sent, string message)
    {
        await using var server = Sends(sent, stays: false);
        Assert.Equal(message, (await ProbeBench.PostgresAsync(new { host = "127.0.0.1", port = server.Port })).Message);
    }

    [Fact]
    public async Task A_server_without_an_answer_to_the_request_for_TLS_is_a_timeout()
    {
        await using var server = Sends("", stays: true);
        var result = await ProbeBench.PostgresAsync(new { host = "127.0.0.1", port = server.Port, ssl_mode = "verify-full" }, 0.5);
        Assert.Equal($"timeout: the server's answer to the request for TLS did not come within 0.5 s (connected to 127.0.0.1:{server.Port})", result.Message);
    }

    [Fact]
    public async Task A_trickle_does_not_stretch_the_deadline()
    {
        await using var server = ScriptedServer.Start(async (stream, token) =>
        {
            _ = await stream.ReadAtLeastAsync(new byte[1000], 1, throwOnEndOfStream: false, token);
            for (var i = 0; ; i++)
            {
                // An endless row of notices, a byte at a time: each byte is progress, none of it an answer.
                await stream.WriteAsync(new[] { (byte)Notice[i % Notice.Length] }, token);
                await Eventually.NothingForAsync(TimeSpan.FromMilliseconds(20), token);
            }
        });
        var began = Stopwatch.GetTimestamp();
        var result = await ProbeBench.PostgresAsync(new { host = "127.0.0.1", port = server.Port }, 1);
        Assert.Equal(FailureStage.Timeout, result.Stage);
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0.9, 5);
    }

    [Fact]
    public async Task A_flood_ends_by_itself()
    {
        var notices = Encoding.Latin1.GetBytes(string.Concat(Enumerable.Repeat(Notice, 10_000)));
        await using var server = ScriptedServer.Start(async (stream, token) =>
        {
            while (true)
            {
                await stream.WriteAsync(notices, token);
            }
        });
        var result = await ProbeBench.PostgresAsync(new { host = "127.0.0.1", port = server.Port }, 30);
        Assert.Equal("protocol: the server sent more than 16777216 bytes", result.Message);
    }

    [Fact]
    public async Task A_session_may_come_in_single_bytes_and_may_end_at_any_of_them()
    {
        var server = await place.ServerAsync();
        var config = new { host = "127.0.0.1", port = server.Port, username = "open", query = "SELECT 1", expect_result = "1" };
        var turns = await Transcript.RecordAsync(server.Port, port => ProbeBench.PostgresAsync(config with { port = port }));
        var length = turns.Sum(turn => turn.Length);

        await using (var slow = Transcript.Replay(turns, length, 1))
        {
            var whole = await ProbeBench.PostgresAsync(config with { port = slow.Port }, 30);
            Assert.Null(whole.Message);
            Assert.Equal(ProbeOutcome.Ok, whole.Outcome);
        }

        foreach (var end in Enumerable.Range(0, 60).Select(i => i * length / 60).Concat(Enumerable.Range(0, 20)).Distinct())
        {
            await using var cut = Transcript.Replay(turns, end, 1000);
            var result = await ProbeBench.PostgresAsync(config with { port = cut.Port });
            Assert.True(result.Stage is FailureStage.Protocol or FailureStage.Authentication, $"after {end} bytes: {result.Message}");
        }
    }

    [Fact]
    public async Task A_session_with_a_byte_changed_anywhere_is_never_an_exception()
    {
        var server = await place.ServerAsync();
        var config = new { host = "127.0.0.1", port = server.Port, username = "open" };
        var turns = await Transcript.RecordAsync(server.Port, port => ProbeBench.PostgresAsync(config with { port = port }));
        var random = new Random(5);
        for (var i = 0; i < 150; i++)
        {
            var changed = turns.Select(turn => turn.ToArray()).ToArray();
            var turn = changed[random.Next(changed.Length)];
            turn[random.Next(turn.Length)] = (byte)random.Next(256);
            await using var lying = Transcript.Replay(changed, int.MaxValue, 1000);
            var result = await ProbeBench.PostgresAsync(config with { port = lying.Port }, 0.5);
            Assert.True(result.Outcome is ProbeOutcome.Ok or ProbeOutcome.Failed, result.Message);
        }
    }

    private static ScriptedServer Sends(string text, bool stays) => ScriptedServer.Start(async (stream, token) =>
    {
        _ = await stream.ReadAtLeastAsync(new byte[1000], 1, throwOnEndOfStream: false, token);
        await stream.WriteAsync(Encoding.Latin1.GetBytes(text), token);
        if (stays)
        {
            await new TaskCompletionSource().Task.WaitAsync(token);
        }
        else if (text.Length > 0)
        {
            _ = await stream.ReadAtLeastAsync(new byte[1000], 1, throwOnEndOfStream: false, token);
        }
    });
}

/// <summary>What a real server said in a session, turn by turn, and a server that says it again.</summary>
internal static class Transcript
{
    public static async Task<byte[][]> RecordAsync(int port, Func<int, Task<ProbeResult>> probe)
    {
        var turns = new List<List<byte>>();
        var clientSpoke = true;
        await using var recorder = ScriptedServer.Start(async (stream, token) =>
        {
            using var real = new TcpClient();
            await real.ConnectAsync(IPAddress.Loopback, port, token);
            var server = real.GetStream();
            var up = Task.Run(
                async () =>
                {
                    var buffer = new byte[16_384];
                    while (await stream.ReadAsync(buffer, token) is > 0 and var count)
                    {
                        clientSpoke = true;
                        await server.WriteAsync(buffer.AsMemory(0, count), token);
                    }
                },
                token);
            var answer = new byte[16_384];
            while (await server.ReadAsync(answer, token) is > 0 and var count)
            {
                if (clientSpoke)
                {
                    turns.Add([]);
                    clientSpoke = false;
                }

                turns[^1].AddRange(answer.AsSpan(0, count));
                await stream.WriteAsync(answer.AsMemory(0, count), token);
            }

            await up;
        });
        Assert.Equal(ProbeOutcome.Ok, (await probe(recorder.Port)).Outcome);
        return [.. turns.Select(turn => turn.ToArray())];
    }

    /// <param name="end">After so many bytes the connection is closed.</param>
    /// <param name="size">Of the pieces in which it is sent.</param>
    public static ScriptedServer Replay(byte[][] turns, int end, int size) => ScriptedServer.Start(async (stream, token) =>
    {
        var left = end;
        foreach (var turn in turns)
        {
            if (await stream.ReadAsync(new byte[16_384], token) == 0)
            {
                return;
            }

            for (var at = 0; at < turn.Length && left > 0; at += size)
            {
                var count = Math.Min(Math.Min(size, turn.Length - at), left);
                await stream.WriteAsync(turn.AsMemory(at, count), token);
                left -= count;
            }

            if (left == 0)
            {
                return;
            }
        }

        _ = await stream.ReadAtLeastAsync(new byte[16_384], 1, throwOnEndOfStream: false, token);
    });
}
