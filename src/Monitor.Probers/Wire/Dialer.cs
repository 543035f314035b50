using System.Net;
using System.Net.Sockets;
using Monitor.Core.Configs;
using Monitor.Core.Configs.Tls;
using Monitor.Core.Outbound;
using Monitor.Core.Probing;

namespace Monitor.Probers.Wire;

/// <summary>
/// From a host's name to a connection: look-up, outbound check, connect. The address that was judged is the one that is connected to, so a name that
/// changes between two look-ups gains nothing. Addresses are tried in the system's order, families in turns, the next one 250 ms after the last or as soon
/// as that one failed; the first that connects wins.
/// </summary>
/// <param name="connector">For connections over which nothing is said; null: the runtime's.</param>
public sealed class Dialer(TimeProvider time, INameResolver resolver, OutboundPolicy policy, IConnector? connector = null)
{
    private static readonly TimeSpan Stagger = TimeSpan.FromMilliseconds(250);

    private readonly IConnector _connector = connector ?? new RuntimeConnector(time);

    /// <summary>A connection, in TLS where <paramref name="tls"/> is given; or a fault. Cancellation flows as <see cref="OperationCanceledException"/>.</summary>
    public async ValueTask<Outcome<WireLink>> OpenAsync(
        ProbeRun run, string host, int port, IpFamily family, TlsConfig? tls, CancellationToken cancellationToken)
    {
        var dialed = await DialAsync(run, host, port, family, cancellationToken);
        if (dialed.Fault is { } fault)
        {
            return fault;
        }

        var link = new WireLink(dialed.Value!);
        return tls is not null && await link.SecureAsync(run, host, tls, [], cancellationToken) is { } insecure ? insecure : link;
    }

    /// <summary>Why an address that somebody else will connect to (a proxy) may not be used; null for names, which that one resolves.</summary>
    public WireFault? RefusalOfLiteral(string host) =>
        IPAddress.TryParse(host, out var address) && policy.Refusal(address) is { } reason ? new WireFault(FailureStage.Connect, $"not allowed: {reason}") : null;

    /// <summary>A connected socket, or a fault. Cancellation flows as <see cref="OperationCanceledException"/>.</summary>
    public async ValueTask<Outcome<Socket>> DialAsync(ProbeRun run, string host, int port, IpFamily family, CancellationToken cancellationToken)
    {
        var reached = await ReachAsync(run, host, port, family, TryConnectAsync, cancellationToken);
        return reached.Fault is { } fault ? fault : reached.Value!.Link;
    }

    /// <summary>
    /// An open connection over which nothing can be said, by the cheapest way that there is; or a fault. Cancellation flows as <see cref="OperationCanceledException"/>.
    /// </summary>
    public ValueTask<Outcome<Reached<IDisposable>>> TouchAsync(ProbeRun run, string host, int port, IpFamily family, CancellationToken cancellationToken) =>
        ReachAsync(run, host, port, family, TryTouchAsync, cancellationToken);

    private async ValueTask<Outcome<Reached<T>>> ReachAsync<T>(
        ProbeRun run, string host, int port, IpFamily family, Attempt<T> attempt, CancellationToken cancellationToken)
        where T : class, IDisposable
    {
        var addresses = await ResolveAsync(run, host, family, cancellationToken);
        if (addresses.Fault is { } unknown)
        {
            return unknown;
        }

        run.Address = null;
        run.WaitingFor = $"a connection to {Place(addresses.Value!, port)}";
        var started = time.GetTimestamp();
        var outcome = addresses.Value!.Length == 1
            ? await attempt(new IPEndPoint(addresses.Value[0], port), cancellationToken)
            : await RaceAsync(addresses.Value, port, attempt, cancellationToken);
        if (outcome.Value is { } reached)
        {
            run.Connect = (run.Connect ?? TimeSpan.Zero) + time.GetElapsedTime(started, reached.At);
            run.Address = reached.Place;
        }

        return outcome;
    }

