using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Monitor.Core.Outbound;
using Monitor.Core.Probing;
using Monitor.Probers.Http;
using Monitor.Probers.Ping;
using Monitor.Probers.Redis;
using Monitor.Probers.Postgres;
using Monitor.Probers.Tcp;
using Monitor.Probers.Wire;
using Monitor.Probers.Wire.Linux;
using Xunit;

namespace Monitor.SystemTests.Probers;

/// <summary>Runs one probe as the silo does: config read, deadline set, caller's token.</summary>
internal static class ProbeBench
{
    public static Task<ProbeResult> HttpAsync(object config, double timeoutSeconds = 10, INameResolver? names = null, OutboundPolicy? policy = null) =>
        RunAsync(new HttpProber(Dialer(names, policy), TimeProvider.System), config, timeoutSeconds);

    public static Task<ProbeResult> TcpAsync(
        object config, double timeoutSeconds = 10, INameResolver? names = null, OutboundPolicy? policy = null, IConnector? connector = null) =>
        RunAsync(new TcpProber(Dialer(names, policy, connector), TimeProvider.System), config, timeoutSeconds);

    public static Task<ProbeResult> PingAsync(object config, double timeoutSeconds = 10, OutboundPolicy? policy = null) =>
        RunAsync(new PingProber(Dialer(null, policy), TimeProvider.System), config, timeoutSeconds);

    public static Task<ProbeResult> RedisAsync(
        object config, double timeoutSeconds = 10, ReadOnlyMemory<byte> memory = default, INameResolver? names = null, OutboundPolicy? policy = null) =>
        RunAsync(new RedisProber(Dialer(names, policy), TimeProvider.System), config, timeoutSeconds, memory);
    public static Task<ProbeResult> PostgresAsync(object config, double timeoutSeconds = 10, INameResolver? names = null, OutboundPolicy? policy = null) =>
        RunAsync(new PostgresProber(Dialer(names, policy), TimeProvider.System), config, timeoutSeconds);

    /// <summary>As in a silo on this system: one for the whole process.</summary>
    public static IConnector Connector { get; } =
        LinuxConnector.TryStart(TimeProvider.System) ?? throw new InvalidOperationException("the tests run on Linux, on a processor that the connector knows");

    public static Dialer Dialer(INameResolver? names = null, OutboundPolicy? policy = null, IConnector? connector = null) =>
        new(TimeProvider.System, names ?? new SystemNameResolver(), policy ?? OutboundPolicy.Default, connector ?? Connector);

    public static async Task<ProbeResult> RunAsync(IProber prober, object config, double timeoutSeconds, ReadOnlyMemory<byte> memory = default)
    {
        var reading = prober.Read(JsonSerializer.SerializeToElement(config));
        Assert.Empty(reading.Errors);
        var timeout = TimeSpan.FromSeconds(timeoutSeconds);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(timeout);
        return await prober.ProbeAsync(new ProbeRequest(reading.Config!, memory, timeout), deadline.Token);
    }

    /// <summary>A loopback port where nobody listens.</summary>
    public static int ClosedPort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}

/// <summary>A resolver that answers each look-up with the next of its lists (the last one for ever): a name that is rebound.</summary>
internal sealed class ScriptedNames(params string[][] answers) : INameResolver
{
    private int _asked;

    public ValueTask<Outcome<IPAddress[]>> ResolveAsync(string name, CancellationToken cancellationToken)
    {
        var answer = answers[Math.Min(Interlocked.Increment(ref _asked), answers.Length) - 1];
        return ValueTask.FromResult<Outcome<IPAddress[]>>(Array.ConvertAll(answer, IPAddress.Parse));
    }
}
