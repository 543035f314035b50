using System.Buffers.Text;
using System.Globalization;

namespace Monitor.Probers.Redis;

/// <summary>
/// Finds where replies of RESP2 end, in one pass over what has arrived, however it was cut up. Nothing is reserved for what a server only announces:
/// lengths, counts and depths beyond the caps are refused when they are announced.
/// </summary>
internal sealed class RespScanner
{
    /// <summary>Nothing that a probe asks for is nested deeper than 3.</summary>
    public const int MaxDepth = 8;

    /// <summary>Items of arrays in the answers to one batch: 400 replicas as a sentinel describes them.</summary>
    public const int MaxItems = 20_000;

    /// <summary>Bytes of one text: CLUSTER NODES of several thousand nodes.</summary>
    public const int MaxBulk = 2 * 1024 * 1024;

    private const int MaxLine = 16 * 1024;

    private readonly int[] _left = new int[MaxDepth];
    private int _depth;
    private int _items;
    private int _searched;
    private int _payload = -1;

    /// <summary>Where the next unread byte is: after <see cref="RespStep.Complete"/> the end of a whole reply.</summary>
    public int At { get; private set; }

    /// <summary>After <see cref="RespStep.Broken"/>: what is wrong.</summary>
    public string Problem { get; private set; } = "";

    /// <summary>For a new batch, whose first byte is at 0 of the buffer.</summary>
    public void Restart() => (_depth, _items, _searched, _payload, At) = (0, 0, 0, -1, 0);

    /// <summary>Goes on to the end of one reply, or of what has arrived.</summary>
    /// <param name="received">All of the batch so far.</param>
    public RespStep Next(ReadOnlySpan<byte> received)
    {
        while (true)
        {
            var step = _payload >= 0 ? Payload(received) : Line(received);
            if (step == RespStep.Item && IsWhole())
            {
                return RespStep.Complete;
            }

            if (step is RespStep.More or RespStep.Broken)
            {
                return step;
            }
        }
    }

    /// <summary>The text of a bulk string and its line end.</summary>
    private RespStep Payload(ReadOnlySpan<byte> received)
    {
        if (received.Length - At < _payload + 2)
        {
            return RespStep.More;
        }

        if (received[At + _payload] != '\r' || received[At + _payload + 1] != '\n')
        {
            return Broken("a text does not end where its length says");
        }

        At += _payload + 2;
        _searched = At;
        _payload = -1;
        return RespStep.Item;
    }

    private RespStep Line(ReadOnlySpan<byte> received)
    {
        if (At == received.Length)
        {
            return RespStep.More;
        }

        // Told at the first byte: a server of another kind may never send a line end.
        if (received[At] is not ((byte)'+' or (byte)'-' or (byte)':' or (byte)'$' or (byte)'*'))
        {
            return Broken("the answer is not Redis's protocol");
        }

        var end = received[_searched..].IndexOf((byte)'\n');
        if (end < 0)
        {
            _searched = received.Length;
            return received.Length - At > MaxLine ? Broken($"a line is longer than {MaxLine} bytes") : RespStep.More;
        }

        end += _searched;
        if (end - At < 2 || received[end - 1] != '\r')
        {
            return Broken("a line does not end with CR LF");
        }

        var kind = received[At];
        var line = received[(At + 1)..(end - 1)];
        (At, _searched) = (end + 1, end + 1);
        return kind is (byte)'$' or (byte)'*' ? Announced(kind, line) : kind == ':' && !IsNumber(line, out _) ? Broken("a number cannot be read") : RespStep.Item;
    }

    private RespStep Announced(byte kind, ReadOnlySpan<byte> line)
    {
        if (!IsNumber(line, out var length) || length < -1)
        {
            return Broken("a length cannot be read");
        }

        if (length == -1 || (length == 0 && kind == '*'))
        {
            return RespStep.Item;
        }

        if (kind == '$')
        {
            _payload = (int)Math.Min(length, int.MaxValue);
            return length <= MaxBulk ? RespStep.Opened : Broken($"a text of {Text(length)} bytes is announced, at most {Text(MaxBulk)} are taken");
        }

        _items += (int)Math.Min(length, MaxItems + 1);
        if (_items > MaxItems)
        {
            return Broken($"a list of {Text(length)} items is announced, at most {Text(MaxItems)} are taken");
        }

        if (_depth == MaxDepth)
        {
            return Broken($"lists are nested deeper than {MaxDepth}");
        }

        _left[_depth++] = (int)length;
        return RespStep.Opened;
    }

    private bool IsWhole()
    {
        while (_depth > 0)
        {
            if (--_left[_depth - 1] > 0)
            {
                return false;
            }

            _depth--;
        }

        return true;
    }

    private RespStep Broken(string problem)
    {
        Problem = problem;
        return RespStep.Broken;
    }

    private static bool IsNumber(ReadOnlySpan<byte> line, out long number) => Utf8Parser.TryParse(line, out number, out int used) && used == line.Length;

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>How far a scan has come.</summary>
internal enum RespStep
{
    /// <summary>The reply is not all there yet.</summary>
    More,

    /// <summary>A reply is all there.</summary>
    Complete,

    /// <summary>Not Redis's protocol, or beyond a cap.</summary>
    Broken,

    /// <summary>One item of it is all there.</summary>
    Item,

    /// <summary>A length was read; what it announces follows.</summary>
    Opened,
}
