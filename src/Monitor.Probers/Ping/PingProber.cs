using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text.Json;
using Monitor.Core.Configs.Ping;
using Monitor.Core.Probing;
using Monitor.Core.Schemas;
using Monitor.Core.Text;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Ping;

/// <summary>ICMP echo. By a socket of our own where the system allows one (better figures, TTL), else by the system's <c>ping</c>.</summary>
public sealed class PingProber(Dialer dialer, TimeProvider time) : IProber
{
    private static readonly WireFault NoRight = WireFault.Own(
        "this monitor may not send ICMP: give it CAP_NET_RAW (setcap cap_net_raw+ep, or the container's NET_RAW), or add its group to net.ipv4.ping_group_range, or install iputils-ping");

    public string Type => "ping";

    public LocalizedText Name { get; } = new("Ping (ICMP)", "Ping (ICMP)");

    public ObjectSchema Schema => PingConfig.Schema;

    public ConfigReading Read(JsonElement config) => PingConfig.Read(config);

    public ValueTask<ProbeResult> ProbeAsync(ProbeRequest request, CancellationToken cancellationToken)
    {
        var config = (PingConfig)request.Config;
        return new ProbeRun(time, request.Timeout).GuardAsync((run, token) => StepsAsync(run, config, request.Timeout, token), cancellationToken);
    }

    /// <summary>
    /// Answers are waited for until a tenth before the deadline (at most 200 ms): what came by then is counted and judged, instead of being cut off with the rest.
    /// </summary>
    private async ValueTask<ProbeResult> StepsAsync(ProbeRun run, PingConfig config, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var resolved = await dialer.ResolveAsync(run, config.Host, config.IpFamily, cancellationToken);
        if (resolved.Fault is { } unknown)
        {
            return run.Failed(unknown);
        }

        var margin = TimeSpan.FromMilliseconds(Math.Min(200, timeout.TotalMilliseconds / 10));
        var wait = timeout - margin - run.Elapsed;
        using var end = new CancellationTokenSource(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(end.Token, cancellationToken);
        var count = new EchoCount();
        WireFault? fault = null;
        foreach (var address in resolved.Value!)
        {
            run.WaitingFor = $"an answer from {address}";
            run.Address = null;
            count = new EchoCount();
            fault = await PingAsync(run, config, address, count, both.Token);

            // An address without a way to it from here (IPv6 on a host without) leaves the others.
            if (fault is null || both.IsCancellationRequested)
            {
                return Judge(run, config, address, count);
            }
        }

        return run.Failed(fault!, count.Metrics());
    }

    private static ProbeResult Judge(ProbeRun run, PingConfig config, IPAddress address, EchoCount count)
    {
        var fault = count.Judge(run, config, address.ToString());
        var latency = count.Answered > 0 ? count.Average : run.Elapsed;
        return fault is null
            ? ProbeResult.Ok(run.Metrics(count.Metrics()), run.Warnings) with { Latency = latency }
            : run.Failed(fault, count.Metrics()) with { Latency = latency };
    }

    /// <summary>Null when packets could be sent; the rest is in <paramref name="count"/>. Ends early when all are answered, else with the token.</summary>
    private async ValueTask<WireFault?> PingAsync(ProbeRun run, PingConfig config, IPAddress address, EchoCount count, CancellationToken cancellationToken)
    {
        try
        {
            using var socket = IcmpSocket.Open(address);
            if (socket is null)
            {
                return await PingBySystemAsync(run, config, address, count, cancellationToken);
            }

            socket.Connect(address);
            return await new EchoSession(run, config, socket, address, count).RunAsync(cancellationToken);
        }
        catch (SocketException e)
        {
            return SocketFaults.OfConnect(e.SocketErrorCode, address.ToString(), address);
        }
    }

    private async ValueTask<WireFault?> PingBySystemAsync(ProbeRun run, PingConfig config, IPAddress address, EchoCount count, CancellationToken cancellationToken)
    {
        try
        {
            for (var i = 0; i < config.Count && !cancellationToken.IsCancellationRequested; i++)
            {
                if (i > 0)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(config.PacketIntervalMs), time, cancellationToken);
                }

                count.Sent++;
                using var ping = new System.Net.NetworkInformation.Ping();
                var reply = await ping.SendPingAsync(address, TimeSpan.FromSeconds(5), cancellationToken: cancellationToken);
                if (reply.Status == IPStatus.Success)
                {
                    run.Address = new IPEndPoint(address, 0);
                    count.Add(TimeSpan.FromMilliseconds(reply.RoundtripTime), reply.Options?.Ttl);
                }
            }
        }
        catch (Exception e) when (e is PlatformNotSupportedException or System.ComponentModel.Win32Exception)
        {
            return NoRight;
        }
        catch (PingException e) when (e.InnerException is PlatformNotSupportedException or System.ComponentModel.Win32Exception)
        {
            return NoRight;
        }
        catch (Exception e) when (e is OperationCanceledException or PingException)
        {
            count.Report = e is PingException ? "the system's ping failed" : count.Report;
        }

        return null;
    }
}
