using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;

namespace Monitor.Grains.Journal;

/// <summary>
/// How a record lies in a segment: marker (4), length of the payload (4, little endian), CRC-32C over length and payload (4), payload.
/// The marker holds control characters, which no payload (JSON) has: after damage the next record is found by it.
/// </summary>
public static class JournalFrame
{
    public const int Overhead = 12;

    private static ReadOnlySpan<byte> Marker => [0x1E, (byte)'M', (byte)'J', 0x0A];

    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> payload)
    {
        var head = output.GetSpan(Overhead);
        Marker.CopyTo(head);
        BinaryPrimitives.WriteInt32LittleEndian(head[4..], payload.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(head[8..], Checksum(payload));
        output.Advance(Overhead);
        output.Write(payload);
    }

    /// <summary>All whole records. A tail that a kill has torn off is no damage: its record was never confirmed to anybody.</summary>
    public static JournalScan Scan(ReadOnlyMemory<byte> segment)
    {
        var payloads = new List<ReadOnlyMemory<byte>>();
        var damaged = false;
        var offset = 0;
        while (offset < segment.Length)
        {
            if (TryRead(segment[offset..], out var payload))
            {
                payloads.Add(payload);
                offset += Overhead + payload.Length;
            }
            else if (FindNext(segment, offset + 1) is { } next)
            {
                damaged = true;
                offset = next;
            }
            else
            {
                damaged |= !IsTorn(segment.Span[offset..]);
                break;
            }
        }

        return new JournalScan(payloads, damaged, Torn: offset < segment.Length);
    }

    private static bool TryRead(ReadOnlyMemory<byte> rest, out ReadOnlyMemory<byte> payload)
    {
        payload = default;
        var span = rest.Span;
        if (span.Length < Overhead || !span.StartsWith(Marker))
        {
            return false;
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(span[4..]);
        if (length <= 0 || length > span.Length - Overhead)
        {
            return false;
        }

        payload = rest.Slice(Overhead, length);
        return BinaryPrimitives.ReadUInt32LittleEndian(span[8..]) == Checksum(payload.Span);
    }

    private static int? FindNext(ReadOnlyMemory<byte> segment, int from)
    {
        while (from < segment.Length)
        {
            var found = segment.Span[from..].IndexOf(Marker);
            if (found < 0)
            {
                return null;
            }

            from += found;
            if (TryRead(segment[from..], out _))
            {
                return from;
            }

            from++;
        }

        return null;
    }

    /// <summary>The beginning of a record whose end is missing, or the zeros that a loss of power leaves where a file had grown already.</summary>
    private static bool IsTorn(ReadOnlySpan<byte> tail)
    {
        if (!tail.ContainsAnyExcept((byte)0))
        {
            return true;
        }

        return tail.Length < Marker.Length
            ? Marker.StartsWith(tail)
            : tail.StartsWith(Marker) && (tail.Length < Overhead || BinaryPrimitives.ReadInt32LittleEndian(tail[4..]) > tail.Length - Overhead);
    }

    private static uint Checksum(ReadOnlySpan<byte> payload)
    {
        var crc = BitOperations.Crc32C(uint.MaxValue, (uint)payload.Length);
        while (payload.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(payload));
            payload = payload[sizeof(ulong)..];
        }

        foreach (var one in payload)
        {
            crc = BitOperations.Crc32C(crc, one);
        }

        return ~crc;
    }
}

/// <param name="Damaged">Something in it is neither a record nor a torn tail.</param>
/// <param name="Torn">Its last bytes are no whole record.</param>
public sealed record JournalScan(IReadOnlyList<ReadOnlyMemory<byte>> Payloads, bool Damaged, bool Torn);
