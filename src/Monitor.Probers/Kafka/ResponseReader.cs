using System.Buffers.Binary;
using System.Text;

namespace Monitor.Probers.Kafka;

/// <summary>
/// Reads one answer. What does not fit sets <see cref="Broken"/> and reads as zero from there on, so that a decoder needs one check at its end and random
/// bytes can neither throw nor make it allocate more than they could hold.
/// </summary>
public ref struct ResponseReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _at;

    /// <summary>It was shorter than it said, or said what cannot be.</summary>
    public bool Broken { get; private set; }

    public readonly int Remaining => _bytes.Length - _at;

    public bool Flag() => Take(1) is [not 0];

    public sbyte Int8() => Take(1) is [var value] ? (sbyte)value : (sbyte)0;

    public short Int16() => BinaryPrimitives.ReadInt16BigEndian(Take(sizeof(short)));

    public int Int32() => BinaryPrimitives.ReadInt32BigEndian(Take(sizeof(int)));

    public long Int64() => BinaryPrimitives.ReadInt64BigEndian(Take(sizeof(long)));

    public void Skip(int count) => Take(count);

    /// <summary>Null where it is null.</summary>
    public string? NullableText()
    {
        var length = Int16();
        return length == -1 ? null : Decoded(length);
    }

    public string Text() => NullableText() ?? "";

    public void SkipText()
    {
        var length = Int16();
        Skip(length == -1 ? 0 : length);
    }

    public ReadOnlySpan<byte> Bytes()
    {
        var length = Int32();
        return length == -1 ? [] : Take(length);
    }

    /// <summary>How many items follow; a null list has none. More than could fit in what is left is broken.</summary>
    /// <param name="itemSize">The least that an item takes, in bytes.</param>
    public int Count(int itemSize) => Checked(Int32(), itemSize);

    public string? CompactNullableText()
    {
        var length = (int)Math.Min(UnsignedVarint(), int.MaxValue) - 1;
        return length < 0 ? null : Decoded(length);
    }

    public string CompactText() => CompactNullableText() ?? "";

    public int CompactCount(int itemSize) => Checked((int)Math.Min(UnsignedVarint(), int.MaxValue) - 1, itemSize);

    /// <summary>Tagged fields are for clients that know them.</summary>
    public void SkipTags()
    {
        var count = UnsignedVarint();
        for (var i = 0L; i < count && !Broken; i++)
        {
            UnsignedVarint();
            Skip((int)Math.Min(UnsignedVarint(), int.MaxValue));
        }
    }

    public uint UnsignedVarint()
    {
        var value = 0u;
        for (var shift = 0; shift < 35; shift += 7)
        {
            var part = (byte)Int8();
            value |= (uint)(part & 0x7f) << shift;
            if ((part & 0x80) == 0)
            {
                return value;
            }
        }

        Broken = true;
        return 0;
    }

    private int Checked(int count, int itemSize)
    {
        if (count < -1 || (long)count * itemSize > Remaining)
        {
            Broken = true;
        }

        return Broken ? 0 : Math.Max(count, 0);
    }

    private string Decoded(int length) => Encoding.UTF8.GetString(length < 0 ? Break() : Take(length, orNothing: true));

    private ReadOnlySpan<byte> Break()
    {
        Broken = true;
        return [];
    }

    /// <summary>Zeros where that many are not there: at most eight are asked for then.</summary>
    private ReadOnlySpan<byte> Take(int count, bool orNothing = false)
    {
        if (Broken || count < 0 || count > Remaining)
        {
            Broken = true;
            return orNothing || count is < 0 or > sizeof(long) ? [] : Zeros[..count];
        }

        var taken = _bytes.Slice(_at, count);
        _at += count;
        return taken;
    }

    private static ReadOnlySpan<byte> Zeros => [0, 0, 0, 0, 0, 0, 0, 0];
}
