using System.Buffers.Binary;
using System.Text;

namespace Monitor.Probers.Cassandra;

/// <summary>
/// Reads the types of the native protocol from a message's body. Never throws: what is cut off or has an impossible length marks it as
/// <see cref="Failed"/>, and everything after that reads as empty.
/// </summary>
internal ref struct CqlBody(ReadOnlySpan<byte> body)
{
    private readonly ReadOnlySpan<byte> _body = body;

    public bool Failed { get; private set; }

    /// <summary>How far it has been read.</summary>
    public int Position { get; private set; }

    public readonly int Left => _body.Length - Position;

    public ReadOnlySpan<byte> Take(int count)
    {
        if (Failed || count < 0 || count > Left)
        {
            Failed = true;
            return default;
        }

        var taken = _body.Slice(Position, count);
        Position += count;
        return taken;
    }

    public byte Byte() => Take(1) is [var b] ? b : (byte)0;

    public int Short() => Take(2) is { Length: 2 } bytes ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : 0;

    public int Int() => Take(4) is { Length: 4 } bytes ? BinaryPrimitives.ReadInt32BigEndian(bytes) : 0;

    /// <summary>[string], as it lies there.</summary>
    public ReadOnlySpan<byte> Text() => Take(Short());

    public string String() => Encoding.UTF8.GetString(Text());

    /// <summary>[bytes]: where they begin and how many; -1 for null.</summary>
    public (int Start, int Length) Bytes()
    {
        var length = Int();
        if (Failed || length < 0)
        {
            return (Position, -1);
        }

        var start = Position;
        Take(length);
        return (start, Failed ? -1 : length);
    }

    /// <summary>[string list]</summary>
    public void SkipTexts()
    {
        for (var left = Short(); left > 0 && !Failed; left--)
        {
            Text();
        }
    }

    /// <summary>[bytes map]</summary>
    public void SkipBytesMap()
    {
        for (var left = Short(); left > 0 && !Failed; left--)
        {
            Text();
            Bytes();
        }
    }
}
