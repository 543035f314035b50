using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using Monitor.Core.Probing;
using Monitor.Core.Threads;

namespace Monitor.Probers.Wire;

/// <summary>
/// The system's resolver on threads of its own. It blocks for as long as a name server is silent and cannot be cancelled: on the thread pool a few hundred
/// dead names would stop every probe, timer and writer of this silo. Look-ups of one name under way are shared. A look-up that finds no thread before its
/// deadline is our own trouble, not the name's.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Lives as long as the process.")]
public sealed class SystemNameResolver(int maxThreads = 128) : INameResolver
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Lookup> _underWay = new(StringComparer.OrdinalIgnoreCase);
    private readonly OwnThreads _threads = new("name resolver", maxThreads, TimeSpan.FromSeconds(10), stackBytes: 256 * 1024);

    public async ValueTask<Outcome<IPAddress[]>> ResolveAsync(string name, CancellationToken cancellationToken)
    {
        var lookup = Join(name);
        try
        {
            return await lookup.Answer.Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (!lookup.Started)
        {
            return WireFault.Own($"this monitor's resolver is busy: {maxThreads} names are being looked up without an answer, {name} has to wait");
        }
    }

    private Lookup Join(string name)
    {
        lock (_lock)
        {
            if (_underWay.TryGetValue(name, out var present))
            {
                return present;
            }

            var lookup = new Lookup(name);
            _underWay.Add(name, lookup);
            _threads.Post(() => Serve(lookup));
            return lookup;
        }
    }

    private void Serve(Lookup lookup)
    {
        lookup.Started = true;
        var answer = Ask(lookup.Name);
        lock (_lock)
        {
            _underWay.Remove(lookup.Name);
        }

        lookup.Answer.SetResult(answer);
    }

    private static Outcome<IPAddress[]> Ask(string name)
    {
        try
        {
            var addresses = System.Net.Dns.GetHostAddresses(name);
            return addresses.Length > 0 ? addresses : new WireFault(FailureStage.Dns, $"{name} has no address");
        }
        catch (SocketException e)
        {
            return Fault(name, e.SocketErrorCode);
        }
        catch (ArgumentException)
        {
            return new WireFault(FailureStage.Dns, $"{name} is not a name that can be looked up");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // On a thread of our own nothing else would catch it, and the process would end.
            return WireFault.Own($"this monitor's resolver failed for {name}: {e.GetType().Name}");
        }
    }

    private static WireFault Fault(string name, SocketError error) =>
        SocketFaults.OwnTrouble(error) is { } own
            ? WireFault.Own(own)
            : new WireFault(FailureStage.Dns, error switch
            {
                SocketError.HostNotFound => $"no such host: {name}",
                SocketError.NoData => $"{name} has no address",
                SocketError.TryAgain => $"the name servers did not answer for {name} (temporary failure in name resolution)",
                _ => $"looking up {name} failed: {error}",
            });

    private sealed class Lookup(string name)
    {
        public string Name { get; } = name;

        public TaskCompletionSource<Outcome<IPAddress[]>> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public volatile bool Started;
    }
}
