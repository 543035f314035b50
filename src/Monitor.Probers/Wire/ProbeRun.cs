using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Monitor.Core.Probing;

namespace Monitor.Probers.Wire;

/// <summary>
/// One probe under way: what it waits for at this moment (so that a timeout can say so), its phases, and what is known of the connection.
/// Phases add up over several connections (redirects).
/// </summary>
public sealed class ProbeRun(TimeProvider time, TimeSpan budget)
{
    private readonly long _started = time.GetTimestamp();

    public TimeProvider Time { get; } = time;

    /// <summary>What a timeout at this moment would be waiting for: "an answer to the request".</summary>
    public string WaitingFor { get; set; } = "its turn";

    public TimeSpan? Dns { get; set; }
    public TimeSpan? Connect { get; set; }
    public TimeSpan? Tls { get; set; }

    /// <summary>The IP that answered last.</summary>
    public IPEndPoint? Address { get; set; }

    public TlsFacts? TlsFacts { get; set; }
    public List<string> Warnings { get; } = [];

    public TimeSpan Elapsed => Time.GetElapsedTime(_started);

    /// <summary>By then; a timestamp of its clock.</summary>
    public TimeSpan ElapsedAt(long timestamp) => Time.GetElapsedTime(_started, timestamp);

    /// <summary>
    /// Runs a probe's steps and turns what may happen on any of them into a value: the token cancelled (at the deadline, or at shutdown: the caller, who
    /// alone knows which, throws the result away then) is a timeout that names the step; a broken connection is a failure of the protocol.
    /// </summary>
    public async ValueTask<ProbeResult> GuardAsync(Func<ProbeRun, CancellationToken, ValueTask<ProbeResult>> steps, CancellationToken cancellationToken)
    {
        try
        {
            return await steps(this, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Failed(TimedOut());
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            // Disposing a socket under a pending call is how some of the cancellations arrive.
            return Failed(cancellationToken.IsCancellationRequested ? TimedOut() : SocketFaults.OfExchange(e, WaitingFor));
        }
    }

    /// <summary>The same for steps that come to a value of their own.</summary>
    public async ValueTask<Outcome<T>> GuardAsync<T>(Func<ProbeRun, CancellationToken, ValueTask<Outcome<T>>> steps, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return await steps(this, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return TimedOut();
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return cancellationToken.IsCancellationRequested ? TimedOut() : SocketFaults.OfExchange(e, WaitingFor);
        }
    }

    /// <summary>What is left of the budget; not below zero.</summary>
    public TimeSpan Left => Elapsed is var gone && budget > gone ? budget - gone : TimeSpan.Zero;

    /// <summary>The part of what is left that may be used when so much of it is kept for later: 0.05-1. Defined to the last instant, when nothing is left to be divided.</summary>
    public double ShareBeside(TimeSpan reserve) => Left is var left && left > TimeSpan.Zero ? Math.Clamp((left - reserve) / left, 0.05, 1) : 0.05;

    /// <summary>The phases and the address of <paramref name="node"/> stand for the whole probe: of the node that everything else was learned from.</summary>
    public void TakeOver(ProbeRun node)
    {
        (Dns, Connect, Tls, Address, TlsFacts) = (node.Dns, node.Connect, node.Tls, node.Address, node.TlsFacts);
        Warnings.AddRange(node.Warnings.Except(Warnings, StringComparer.Ordinal).ToArray());
    }

    public WireFault TimedOut()
    {
        // In tenths: a share of what is left is a little other each time, and the same silence must have the same message.
        var within = budget.TotalSeconds.ToString(budget < TimeSpan.FromSeconds(1) ? "0.##" : "0.#", CultureInfo.InvariantCulture);
        return new WireFault(FailureStage.Timeout, $"{WaitingFor} did not come within {within} s{(Address is null ? "" : $" (connected to {Address})")}");
    }

    public ProbeResult Failed(WireFault fault, IReadOnlyList<Metric>? more = null) => fault.ToResult(Metrics(more), Elapsed);

    /// <summary>The common metrics, then the prober's own.</summary>
    public ProbeMetrics Metrics(IReadOnlyList<Metric>? more = null)
    {
        var metrics = new List<Metric>(6 + (more?.Count ?? 0));
        AddTime(metrics, "dns_ms", Dns);
        AddTime(metrics, "connect_ms", Connect);
        if (Address is not null)
        {
            metrics.Add(new Metric("address", Address.Address.ToString()));
        }

        AddTime(metrics, "tls_ms", Tls);
        if (TlsFacts is { } tls)
        {
            metrics.Add(new Metric("tls_version", tls.Version));
            metrics.Add(new Metric("cert_days_left", tls.DaysLeft));
        }

        metrics.AddRange(more ?? []);
        return new ProbeMetrics([.. metrics]);
    }

    /// <summary>Milliseconds with microseconds behind the point.</summary>
    public static double Milliseconds(TimeSpan span) => Math.Round(span.TotalMilliseconds, 3);

    public static string Text(double number) => number.ToString("0.###", CultureInfo.InvariantCulture);

    /// <summary>Judges how long it took; strictly beyond. Adds a warning; answers what is broken, or null.</summary>
    public string? JudgeLatency(TimeSpan took, double? maxMs, double? warnMs, string what)
    {
        var ms = took.TotalMilliseconds;
        if (ms > maxMs)
        {
            return $"{what} {Text(ms)} ms > max_latency_ms {Text(maxMs.Value)}";
        }

        if (ms > warnMs)
        {
            Warnings.Add($"{what} {Text(ms)} ms > warn_latency_ms {Text(warnMs.Value)}");
        }

        return null;
    }

    private static void AddTime(List<Metric> metrics, string name, TimeSpan? span)
    {
        if (span is { } took)
        {
            metrics.Add(new Metric(name, Milliseconds(took)));
        }
    }
}
