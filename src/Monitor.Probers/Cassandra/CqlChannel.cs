using System.Buffers;
using System.Globalization;
using System.Text;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Cassandra;

/// <summary>
/// Frames over one connection: plain ones, or within segments after <see cref="UseSegments"/>. Buffers grow with what really arrives, never with what a
/// length announces; an announced length beyond <see cref="MaxBody"/> is a fault.
/// </summary>
internal sealed class CqlChannel(Stream stream, ProbeRun run, bool isPlain) : IDisposable
{
    /// <summary>What is read of one answer: the ring of some ten thousand nodes.</summary>
    public const int MaxBody = 4 * 1024 * 1024;

    private const int FirstSize = 4096;

    /// <summary>How long a server that does not speak the protocol has to say more of itself.</summary>
    private static readonly TimeSpan RecognitionTime = TimeSpan.FromMilliseconds(300);

    private readonly CqlRequests _requests = new();

    /// <summary>Frames: all bytes, or the payloads of the segments.</summary>
    private Buffer _frames = new(FirstSize);

    /// <summary>Segments that have not come whole yet.</summary>
    private Buffer? _segments;

    private int _toSkip;
    private bool _heard;

    /// <summary>What goes out with the next <see cref="SendAsync"/>.</summary>
    public CqlRequests Requests => _requests;

    /// <summary>From now on both sides wrap frames in segments.</summary>
    public void UseSegments()
    {
        Forget();
        _segments = _frames;
        _frames = new Buffer(FirstSize);
    }

    /// <summary>All requests in one write.</summary>
    public async ValueTask SendAsync(CancellationToken cancellationToken)
    {
        var bytes = _requests.Written;
        if (_segments is null)
        {
            await stream.WriteAsync(bytes, cancellationToken);
        }
        else
        {
            var wrapped = new byte[CqlSegment.HeaderSize + bytes.Length + CqlSegment.TrailerSize];
            CqlSegment.Write(bytes.Span, wrapped);
            await stream.WriteAsync(wrapped, cancellationToken);
        }

        _requests.Clear();
    }

    /// <summary>The next message. The one before is gone with this call.</summary>
    /// <param name="unreadStream">Of this request a RESULT is enough as it is, however long: its body is left unread, and the channel is of no use then.</param>
    public async ValueTask<Outcome<Received>> ReadAsync(CancellationToken cancellationToken, int unreadStream = -1)
    {
        Forget();
        if (await FillAsync(1, cancellationToken) is { } silent)
        {
            return silent;
        }

        if (!CqlHeader.CanBegin(_frames.Present.Span[0]))
        {
            return await StrangerAsync(cancellationToken);
        }

        if (await FillAsync(CqlHeader.Size, cancellationToken) is { } cut)
        {
            return cut;
        }

        var header = CqlHeader.Read(_frames.Present.Span);
        if (header.Length is < 0 or > CqlHeader.ProtocolMax)
        {
            return WireFault.Protocol($"the server announced a message of {Count(header.Length)} bytes; the protocol knows at most {Count(CqlHeader.ProtocolMax)}");
        }

        if (header.Stream == unreadStream && header.Opcode == CqlOpcode.Result)
        {
            return new Received(new CqlFrame(header, default));
        }

        if (header.Length > MaxBody)
        {
            return WireFault.Protocol($"the server announced a message of {Count(header.Length)} bytes; at most {Count(MaxBody)} are read");
        }

        if (await FillAsync(CqlHeader.Size + header.Length, cancellationToken) is { } torn)
        {
            return torn;
        }

        _toSkip = CqlHeader.Size + header.Length;
        var frame = new CqlFrame(header, _frames.Present[CqlHeader.Size.._toSkip]);
        return frame.IsCompressed ? WireFault.Protocol("the server sent a compressed message, which was not asked for") : new Received(frame);
    }

    public void Dispose()
    {
        _frames.Dispose();
        _segments?.Dispose();
    }

    private static string Count(int bytes) => bytes.ToString(CultureInfo.InvariantCulture);

    private void Forget()
    {
        _frames.Drop(_toSkip);
        _toSkip = 0;
    }

