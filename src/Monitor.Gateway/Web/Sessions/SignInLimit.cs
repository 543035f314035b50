using System.Collections.Concurrent;
using System.Net;

namespace Monitor.Gateway.Web.Sessions;

/// <summary>How often one address may guess a token: 8 wrong ones within 5 minutes, then it waits.</summary>
internal sealed class SignInLimit(TimeProvider time)
{
    private const int Tries = 8;
    private const int MaxAddresses = 10_000;

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<IPAddress, Queue<DateTimeOffset>> _wrong = new();

    /// <summary>Null when it may try; else how long it has to wait.</summary>
    public TimeSpan? Wait(IPAddress? address)
    {
        if (!_wrong.TryGetValue(Of(address), out var times))
        {
            return null;
        }

        lock (times)
        {
            Forget(times);
            return times.Count < Tries ? null : times.Peek() + Window - time.GetUtcNow();
        }
    }

    public void Wrong(IPAddress? address)
    {
        if (_wrong.Count >= MaxAddresses)
        {
            // So many at once are an attack with borrowed addresses: the oldest go, memory does not grow.
            foreach (var (old, times) in _wrong)
            {
                lock (times)
                {
                    Forget(times);
                    if (times.Count == 0 || _wrong.Count >= MaxAddresses)
                    {
                        _wrong.TryRemove(old, out _);
                    }
                }
            }
        }

        var mine = _wrong.GetOrAdd(Of(address), static _ => new Queue<DateTimeOffset>());
        lock (mine)
        {
            mine.Enqueue(time.GetUtcNow());
        }
    }

    private void Forget(Queue<DateTimeOffset> times)
    {
        var since = time.GetUtcNow() - Window;
        while (times.TryPeek(out var first) && first <= since)
        {
            times.Dequeue();
        }
    }

    /// <summary>A whole IPv6 network of one household counts as one.</summary>
    private static IPAddress Of(IPAddress? address)
    {
        if (address is null)
        {
            return IPAddress.None;
        }

        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        if (address.AddressFamily != System.Net.Sockets.AddressFamily.InterNetworkV6 || IPAddress.IsLoopback(address))
        {
            return address;
        }

        var bytes = address.GetAddressBytes();
        Array.Clear(bytes, 8, 8);
        return new IPAddress(bytes);
    }
}
