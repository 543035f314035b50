using System.Buffers.Binary;
using System.Text;

namespace Monitor.Storage.Codecs;

/// <summary>Reads what <see cref="ByteWriter"/> wrote. A block that ends early or holds nonsense is a <see cref="FormatException"/>, never a wild read.</summary>
internal ref struct ByteReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _at;

    public readonly bool AtEnd => _at >= _bytes.Length;

    public readonly int Left => _bytes.Length - _at;

    public byte Byte() => Take(1)[0];

    public ulong Unsigned()
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = Byte();
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new FormatException("a stored number has no end");
    }

    public long Signed()
    {
        var value = Unsigned();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    /// <summary>A number of things that follow: each takes part of what is left, so that nonsense asks for no gigabytes.</summary>
    public int Count(int limit)
    {
        var value = Unsigned();
        return value <= (ulong)limit ? (int)value : throw new FormatException("a stored count is too large");
    }

    public double Double() => BinaryPrimitives.ReadDoubleLittleEndian(Take(8));

    public string Text() => Encoding.UTF8.GetString(Take(Count(Left)));

    public ReadOnlySpan<byte> Take(int count)
    {
        if (count > _bytes.Length - _at)
        {
            throw new FormatException("a stored block ends early");
        }

        var span = _bytes.Slice(_at, count);
        _at += count;
        return span;
    }
}
