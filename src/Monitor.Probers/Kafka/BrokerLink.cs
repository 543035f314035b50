using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Monitor.Core.Configs;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Kafka;

/// <summary>
/// One connection to one broker: a batch of requests in one write, their answers in as few reads as they come in. The buffer grows with what has really
/// arrived, never with what a length announces.
/// </summary>
public sealed class BrokerLink(WireLink link, NodeAddress place, IPEndPoint? endpoint, IReadOnlyList<string> secrets) : IAsyncDisposable
{
    /// <summary>The largest answer that is read: the metadata of some hundred thousand partitions.</summary>
    public const int MaxAnswer = 64 * 1024 * 1024;

    private const int Least = sizeof(int);

    private readonly List<(int Start, int Length)> _answers = [];
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(4096);
    private int _filled;
    private int _parsed;

    /// <summary>Where it was connected to, as it was named.</summary>
    public NodeAddress Place { get; } = place;

    public IPEndPoint? Endpoint { get; } = endpoint;

    /// <summary>What the broker offers; empty until it was asked.</summary>
    public ApiRanges Apis { get; set; } = ApiRanges.None;

    /// <summary>The broker closed the connection, instead of answering.</summary>
    public bool WasClosed { get; private set; }

    /// <summary>Every request on it was answered: it may be used for the next ones.</summary>
    public bool IsIdle { get; private set; } = true;

    /// <summary>The answer at this place of the last batch, behind the correlation id. Valid until the next batch.</summary>
    public ReadOnlySpan<byte> Answer(int index) => _buffer.AsSpan(_answers[index].Start, _answers[index].Length);

    /// <summary>Whoever connects to <paramref name="address"/> comes to where this connection goes.</summary>
    public bool Leads(NodeAddress address) => address == Place
        || (Endpoint is not null && address.Port == Endpoint.Port && IPAddress.TryParse(address.Host, out var literal) && literal.Equals(Endpoint.Address));

    /// <summary>Null when all has been answered. Cancellation flows as <see cref="OperationCanceledException"/>.</summary>
    public async ValueTask<WireFault?> ExchangeAsync(ProbeRun run, RequestWriter requests, CancellationToken cancellationToken)
    {
        (IsIdle, _filled, _parsed) = (false, 0, 0);
        _answers.Clear();
        run.WaitingFor = Awaited(requests, 0);
        try
        {
            await link.Stream.WriteAsync(requests.Written, cancellationToken);
            while (_answers.Count < requests.Asked.Count)
            {
                if (await ReadSomeAsync(run, requests, cancellationToken) is { } fault)
                {
                    return fault;
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            WasClosed = true;
            return SocketFaults.OfExchange(e, run.WaitingFor);
        }

        IsIdle = true;
        return null;
    }

    /// <summary>What an answer is called that its decoder could not read.</summary>
    public WireFault Malformed(KafkaApi api) => WireFault.Protocol($"{Place} sent an answer to {api} that is not one of Kafka");

    public async ValueTask DisposeAsync()
    {
        link.Finished = IsIdle;
        await link.DisposeAsync();
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private string Awaited(RequestWriter requests, int index) => $"an answer to {requests.Asked[index]} from {Place}";

    private async ValueTask<WireFault?> ReadSomeAsync(ProbeRun run, RequestWriter requests, CancellationToken cancellationToken)
    {
        if (_filled == _buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
            _buffer.AsSpan(0, _filled).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        var read = await link.Stream.ReadAsync(_buffer.AsMemory(_filled), cancellationToken);
        if (read == 0)
        {
            WasClosed = true;
            var half = _filled > _parsed ? $" (in the middle of it: {_filled - _parsed} bytes had come)" : "";
            return WireFault.Protocol($"connection closed by the server while waiting for {Awaited(requests, _answers.Count)}{half}");
        }

        _filled += read;
        return Parse(run, requests);
    }

    /// <summary>Takes the answers that are whole by now.</summary>
    private WireFault? Parse(ProbeRun run, RequestWriter requests)
    {
        while (_answers.Count < requests.Asked.Count && _filled - _parsed >= sizeof(int))
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(_buffer.AsSpan(_parsed));
            if (length is < Least or > MaxAnswer)
            {
                return Unbelievable(length);
            }

            if (_filled - _parsed < sizeof(int) + length)
            {
                return null;
            }

            var correlation = BinaryPrimitives.ReadInt32BigEndian(_buffer.AsSpan(_parsed + sizeof(int)));
            if (correlation != requests.Correlation(_answers.Count))
            {
                return WireFault.Protocol($"{Place} answered another request than {requests.Asked[_answers.Count]}: it is not a Kafka broker");
            }

            _answers.Add((_parsed + sizeof(int) + Least, length - Least));
            _parsed += sizeof(int) + length;
            if (_answers.Count < requests.Asked.Count)
            {
                run.WaitingFor = Awaited(requests, _answers.Count);
            }
        }

        return null;
    }

    private WireFault Unbelievable(int length)
    {
        var received = _buffer.AsSpan(_parsed, _filled - _parsed);
        if (WireText.Recognise(received) is { } known)
        {
            return WireFault.Protocol($"{known} ({Place}), not a Kafka broker");
        }

        var shown = WireText.Snippet(Encoding.Latin1.GetString(received[..Math.Min(received.Length, 200)]), secrets);
        return WireFault.Protocol($"{Place} announced an answer of {length} bytes (4 to {MaxAnswer} are read): it is not a Kafka broker; it sent {shown}");
    }
}
