using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Monitor.Core.Configs.Tcp;
using Monitor.Core.Probing;
using Monitor.Core.Schemas;
using Monitor.Core.Text;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Tcp;

/// <summary>Connects; where told, sends a text and waits for an answer that matches.</summary>
public sealed class TcpProber(Dialer dialer, TimeProvider time) : IProber
{
    private const int MaxAnswer = 4096;

    public string Type => "tcp";

    public LocalizedText Name { get; } = new("TCP port", "TCP 端口");

    public ObjectSchema Schema => TcpConfig.Schema;

    public ConfigReading Read(JsonElement config) => TcpConfig.Read(config);

    public ValueTask<ProbeResult> ProbeAsync(ProbeRequest request, CancellationToken cancellationToken)
    {
        var config = (TcpConfig)request.Config;
        return new ProbeRun(time, request.Timeout).GuardAsync(
            (run, token) => config is { Tls: null, Send: null, Expect: null } ? TouchAsync(run, config, token) : StepsAsync(run, config, token), cancellationToken);
    }

    /// <summary>That the port takes a connection is all there is to see.</summary>
    private async ValueTask<ProbeResult> TouchAsync(ProbeRun run, TcpConfig config, CancellationToken cancellationToken)
    {
        var touched = await dialer.TouchAsync(run, config.Host, config.Port, config.IpFamily, cancellationToken);
        if (touched.Fault is { } fault)
        {
            return run.Failed(fault);
        }

        using var reached = touched.Value!;
        return Judge(run, config, [], run.ElapsedAt(reached.At));
    }

    private async ValueTask<ProbeResult> StepsAsync(ProbeRun run, TcpConfig config, CancellationToken cancellationToken)
    {
        var opened = await dialer.OpenAsync(run, config.Host, config.Port, config.IpFamily, config.Tls, cancellationToken);
        if (opened.Fault is { } fault)
        {
            return run.Failed(fault);
        }

        await using var link = opened.Value!;
        if (config.Send is { } bytes)
        {
            run.WaitingFor = "the server's taking what was sent";
            await link.Stream.WriteAsync(bytes, cancellationToken);
        }

        if (config.Expect is null)
        {
            link.Finished = true;
            return Judge(run, config, [], run.Elapsed);
        }

        var buffer = ArrayPool<byte>.Shared.Rent(MaxAnswer);
        try
        {
            return await ExpectAsync(run, config, link, buffer.AsMemory(0, MaxAnswer), cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Reads until it matches, 4 KiB have come, or the server closed.</summary>
    private static async ValueTask<ProbeResult> ExpectAsync(
        ProbeRun run, TcpConfig config, WireLink link, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var received = 0;
        run.WaitingFor = "an answer that matches expect_regex";
        while (true)
        {
            var read = await link.Stream.ReadAsync(buffer[received..], cancellationToken);
            received += read;
            if (read > 0)
            {
                run.WaitingFor = $"an answer that matches expect_regex ({received} bytes received: {Shown(buffer.Span[..received])})";
            }

            var answer = TextOf(buffer.Span[..received]);
            var metrics = new[] { new Metric("received_bytes", received) };
            if (Matches(config.Expect!, answer) is not { } matches)
            {
                return run.Failed(WireFault.Own("expect_regex takes too long on this answer: simplify it"), metrics);
            }

            if (matches)
            {
                link.Finished = true;
                return Judge(run, config, metrics, run.Elapsed);
            }

            if (read == 0 || received == buffer.Length)
            {
                return run.Failed(Unmatched(config, buffer.Span[..received], read == 0), metrics);
            }
        }
    }

    private static ProbeResult Judge(ProbeRun run, TcpConfig config, Metric[] received, TimeSpan took)
    {
        var metrics = received.Length > 0 ? received : [new Metric("received_bytes", 0)];
        return run.JudgeLatency(took, config.MaxLatencyMs, config.WarnLatencyMs, "latency") is { } broken
            ? run.Failed(new WireFault(FailureStage.Assertion, broken), metrics) with { Latency = took }
            : ProbeResult.Ok(run.Metrics(metrics), run.Warnings) with { Latency = took };
    }

    private static WireFault Unmatched(TcpConfig config, ReadOnlySpan<byte> received, bool closed)
    {
        if (config.Tls is null && WireText.IsTlsAlert(received))
        {
            return WireFault.Protocol("the server answered with a TLS alert: it speaks TLS on this port; set tls");
        }

        var how = closed ? "before the server closed the connection" : "at most are looked at";
        return new WireFault(FailureStage.Assertion, $"no answer that matches expect_regex {config.Expect}: {received.Length} bytes received {how}: {Shown(received)}");
    }

    private static string Shown(ReadOnlySpan<byte> received) => WireText.Snippet(TextOf(received), []);

    /// <summary>UTF-8 where it is; else one character a byte, so that a pattern may say \x81. A character cut off at the end does not count against UTF-8.</summary>
    private static string TextOf(ReadOnlySpan<byte> bytes)
    {
        for (var cut = 0; cut < 4 && cut <= bytes.Length; cut++)
        {
            if (System.Text.Unicode.Utf8.IsValid(bytes[..^cut]))
            {
                return Encoding.UTF8.GetString(bytes[..^cut]);
            }
        }

        return Encoding.Latin1.GetString(bytes);
    }

    /// <summary>Null when the pattern did not come to an end.</summary>
    private static bool? Matches(Regex pattern, string text)
    {
        try
        {
            return pattern.IsMatch(text);
        }
        catch (RegexMatchTimeoutException)
        {
            return null;
        }
    }
}
