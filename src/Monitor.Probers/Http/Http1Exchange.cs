using System.Buffers;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Http;

/// <summary>
/// One HTTP/1.1 request and its answer on a connection of its own. By hand, because a client library keeps pools and timers that a probe must not have,
/// hides which phase failed, and reads as much as a server likes to send. Holds at most 64 KiB of head and what its sink keeps of the body.
/// </summary>
public sealed class Http1Exchange(ProbeRun run, Stream stream) : IDisposable
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(4096);
    private int _length;

    /// <summary>Sends, and reads up to the final head; interim answers (1xx) are skipped.</summary>
    public async ValueTask<Outcome<HttpHead>> AskAsync(ReadOnlyMemory<byte> request, string whom, CancellationToken cancellationToken)
    {
        run.WaitingFor = $"{whom}'s taking the request";
        await stream.WriteAsync(request, cancellationToken);
        run.WaitingFor = $"{whom}'s answer to the request";
        var interim = 0;
        while (true)
        {
            var outcome = await ReadHeadAsync(whom, cancellationToken);
            if (outcome.Value is not { Status: < 200 and not 101 })
            {
                return outcome;
            }

            if (++interim > 20)
            {
                return WireFault.Protocol("more than 20 interim answers (1xx) and no final one");
            }
        }
    }

    /// <summary>Reads the body into <paramref name="sink"/>, no further than one byte beyond <paramref name="maxBytes"/>.</summary>
    public async ValueTask<WireFault?> ReadBodyAsync(BodyFraming framing, BodySink sink, long maxBytes, CancellationToken cancellationToken)
    {
        var fault = framing.Feed(_buffer.AsSpan(0, _length), sink);
        while (fault is null && !framing.Done && sink.Count <= maxBytes)
        {
            run.WaitingFor = $"the rest of the body ({sink.Count} bytes received)";
            var read = await stream.ReadAsync(_buffer, cancellationToken);
            if (read == 0)
            {
                return framing.Close(sink.Count);
            }

            fault = framing.Feed(_buffer.AsSpan(0, read), sink);
        }

        return fault;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private async ValueTask<Outcome<HttpHead>> ReadHeadAsync(string whom, CancellationToken cancellationToken)
    {
        var searched = 0;
        while (true)
        {
            var end = HttpHead.End(_buffer.AsSpan(0, _length), searched);
            if (end >= 0)
            {
                var head = HttpHead.Parse(_buffer.AsSpan(0, end));
                _buffer.AsSpan(end.._length).CopyTo(_buffer);
                _length -= end;
                return head;
            }

            // What does not even begin like HTTP need not be waited for: a banner is never followed by an empty line.
            if (!BeginsLikeHttp(_buffer.AsSpan(0, _length)))
            {
                return HttpHead.NotHttp(_buffer.AsSpan(0, _length));
            }

            searched = _length;
            if (_length >= HttpHead.MaxBytes)
            {
                return WireFault.Protocol($"the answer's headers are longer than {HttpHead.MaxBytes} bytes");
            }

            Grow();
            var read = await stream.ReadAsync(_buffer.AsMemory(_length), cancellationToken);
            if (read == 0)
            {
                return WireFault.Protocol(_length == 0 ? $"{whom} closed the connection without an answer" : $"{whom} closed the connection in the middle of the headers");
            }

            _length += read;
        }
    }

    private static bool BeginsLikeHttp(ReadOnlySpan<byte> received)
    {
        var start = "HTTP/"u8;
        return received.Length < start.Length ? start.StartsWith(received) : received.StartsWith(start);
    }

    private void Grow()
    {
        if (_length < _buffer.Length)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
        _buffer.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
