using System.Globalization;
using Monitor.Probers.Wire;

namespace Monitor.Probers.Http;

/// <summary>Where the body of an answer ends: at once, after a number of bytes, by chunks, or with the connection. Pure: bytes go in as they come.</summary>
public sealed class BodyFraming
{
    private readonly ChunkedDecoder? _chunks;
    private readonly long? _length;
    private long _seen;

    private BodyFraming(ChunkedDecoder? chunks, long? length)
    {
        _chunks = chunks;
        _length = length;
    }

    public bool Done => _chunks?.Done ?? _seen >= _length;

    /// <summary>By RFC 9112, 6.3. A protocol fault for lengths that contradict each other: whoever believes either may be wrong.</summary>
    public static Outcome<BodyFraming> Of(HttpHead head, string method)
    {
        if (method == "HEAD" || head.Status is 204 or 304 or < 200)
        {
            return new BodyFraming(null, 0);
        }

        if (head["transfer-encoding"] is { } coding)
        {
            var last = coding.Split(',', StringSplitOptions.TrimEntries)[^1];
            return new BodyFraming(last.Equals("chunked", StringComparison.OrdinalIgnoreCase) ? new ChunkedDecoder() : null, null);
        }

        long? length = null;
        foreach (var header in head.Headers)
        {
            if (!header.Key.Equals("content-length", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            if (!long.TryParse(header.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var given) || (length is not null && length != given))
            {
                return WireFault.Protocol($"the answer's Content-Length is no number or given twice: {WireText.Snippet(header.Value, [])}");
            }

            length = given;
        }

        return new BodyFraming(null, length);
    }

    public WireFault? Feed(ReadOnlySpan<byte> input, BodySink sink)
    {
        if (_chunks is not null)
        {
            return _chunks.Feed(input, sink) is { } wrong ? WireFault.Protocol($"the answer's body is not well-formed: {wrong}") : null;
        }

        var take = (int)Math.Min(input.Length, (_length ?? long.MaxValue) - _seen);
        sink.Add(input[..take]);
        _seen += take;
        return null;
    }

    /// <summary>The connection was closed. Null when that is where the body ends.</summary>
    public WireFault? Close(long received) => this switch
    {
        { Done: true } or { _chunks: null, _length: null } => null,
        { _length: { } length } => WireFault.Protocol($"the server closed the connection after {received} of {length} bytes of the body"),
        _ => WireFault.Protocol($"the server closed the connection in the middle of a chunked body, after {received} bytes"),
    };
}