    /// <summary>Reads until so many bytes of frames are there.</summary>
    private async ValueTask<WireFault?> FillAsync(int needed, CancellationToken cancellationToken)
    {
        while (_frames.Present.Length < needed)
        {
            if (_segments is { } segments)
            {
                if (await ReadSegmentAsync(segments, cancellationToken) is { } problem)
                {
                    return problem;
                }
            }
            else if (!await ReadIntoAsync(_frames, cancellationToken))
            {
                return Closed(_frames.Present.Length, needed);
            }
        }

        return null;
    }

    private async ValueTask<WireFault?> ReadSegmentAsync(Buffer segments, CancellationToken cancellationToken)
    {
        while (true)
        {
            var reading = CqlSegment.Read(segments.Present.Span);
            if (reading.Problem is { } problem)
            {
                return WireFault.Protocol(problem);
            }

            if (reading.IsWhole)
            {
                _frames.Append(segments.Present.Span[CqlSegment.HeaderSize..(reading.Size - CqlSegment.TrailerSize)]);
                segments.Drop(reading.Size);
                return null;
            }

            if (!await ReadIntoAsync(segments, cancellationToken))
            {
                return Closed(segments.Present.Length, reading.Size);
            }
        }
    }

    private async ValueTask<bool> ReadIntoAsync(Buffer buffer, CancellationToken cancellationToken)
    {
        var read = await stream.ReadAsync(buffer.Room(), cancellationToken);
        buffer.Add(read);
        _heard |= read > 0;
        return read > 0;
    }

    private WireFault Closed(int present, int needed)
    {
        if (present > 0)
        {
            return WireFault.Protocol($"the server closed the connection in the middle of a message, after {Count(present)} of {Count(needed)} bytes, while waiting for {run.WaitingFor}");
        }

        var hint = !_heard && isPlain ? " (a port that speaks TLS only does so: tls may have to be set)" : "";
        return WireFault.Protocol($"the server closed the connection while waiting for {run.WaitingFor}{hint}");
    }

    /// <summary>Who speaks there, if it is not this protocol; its words may come in pieces.</summary>
    private async ValueTask<WireFault> StrangerAsync(CancellationToken cancellationToken)
    {
        using var enough = new CancellationTokenSource(RecognitionTime, run.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, enough.Token);
        try
        {
            while (WireText.Recognise(_frames.Present.Span) is null && _frames.Present.Length < 100 && await ReadIntoAsync(_frames, either.Token))
            {
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }

        var said = _frames.Present.Span;
        return WireFault.Protocol(WireText.Recognise(said)
            ?? $"the server did not answer with Cassandra's native protocol: {WireText.Snippet(Encoding.Latin1.GetString(said[..Math.Min(said.Length, 200)]), [])}");
    }

    /// <summary>Bytes that came, in a pooled array that grows by doubling when it is full.</summary>
    private sealed class Buffer(int size) : IDisposable
    {
        private byte[] _bytes = ArrayPool<byte>.Shared.Rent(size);
        private int _start;
        private int _end;

        public ReadOnlyMemory<byte> Present => _bytes.AsMemory(_start, _end - _start);

        /// <summary>Where more can be put; never empty.</summary>
        public Memory<byte> Room()
        {
            if (_end == _bytes.Length)
            {
                if (_start > 0)
                {
                    Present.CopyTo(_bytes);
                    (_start, _end) = (0, _end - _start);
                }
                else
                {
                    Grow(_bytes.Length * 2);
                }
            }

            return _bytes.AsMemory(_end);
        }

        public void Add(int count) => _end += count;

        public void Append(ReadOnlySpan<byte> bytes)
        {
            while (Room().Length < bytes.Length)
            {
                Grow(Math.Max(_bytes.Length * 2, _end - _start + bytes.Length));
            }

            bytes.CopyTo(Room().Span);
            Add(bytes.Length);
        }

        public void Drop(int count)
        {
            _start += count;
            if (_start == _end)
            {
                (_start, _end) = (0, 0);
            }
        }

        public void Dispose()
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = [];
            (_start, _end) = (0, 0);
        }

        private void Grow(int size)
        {
            var bigger = ArrayPool<byte>.Shared.Rent(size);
            Present.CopyTo(bigger);
            ArrayPool<byte>.Shared.Return(_bytes);
            (_bytes, _start, _end) = (bigger, 0, _end - _start);
        }
    }
}

/// <summary>A frame as a value that an outcome can hold.</summary>
internal sealed record Received(CqlFrame Frame);
