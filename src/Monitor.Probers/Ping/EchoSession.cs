using System.Net;
using System.Net.Sockets;
using Monitor.Core.Configs.Ping;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Ping;

/// <summary>The packets of one probe over one socket: sent at their interval, answers taken as they come.</summary>
internal sealed class EchoSession(ProbeRun run, PingConfig config, IcmpSocket socket, IPAddress address, EchoCount count)
{
    private readonly ulong _mark = (ulong)Random.Shared.NextInt64();

    // When each packet left; 0: not yet, or answered. The sender writes an entry before the packet leaves, so the receiver finds it.
    private readonly long[] _left = new long[config.Count];

    /// <summary>Null when at least one packet could be sent.</summary>
    public async ValueTask<WireFault?> RunAsync(CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var receiving = ReceiveAsync(ended.Token);
        var fault = await SendAsync(cancellationToken);
        if (fault is not null || count.Sent == 0)
        {
            await ended.CancelAsync();
        }

        await receiving;
        return count.Sent > 0 ? null : fault;
    }

    private async ValueTask<WireFault?> SendAsync(CancellationToken cancellationToken)
    {
        var packet = new byte[IcmpEcho.HeaderSize + config.PacketSize];
        try
        {
            for (var sequence = 0; sequence < config.Count; sequence++)
            {
                if (sequence > 0)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(config.PacketIntervalMs), run.Time, cancellationToken);
                }

                IcmpEcho.WriteRequest(packet, socket.V6, socket.Id, (ushort)(sequence + 1), _mark);
                Volatile.Write(ref _left[sequence], run.Time.GetTimestamp());
                if (await SendOneAsync(packet, cancellationToken) is { } fault)
                {
                    return fault;
                }

                count.Sent++;
            }
        }
        catch (OperationCanceledException)
        {
            // What has not been sent is not lost: only what left counts.
        }

        return null;
    }

    /// <summary>A report about an earlier packet (host unreachable) comes up at the next call on the socket; that call is then made once more.</summary>
    private async ValueTask<WireFault?> SendOneAsync(byte[] packet, CancellationToken cancellationToken)
    {
        try
        {
            await socket.SendAsync(packet, cancellationToken);
            return null;
        }
        catch (SocketException e) when (count.Sent > 0 && SocketFaults.OwnTrouble(e.SocketErrorCode, address) is null)
        {
            count.Report = SocketFaults.Words(e.SocketErrorCode);
        }
        catch (SocketException e)
        {
            return SocketFaults.OfConnect(e.SocketErrorCode, address.ToString(), address);
        }

        try
        {
            await socket.SendAsync(packet, cancellationToken);
        }
        catch (SocketException e)
        {
            // Unsendable because the network says there is no way: as lost as one that left.
            count.Report = SocketFaults.Words(e.SocketErrorCode);
        }

        return null;
    }

    private async Task ReceiveAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[IcmpEcho.HeaderSize + config.PacketSize + 128];
        var reports = 0;
        while (count.Answered < config.Count)
        {
            try
            {
                var length = await socket.ReceiveAsync(buffer, cancellationToken);
                Take(buffer.AsSpan(0, length), run.Time.GetTimestamp());
            }
            catch (SocketException e)
            {
                count.Report = SocketFaults.Words(e.SocketErrorCode);
                if (++reports > config.Count)
                {
                    return;
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private void Take(ReadOnlySpan<byte> packet, long at)
    {
        if (IcmpEcho.ParseReply(packet, socket.V6, socket.HasIpHeader) is not { } reply || reply.Mark != _mark || reply.PayloadSize != config.PacketSize
            || (socket.MatchesId && reply.Id != socket.Id) || reply.Sequence < 1 || reply.Sequence > config.Count)
        {
            return;
        }

        // A second answer to one packet counts once.
        var left = Interlocked.Exchange(ref _left[reply.Sequence - 1], 0);
        if (left != 0)
        {
            run.Address = new IPEndPoint(address, 0);
            count.Add(run.Time.GetElapsedTime(left, at), reply.Ttl);
        }
    }
}
