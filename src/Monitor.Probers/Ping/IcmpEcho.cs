using System.Buffers.Binary;

namespace Monitor.Probers.Ping;

/// <summary>Echo packets of ICMP (RFC 792) and ICMPv6 (RFC 4443): eight bytes of header, then a payload that begins with a mark of its own. Pure.</summary>
public static class IcmpEcho
{
    public const int HeaderSize = 8;

    private const byte EchoV4 = 8;
    private const byte EchoV6 = 128;
    private const byte ReplyV4 = 0;
    private const byte ReplyV6 = 129;

    /// <summary>Fills <paramref name="packet"/> with a request. The checksum of IPv6 is the kernel's to make; so is the identifier on a datagram socket.</summary>
    public static void WriteRequest(Span<byte> packet, bool v6, ushort id, ushort sequence, ulong mark)
    {
        packet[0] = v6 ? EchoV6 : EchoV4;
        packet[1] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], 0);
        BinaryPrimitives.WriteUInt16BigEndian(packet[4..], id);
        BinaryPrimitives.WriteUInt16BigEndian(packet[6..], sequence);
        BinaryPrimitives.WriteUInt64BigEndian(packet[8..], mark);
        for (var i = HeaderSize + sizeof(ulong); i < packet.Length; i++)
        {
            packet[i] = (byte)i;
        }

        if (!v6)
        {
            BinaryPrimitives.WriteUInt16BigEndian(packet[2..], Checksum(packet));
        }
    }

    /// <summary>The answer in what a socket received, or null for anything else: others' answers, our own requests on loopback, half packets.</summary>
    /// <param name="hasIpHeader">A raw IPv4 socket hands over the IP header too.</param>
    public static EchoReply? ParseReply(ReadOnlySpan<byte> packet, bool v6, bool hasIpHeader)
    {
        int? ttl = null;
        if (hasIpHeader)
        {
            if (packet.Length < 20 || packet[0] >> 4 != 4 || packet.Length < (packet[0] & 0x0F) * 4 || (packet[0] & 0x0F) < 5)
            {
                return null;
            }

            ttl = packet[8];
            packet = packet[((packet[0] & 0x0F) * 4)..];
        }

        if (packet.Length < HeaderSize + sizeof(ulong) || packet[0] != (v6 ? ReplyV6 : ReplyV4) || packet[1] != 0)
        {
            return null;
        }

        return new EchoReply(
            BinaryPrimitives.ReadUInt16BigEndian(packet[4..]),
            BinaryPrimitives.ReadUInt16BigEndian(packet[6..]),
            BinaryPrimitives.ReadUInt64BigEndian(packet[8..]),
            packet.Length - HeaderSize,
            ttl);
    }

    /// <summary>The internet checksum (RFC 1071); over a packet that carries its own it is 0.</summary>
    public static ushort Checksum(ReadOnlySpan<byte> packet)
    {
        uint sum = 0;
        for (var i = 0; i < packet.Length; i += 2)
        {
            sum += (uint)((packet[i] << 8) | (i + 1 < packet.Length ? packet[i + 1] : 0));
        }

        while (sum >> 16 != 0)
        {
            sum = (sum & 0xFFFF) + (sum >> 16);
        }

        return (ushort)~sum;
    }
}

/// <summary>One answer.</summary>
/// <param name="Ttl">Hops left, where the socket shows it.</param>
public readonly record struct EchoReply(ushort Id, ushort Sequence, ulong Mark, int PayloadSize, int? Ttl);
