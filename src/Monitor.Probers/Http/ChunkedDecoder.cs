namespace Monitor.Probers.Http;

/// <summary>Takes chunked transfer coding apart, however the bytes are cut. Holds no bytes itself.</summary>
public sealed class ChunkedDecoder
{
    private const int MaxOverhead = 64 * 1024;

    private State _state = State.Size;
    private long _left;
    private int _digits;
    private int _overhead;

    private enum State
    {
        Size,
        Extension,
        Data,
        AfterData,
        Trailer,
        TrailerLine,
        Done,
    }

    public bool Done => _state == State.Done;

    /// <summary>Null when all of <paramref name="input"/> was well-formed; else what is wrong. Bytes after the end are left alone.</summary>
    public string? Feed(ReadOnlySpan<byte> input, BodySink sink)
    {
        while (input.Length > 0 && !Done)
        {
            if (_state == State.Data)
            {
                var take = (int)Math.Min(_left, input.Length);
                sink.Add(input[..take]);
                input = input[take..];
                _left -= take;
                _state = _left == 0 ? State.AfterData : State.Data;
                continue;
            }

            if (Step(input[0]) is { } wrong)
            {
                return wrong;
            }

            if (++_overhead > MaxOverhead && _state is State.Extension or State.Trailer or State.TrailerLine)
            {
                return "chunk extensions or trailers of more than 64 KiB";
            }

            input = input[1..];
        }

        return null;
    }

    private string? Step(byte b)
    {
        switch (_state)
        {
            case State.Size when Digit(b) is { } digit:
                _left = (_left << 4) | (uint)digit;
                return ++_digits > 15 ? "a chunk size of more than 15 digits" : null;
            case State.Size when _digits > 0 && b is (byte)';' or (byte)' ' or (byte)'\t' or (byte)'\r':
                _state = State.Extension;
                return null;
            case State.Size or State.Extension when b == (byte)'\n' && _digits > 0:
                _state = _left == 0 ? State.Trailer : State.Data;
                _digits = 0;
                return null;
            case State.Extension:
                return null;
            case State.AfterData when b == (byte)'\r':
                return null;
            case State.AfterData when b == (byte)'\n':
                _state = State.Size;
                _overhead = 0;
                return null;
            case State.Trailer or State.TrailerLine:
                StepTrailer(b);
                return null;
            default:
                return "a chunk size that is no hexadecimal number";
        }
    }

    private void StepTrailer(byte b)
    {
        _state = b switch
        {
            (byte)'\n' => _state == State.Trailer ? State.Done : State.Trailer,
            (byte)'\r' => _state,
            _ => State.TrailerLine,
        };
    }

    private static int? Digit(byte b) => b switch
    {
        >= (byte)'0' and <= (byte)'9' => b - '0',
        >= (byte)'a' and <= (byte)'f' => b - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => b - 'A' + 10,
        _ => null,
    };
}