    /// <summary>The addresses that may be used, at least one; the system's order with the families in turns. An address needs no resolver.</summary>
    public async ValueTask<Outcome<IPAddress[]>> ResolveAsync(ProbeRun run, string host, IpFamily family, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out var literal))
        {
            run.Dns ??= TimeSpan.Zero;
            return Permitted(host, [literal], family);
        }

        run.WaitingFor = $"an answer to the look-up of {host}";
        var started = time.GetTimestamp();
        var found = await resolver.ResolveAsync(host, cancellationToken);
        if (found.Fault is { } fault)
        {
            return fault;
        }

        run.Dns = (run.Dns ?? TimeSpan.Zero) + time.GetElapsedTime(started);
        return Permitted(host, found.Value!, family);
    }

    private Outcome<IPAddress[]> Permitted(string host, IPAddress[] found, IpFamily family)
    {
        var plain = Array.ConvertAll(found, address => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
        var wanted = family switch
        {
            IpFamily.V4 => Array.FindAll(plain, address => address.AddressFamily == AddressFamily.InterNetwork),
            IpFamily.V6 => Array.FindAll(plain, address => address.AddressFamily == AddressFamily.InterNetworkV6),
            _ => plain,
        };
        if (wanted.Length == 0)
        {
            return new WireFault(FailureStage.Dns, $"{host} has no {(family == IpFamily.V4 ? "IPv4" : "IPv6")} address");
        }

        var allowed = Array.FindAll(wanted, address => policy.Refusal(address) is null);
        return allowed.Length > 0
            ? InTurns(allowed)
            : new WireFault(FailureStage.Connect, $"not allowed: {policy.Refusal(wanted[0])}{(IPAddress.TryParse(host, out _) ? "" : $" ({host})")}");
    }

    private static IPAddress[] InTurns(IPAddress[] addresses)
    {
        if (addresses.Length < 3)
        {
            return addresses;
        }

        var first = addresses.Where(address => address.AddressFamily == addresses[0].AddressFamily).ToArray();
        var second = addresses.Where(address => address.AddressFamily != addresses[0].AddressFamily).ToArray();
        return [.. first.Select((address, i) => (address, rank: i * 2)).Concat(second.Select((address, i) => (address, rank: (i * 2) + 1)))
            .OrderBy(pair => pair.rank).Select(pair => pair.address)];
    }

    private async ValueTask<Outcome<Reached<Socket>>> TryConnectAsync(IPEndPoint place, CancellationToken cancellationToken)
    {
        Socket? socket = null;
        try
        {
            socket = new Socket(place.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(place, cancellationToken);
            return new Reached<Socket>(socket, place, time.GetTimestamp());
        }
        catch (SocketException e)
        {
            socket?.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            return SocketFaults.OfConnect(e.SocketErrorCode, place.ToString(), place.Address);
        }
        catch (OperationCanceledException)
        {
            socket?.Dispose();
            throw;
        }
    }

    private async ValueTask<Outcome<Reached<IDisposable>>> TryTouchAsync(IPEndPoint place, CancellationToken cancellationToken)
    {
        var end = await _connector.ConnectAsync(place, cancellationToken);
        return end.Connection is { } connection
            ? new Reached<IDisposable>(connection, place, end.At)
            : SocketFaults.OfConnect(end.Error, place.ToString(), place.Address);
    }

    private async ValueTask<Outcome<Reached<T>>> RaceAsync<T>(IPAddress[] addresses, int port, Attempt<T> attempt, CancellationToken cancellationToken)
        where T : class, IDisposable
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = new List<Task<Outcome<Reached<T>>>>();
        var faults = new List<WireFault>();
        Reached<T>? winner = null;
        try
        {
            for (var next = 0; winner is null && (next < addresses.Length || running.Count > 0);)
            {
                if (next < addresses.Length)
                {
                    running.Add(attempt(new IPEndPoint(addresses[next++], port), stop.Token).AsTask());
                }

                if (await FirstEndedAsync(running, next < addresses.Length, stop.Token) is >= 0 and var ended)
                {
                    var outcome = await running[ended];
                    running.RemoveAt(ended);
                    winner = outcome.Value;
                    faults.AddRange(outcome.Fault is { } fault ? [fault] : []);
                }
            }
        }
        finally
        {
            await stop.CancelAsync();
            await CloseAsync(running);
        }

        return winner is null ? Together(faults) : winner;
    }

    /// <summary>Which attempt ended first; -1 when it is time to start the next one beside it.</summary>
    private async Task<int> FirstEndedAsync<T>(List<Task<T>> running, bool moreToTry, CancellationToken cancellationToken)
    {
        if (!moreToTry)
        {
            return running.IndexOf(await Task.WhenAny(running));
        }

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var pause = Task.Delay(Stagger, time, ended.Token);
        var first = await Task.WhenAny(running.Append(pause));
        await ended.CancelAsync();
        await pause.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return running.FindIndex(attempt => attempt == first);
    }

    /// <summary>Attempts that lost may still have connected.</summary>
    private static async Task CloseAsync<T>(List<Task<Outcome<Reached<T>>>> running)
        where T : class, IDisposable
    {
        foreach (var attempt in running)
        {
            try
            {
                (await attempt).Value?.Dispose();
            }
            catch (OperationCanceledException)
            {
                // Its socket is closed already.
            }
        }
    }

    /// <summary>Our own trouble only when it was so for every address: an IPv6 address without IPv6 here says nothing, the refusal of the other one does.</summary>
    private static WireFault Together(List<WireFault> faults)
    {
        var real = faults.FindAll(fault => fault.Stage is not null);
        return real.Count == 0
            ? WireFault.Own(string.Join("; ", faults.Select(fault => fault.Message)))
            : new WireFault(FailureStage.Connect, string.Join("; ", faults.Select(fault => fault.Message)));
    }

    private static string Place(IPAddress[] addresses, int port) => string.Join(" or ", addresses.Take(4).Select(address => new IPEndPoint(address, port).ToString()));

    private delegate ValueTask<Outcome<Reached<T>>> Attempt<T>(IPEndPoint place, CancellationToken cancellationToken)
        where T : class, IDisposable;
}
