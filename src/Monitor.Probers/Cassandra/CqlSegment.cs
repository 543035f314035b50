using System.Buffers.Binary;

namespace Monitor.Probers.Cassandra;

/// <summary>
/// What protocol 5 wraps frames into once STARTUP is answered: 3 bytes of length and flag, their CRC24, the payload, its CRC32; numbers little-endian.
/// A frame that does not fit into one goes on in the next.
/// </summary>
internal static class CqlSegment
{
    public const int MaxPayload = 131_071;
    public const int HeaderSize = 6;
    public const int TrailerSize = 4;
    public const int MaxSize = HeaderSize + MaxPayload + TrailerSize;

    private const int SelfContained = 1 << 17;
    private const int Crc24Start = 0x875060;
    private const int Crc24Polynomial = 0x1974F0B;

    private static readonly uint[] Crc32Table = MakeCrc32Table();

    /// <summary>The state after the four bytes FA 2D 55 CA, with which every payload's sum begins.</summary>
    private static readonly uint Crc32Start = UpdateCrc32(0xFFFFFFFF, [0xFA, 0x2D, 0x55, 0xCA]);

    /// <summary>Wraps a payload that fits into one segment.</summary>
    /// <returns>How many bytes of <paramref name="target"/> were written.</returns>
    public static int Write(ReadOnlySpan<byte> payload, Span<byte> target)
    {
        var header = payload.Length | SelfContained;
        WriteThree(target, header);
        WriteThree(target[3..], Crc24(target[..3]));
        payload.CopyTo(target[HeaderSize..]);
        BinaryPrimitives.WriteUInt32LittleEndian(target[(HeaderSize + payload.Length)..], Crc32(payload));
        return HeaderSize + payload.Length + TrailerSize;
    }

    /// <summary>How the segment at the begin of <paramref name="bytes"/> reads.</summary>
    public static Reading Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderSize)
        {
            return new Reading(HeaderSize, false, null);
        }

        if (Crc24(bytes[..3]) != ReadThree(bytes[3..]))
        {
            return new Reading(0, false, "the checksum of a segment's header is wrong");
        }

        var length = ReadThree(bytes) & MaxPayload;
        var size = HeaderSize + length + TrailerSize;
        if (bytes.Length < size)
        {
            return new Reading(size, false, null);
        }

        return BinaryPrimitives.ReadUInt32LittleEndian(bytes[(HeaderSize + length)..]) == Crc32(bytes.Slice(HeaderSize, length))
            ? new Reading(size, true, null)
            : new Reading(0, false, "the checksum of a segment's payload is wrong");
    }

    public static int Crc24(ReadOnlySpan<byte> bytes)
    {
        var crc = Crc24Start;
        foreach (var b in bytes)
        {
            crc ^= b << 16;
            for (var bit = 0; bit < 8; bit++)
            {
                crc <<= 1;
                crc ^= (crc & 0x1000000) != 0 ? Crc24Polynomial : 0;
            }
        }

        return crc & 0xFFFFFF;
    }

    public static uint Crc32(ReadOnlySpan<byte> bytes) => ~UpdateCrc32(Crc32Start, bytes);

    private static uint UpdateCrc32(uint state, ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes)
        {
            state = Crc32Table[(state ^ b) & 0xFF] ^ (state >> 8);
        }

        return state;
    }

    private static uint[] MakeCrc32Table()
    {
        var table = new uint[256];
        for (var i = 0u; i < 256; i++)
        {
            var value = i;
            for (var bit = 0; bit < 8; bit++)
            {
                value = (value & 1) != 0 ? (value >> 1) ^ 0xEDB88320 : value >> 1;
            }

            table[i] = value;
        }

        return table;
    }

    private static int ReadThree(ReadOnlySpan<byte> bytes) => bytes[0] | (bytes[1] << 8) | (bytes[2] << 16);

    private static void WriteThree(Span<byte> target, int number)
    {
        target[0] = (byte)number;
        target[1] = (byte)(number >> 8);
        target[2] = (byte)(number >> 16);
    }

    /// <param name="Size">Of the whole segment, or as much of it as is known to be needed.</param>
    /// <param name="IsWhole">False: read on until there are <paramref name="Size"/> bytes, unless there is a problem.</param>
    internal readonly record struct Reading(int Size, bool IsWhole, string? Problem);
}
