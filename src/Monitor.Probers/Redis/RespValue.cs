using System.Buffers.Text;
using System.Text;

namespace Monitor.Probers.Redis;

/// <summary>One reply, decoded. Its bytes lie in the link's buffer: read before the next question is asked.</summary>
internal readonly struct RespValue(RespKind kind, ReadOnlyMemory<byte> bytes, long number = 0, RespValue[]? items = null)
{
    public RespKind Kind { get; } = kind;

    /// <summary>Of texts and errors, without the error's minus.</summary>
    public ReadOnlySpan<byte> Bytes => bytes.Span;

    public long Number { get; } = number;

    public ReadOnlySpan<RespValue> Items => items;

    public bool IsError => Kind == RespKind.Error;

    public string Text => Kind == RespKind.Number ? Number.ToString(System.Globalization.CultureInfo.InvariantCulture) : Encoding.UTF8.GetString(Bytes);

    /// <summary>An error whose text begins so: <c>NOAUTH</c>.</summary>
    public bool IsErrorOf(ReadOnlySpan<byte> code) => IsError && Bytes.StartsWith(code);

    /// <summary>The reply that begins at <paramref name="at"/>; a <see cref="RespScanner"/> has found it whole.</summary>
    public static RespValue Read(ReadOnlyMemory<byte> received, ref int at)
    {
        var line = received[(at + 1)..];
        // By its last byte, as the scanner has found it: a carriage return alone is a part of the text.
        var end = line.Span.IndexOf((byte)'\n') - 1;
        line = line[..end];
        var kind = received.Span[at];
        at += end + 3;
        switch (kind)
        {
            case (byte)'+':
                return new RespValue(RespKind.Text, line);
            case (byte)'-':
                return new RespValue(RespKind.Error, line);
            case (byte)':':
                return new RespValue(RespKind.Number, default, NumberOf(line));
            case (byte)'$':
                var length = (int)NumberOf(line);
                if (length < 0)
                {
                    return new RespValue(RespKind.Null, default);
                }

                var text = received.Slice(at, length);
                at += length + 2;
                return new RespValue(RespKind.Text, text);
            default:
                return List((int)NumberOf(line), received, ref at);
        }
    }

    private static RespValue List(int count, ReadOnlyMemory<byte> received, ref int at)
    {
        if (count < 0)
        {
            return new RespValue(RespKind.Null, default);
        }

        var items = count == 0 ? [] : new RespValue[count];
        for (var i = 0; i < count; i++)
        {
            items[i] = Read(received, ref at);
        }

        return new RespValue(RespKind.List, default, 0, items);
    }

    private static long NumberOf(ReadOnlyMemory<byte> line) => Utf8Parser.TryParse(line.Span, out long number, out _) ? number : 0;
}

internal enum RespKind
{
    /// <summary>No such reply: the connection was closed before.</summary>
    Missing,
    Null,
    Text,
    Error,
    Number,
    List,
}
